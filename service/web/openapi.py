"""GET /openapi.json: the description of this service."""

import anyio.to_thread
import orjson
from starlette.requests import Request
from starlette.responses import Response

from service.web.description import description
from service.web.http.answers.etags import etag_of
from service.web.http.answers.responses import not_modified
from service.web.http.answers.text import TextResponse


async def openapi(request: Request) -> Response:
    """GET /openapi.json: the description, with the base URL that the client used."""
    document = await anyio.to_thread.run_sync(description)
    body = orjson.dumps(document | {"servers": [{"url": request.state.base_url}]})
    etag = etag_of(body)
    return not_modified(request, etag) or TextResponse(body, request, "application/json", etag=etag)
