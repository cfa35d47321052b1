"""GET of a style sheet, a script or a picture of the pages, and of the icon that browsers ask for."""

from pathlib import PurePath

from starlette.requests import Request
from starlette.responses import Response

from service.errors import NotFound
from service.web.http.answers.etags import etag_of
from service.web.http.answers.responses import ASK_EACH_TIME, KEEP_FOR_EVER, not_modified
from service.web.http.answers.text import TextResponse
from service.web.pages.assets import ASSET_CONTENT_TYPES, assets, version


async def retrieve_asset(request: Request) -> Response:
    """GET /assets/{version}/{name}.

    Raises:
        NotFound: there is no such file.
    """
    is_current = request.path_params["version"] == version()
    return _answer(request, request.path_params["name"], KEEP_FOR_EVER if is_current else ASK_EACH_TIME)


async def retrieve_icon(request: Request) -> Response:
    """GET /favicon.ico, which browsers ask for where an answer names no icon: JSON, a picture, a PDF."""
    return _answer(request, "icon.svg", ASK_EACH_TIME)


def _answer(request: Request, name: str, cache_control: str) -> Response:
    content = assets().get(name)
    if content is None:
        raise NotFound("there is no such file")
    etag = etag_of(content)
    headers = {
        "cache-control": cache_control,
        "x-content-type-options": "nosniff",
    }
    media_type = ASSET_CONTENT_TYPES[PurePath(name).suffix]
    return not_modified(request, etag) or TextResponse(
        content, request, media_type, etag=etag, headers=headers
    )
