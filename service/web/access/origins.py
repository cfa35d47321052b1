"""From whose page a request comes: a cookie goes along with those of other pages too, without being meant."""

from starlette.requests import Request

from service.errors import Forbidden
from service.web.http.middleware.site import origin_of, site_of

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def is_cookie_meant(request: Request) -> bool:
    """Tell whether a cookie that came along may say who reads: not where a page of another origin does."""
    if "origin" in request.headers and not _is_of_our_page(request):
        return False
    is_near = request.headers.get("sec-fetch-site", "none") in ("none", "same-origin")
    return is_near or request.headers.get("sec-fetch-mode") == "navigate"


def writes(request: Request) -> bool:
    """Tell whether a request changes something."""
    return request.method not in _READING


def check_origin(request: Request) -> None:
    """Return if a page of ours has sent a request.

    Raises:
        Forbidden: it does not say so.
    """
    if not _is_of_our_page(request):
        raise Forbidden("this may be sent by a page of this site alone: Origin names another, or none")


def _is_of_our_page(request: Request) -> bool:
    """Tell whether a browser says so; what a proxy has made of our own name does not matter to the second."""
    is_ours = request.headers.get("origin", "").lower() == origin_of(site_of(request))
    return is_ours or request.headers.get("sec-fetch-site") == "same-origin"
