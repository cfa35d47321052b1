"""OHIF under /viewer/: the files that `ohif` made ready, sent as compressed as they lie there.

A path is looked up in the table of the files there are, so that none leads out of the folder. Whatever
names no file is a page of OHIF, which reads the path itself. The page names its files relative to itself, so
that a proxy may put any prefix before all of it.
"""

from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from service.errors import NotFound
from service.ohif import OhifFile
from service.web.http.answers.etags import etag_of, gzipped
from service.web.http.answers.responses import ASK_EACH_TIME, KEEP_FOR_EVER, not_modified
from service.web.http.answers.text import takes_gzip
from service.web.state import service_of
from service.web.viewer.config import app_config
from service.web.viewer.policy import content_policy

OHIF_CONTENT_TYPES = {
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

_ABSENT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>No OHIF here yet</title>
<body style="font: 1.1rem/1.5 system-ui; max-width: 36rem; margin: 4rem auto; padding: 0 1rem">
<h1>OHIF is not here yet</h1>
<p>Fetch it once, 50 MB from npm, and load this page again:</p>
<pre>make viewer</pre>
<p>Without <code>make</code>: <code>dicomweb-service viewer</code>. It goes into <code>{folder}</code>.</p>
"""
_ABSENT_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
}


async def retrieve_viewer(request: Request) -> Response:
    """GET /viewer/{path}: a file of OHIF, or its page."""
    viewer = service_of(request).ohif
    path = request.path_params["path"]
    files = await viewer.all()
    if not files:
        return HTMLResponse(
            _ABSENT.format(folder=escape(str(viewer.folder.absolute()))), 404, _ABSENT_HEADERS
        )
    if path == _CONFIG:
        return _generated_file(request, app_config(urlsplit(request.state.base_url).path), ".js")
    if path == _SERVICE_WORKER:
        return _generated_file(request, b"", ".js")
    if "." not in path.rpartition("/")[2]:
        page = await anyio.to_thread.run_sync(files[_PAGE].read)
        page = _page_below(page, "../" * path.count("/") or "./")
        answer = _generated_file(request, page, ".html")
        answer.headers["content-security-policy"] = content_policy(page, service_of(request).viewer_frames)
        return answer
    if path not in files or Path(path).suffix not in OHIF_CONTENT_TYPES:
        raise NotFound("OHIF has no such file")
    return await _stored_file(request, path, files[path])


async def redirect_to_viewer(_: Request) -> Response:
    """GET /viewer."""
    return RedirectResponse("viewer/")


async def _stored_file(request: Request, name: str, file: OhifFile) -> Response:
    etag = etag_of(file.digest)
    if answer := not_modified(request, etag):
        return answer
    compressed = file.is_compressed and takes_gzip(request.headers.get("accept-encoding", ""))
    content = await anyio.to_thread.run_sync(lambda: file.read(compressed=compressed))
    headers = {
        "content-type": OHIF_CONTENT_TYPES[Path(name).suffix],
        "cache-control": KEEP_FOR_EVER if file.is_hashed else ASK_EACH_TIME,
        "etag": gzipped(etag) if compressed else etag,
        "vary": "Accept-Encoding",
    }
    return Response(content, headers=headers | ({"content-encoding": "gzip"} if compressed else {}))


def _page_below(page: bytes, top: str) -> bytes:
    """Return OHIF's page for a path from which `top` leads to /viewer/."""
    public_url = f'PUBLIC_URL=new URL("{top}",location).pathname'
    return page.replace(b'PUBLIC_URL="/"', public_url.encode()).replace(b'="/', f'="{top}'.encode())


def _generated_file(request: Request, content: bytes, suffix: str) -> Response:
    etag = etag_of(content)
    headers = {"content-type": OHIF_CONTENT_TYPES[suffix], "cache-control": ASK_EACH_TIME, "etag": etag}
    return not_modified(request, etag) or Response(content, headers=headers)
