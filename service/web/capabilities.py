"""The base URL itself: what this service can do. PS3.18 8.9. People with a browser are led to the pages."""

import anyio.to_thread
import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from service.web.http.answers.etags import etag_of
from service.web.http.answers.responses import not_modified
from service.web.http.requests.accept import Offer
from service.web.http.requests.request import negotiated
from service.web.http.requests.urls import up
from service.web.state import service_of
from service.web.wadl import application, xml

_WADL_OFFER = Offer("application/vnd.sun.wadl+xml")
_JSON_OFFER = Offer("application/json")
_HTML_OFFER = Offer("text/html")


async def enter(request: Request) -> Response:
    """GET / of the base URL."""
    offer = negotiated(request, _WADL_OFFER, _JSON_OFFER, _HTML_OFFER)
    if offer is _HTML_OFFER:
        return RedirectResponse(up(request), 303, {"vary": "Accept"})
    return await _answer(request, offer)


async def capabilities(request: Request) -> Response:
    """OPTIONS / of the base URL. Standard: PS3.18 8.9."""
    return await _answer(request, negotiated(request, _WADL_OFFER, _JSON_OFFER))


async def _answer(request: Request, offer: Offer) -> Response:
    routes, base_url = service_of(request).routes, request.state.base_url
    root = await anyio.to_thread.run_sync(application, routes, base_url)
    body = orjson.dumps({"application": root}) if offer is _JSON_OFFER else xml("application", root)
    headers = {"content-type": offer.media_type, "etag": etag_of(body), "vary": "Accept"}
    return not_modified(request, headers["etag"]) or Response(body, headers=headers)
