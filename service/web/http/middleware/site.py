"""The site: what lies at the top of the base URL's host, the pages and OHIF among it."""

from urllib.parse import urlsplit

from starlette.requests import Request

from service.web.state import service_of

HOME = "/"
_MAX_LENGTH = 1024


def site_of(request: Request) -> str:
    """Return the URL of the top of the site, with a slash at its end."""
    base_url: str = request.state.base_url
    root = service_of(request).root
    return f"{base_url.removesuffix(root) if base_url.endswith(root) else origin_of(base_url)}/"


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL, as browsers name them in Origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def place_of(request: Request) -> str:
    """Return where a request has come to, below the top of the site, with its query."""
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope.get("query_string", b"")
    return own_place((path + (b"?" + query if query else b"")).decode("latin-1"))


def own_place(text: str) -> str:
    """Return a path of this site that somebody has named; the top of the site for anything else."""
    is_path = text.startswith("/") and not text.startswith(("//", "/\\"))
    is_plain = text.isascii() and text.isprintable() and "\\" not in text
    return text if is_path and is_plain and len(text) <= _MAX_LENGTH else HOME


def url_of(request: Request, place: str) -> str:
    """Return the URL of a place of this site."""
    return site_of(request) + place.lstrip("/")
