"""OHIF under /viewer/: the files that `service.ohif` made ready, sent as compressed as they lie there.

A path is looked up in the table of the files there are, so that none leads out of the folder. Whatever
names no file is a page of OHIF, which reads the path itself. The page names its files relative to itself, so
that a proxy may put any prefix before all of it.
"""

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from service import ohif
from service.errors import NotFound
from service.web.http.etags import etag_of, gzipped
from service.web.http.responses import not_modified
from service.web.http.text import takes_gzip
from service.web.viewer.config import app_config

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".jsonc": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
_PAGE, _CONFIG, _SERVICE_WORKER = "index.html", "app-config.js", "init-service-worker.js"
_HASHED = re.compile(r"(^|.*\.)[0-9a-f]{16}\.(js|wasm|woff2)")
_FOR_EVER, _ASK_EACH_TIME = "public, max-age=31536000, immutable", "no-cache"

_ABSENT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>No OHIF here yet</title>
<body style="font: 1.1rem/1.5 system-ui; max-width: 36rem; margin: 4rem auto; padding: 0 1rem">
<h1>OHIF is not here yet</h1>
<p>Fetch it once, 50 MB from npm, and load this page again:</p>
<pre>make viewer</pre>
<p>Without <code>make</code>: <code>dicomweb-service viewer</code>. It goes into <code>{folder}</code>.</p>
"""


@dataclass(frozen=True, slots=True)
class ViewerFile:
    """A file of OHIF.

    Attributes:
        path: where it lies.
        is_compressed: it lies there as gzip.
        media_type: of what is in it.
        etag: of what is in it, quotes included.
    """

    path: Path
    is_compressed: bool
    media_type: str
    etag: str

    @property
    def is_hashed(self) -> bool:
        """Whether its name changes with what is in it."""
        return bool(_HASHED.fullmatch(self.path.name.removesuffix(ohif.COMPRESSED)))

    def read(self, *, compressed: bool = False) -> bytes:
        """Return what is in it.

        Raises:
            NotFound: it has been deleted.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError as error:
            raise NotFound("this file of OHIF has been deleted, `make viewer` brings it back") from error
        return content if compressed or not self.is_compressed else gzip.decompress(content)


class Viewer:
    """The files of OHIF, listed when they are first there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: Mapping[str, ViewerFile] = {}

    async def files(self) -> Mapping[str, ViewerFile]:
        """Return the files by their path below /viewer/; none while OHIF is not installed."""
        if not self._files:
            self._files = await anyio.to_thread.run_sync(_listed, self.folder)
        return self._files


async def retrieve_viewer(request: Request) -> Response:
    """GET /viewer/{path}: a file of OHIF, or its page."""
    viewer: Viewer = request.app.state.viewer
    path = request.path_params["path"]
    files = await viewer.files()
    if not files:
        return HTMLResponse(_ABSENT.format(folder=escape(str(viewer.folder.absolute()))), 404)
    if path == _CONFIG:
        return _made(request, app_config(urlsplit(request.state.base_url).path), ".js")
    if path == _SERVICE_WORKER:
        return _made(request, b"", ".js")
    if "." not in path.rpartition("/")[2]:
        page = await anyio.to_thread.run_sync(files[_PAGE].read)
        return _made(request, _placed(page, "../" * path.count("/") or "./"), ".html")
    if path not in files:
        raise NotFound("OHIF has no such file")
    return await _answer(request, files[path])


async def redirect_to_viewer(_: Request) -> Response:
    """GET /viewer."""
    return RedirectResponse("viewer/")


def _listed(folder: Path) -> dict[str, ViewerFile]:
    if not ohif.is_installed(folder):
        return {}
    files = (path for path in folder.rglob("*") if path.is_file())
    found = ((path.relative_to(folder).as_posix().removesuffix(ohif.COMPRESSED), path) for path in files)
    return {name: _described(name, path) for name, path in found if Path(name).suffix in CONTENT_TYPES}


def _described(name: str, path: Path) -> ViewerFile:
    kind = CONTENT_TYPES[Path(name).suffix]
    return ViewerFile(path, path.suffix == ohif.COMPRESSED, kind, etag_of(path.read_bytes()))


async def _answer(request: Request, file: ViewerFile) -> Response:
    if unchanged := not_modified(request, file.etag):
        return unchanged
    compressed = file.is_compressed and takes_gzip(request.headers.get("accept-encoding", ""))
    content = await anyio.to_thread.run_sync(lambda: file.read(compressed=compressed))
    headers = {
        "content-type": file.media_type,
        "cache-control": _FOR_EVER if file.is_hashed else _ASK_EACH_TIME,
        "etag": gzipped(file.etag) if compressed else file.etag,
        "vary": "Accept-Encoding",
    }
    return Response(content, headers=headers | ({"content-encoding": "gzip"} if compressed else {}))


def _placed(page: bytes, top: str) -> bytes:
    """Return OHIF's page for a path from which `top` leads to /viewer/."""
    public_url = f'PUBLIC_URL=new URL("{top}",location).pathname'
    return page.replace(b'PUBLIC_URL="/"', public_url.encode()).replace(b'="/', f'="{top}'.encode())


def _made(request: Request, content: bytes, suffix: str) -> Response:
    etag = etag_of(content)
    headers = {"content-type": CONTENT_TYPES[suffix], "cache-control": _ASK_EACH_TIME, "etag": etag}
    return not_modified(request, etag) or Response(content, headers=headers)
