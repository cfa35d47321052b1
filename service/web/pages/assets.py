"""Style sheets, scripts and pictures of the pages: files of the package, kept in memory.

Their URL has the version of all of them in it, so that a browser may keep them for ever, and a script finds
the others of its own version beside it.
"""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import PurePath

from starlette.requests import Request
from starlette.responses import Response

from service.errors import NotFound
from service.web.http.etags import etag_of
from service.web.http.responses import not_modified
from service.web.http.text import TextResponse

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOR_EVER, _ASK_EACH_TIME = "public, max-age=31536000, immutable", "no-cache"


async def retrieve_asset(request: Request) -> Response:
    """GET /assets/{version}/{name}.

    Raises:
        NotFound: there is no such file.
    """
    name = request.path_params["name"]
    content = assets().get(name)
    if content is None:
        raise NotFound("there is no such file")
    etag = etag_of(content)
    is_current = request.path_params["version"] == version()
    headers = {
        "cache-control": _FOR_EVER if is_current else _ASK_EACH_TIME,
        "x-content-type-options": "nosniff",
    }
    media_type = CONTENT_TYPES[PurePath(name).suffix]
    return not_modified(request, etag) or TextResponse(
        content, request, media_type, etag=etag, headers=headers
    )


@lru_cache(maxsize=1)
def assets() -> Mapping[str, bytes]:
    """Return the files by their names, read once."""
    found = sorted(files("service.web.pages").joinpath("static").iterdir(), key=lambda file: file.name)
    return {file.name: file.read_bytes() for file in found if PurePath(file.name).suffix in CONTENT_TYPES}


@lru_cache(maxsize=1)
def version() -> str:
    """Return what changes whenever one of the files does."""
    return etag_of(*assets(), *assets().values()).strip('"')[:12]
