"""Style sheets, scripts and pictures of the pages: files of the package, kept in memory.

Their URL has the version of all of them in it, so that a browser may keep them for ever, and a script finds
the others of its own version beside it.
"""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import PurePath

from service.web.http.answers.etags import etag_of

ASSET_CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@lru_cache(maxsize=1)
def assets() -> Mapping[str, bytes]:
    """Return the files by their names, read once."""
    paths = sorted(files("service.web.pages").joinpath("static").iterdir(), key=lambda file: file.name)
    return {
        file.name: file.read_bytes() for file in paths if PurePath(file.name).suffix in ASSET_CONTENT_TYPES
    }


@lru_cache(maxsize=1)
def version() -> str:
    """Return what changes whenever one of the files does."""
    return etag_of(*assets(), *assets().values()).strip('"')[:12]
