"""GET of the base URL: people with a browser are led to the pages, programs get the capabilities."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from service.web.capabilities import JSON, WADL, capabilities
from service.web.http.accept import Offer
from service.web.http.request import negotiated
from service.web.pages.page import up

_HTML = Offer("text/html")


async def enter(request: Request) -> Response:
    """GET / of the base URL."""
    if negotiated(request, WADL, JSON, _HTML) is _HTML:
        return RedirectResponse(up(request), 303, {"vary": "Accept"})
    return await capabilities(request)
