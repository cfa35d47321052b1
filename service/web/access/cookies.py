"""Cookies of people who are signed in, about to be, or have opened a link.

They are for no script and no other site. Where the service is reached by https they go by nothing else: then
`__Host-` in their names keeps other hosts of the same domain from setting them. The hint, which is long, goes
where people sign out and nowhere else.
"""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from service.web.http.middleware.site import site_of, url_of

SESSION, HINT, LINK = "dicomweb", "dicomweb-hint", "dicomweb-link"
SIGN_OUT = "/sign-out"
_ATTEMPT = "dicomweb-attempt-"
_MAX_LENGTH = 3900  # browsers keep 4096 bytes, with the name


def attempt_cookie(attempt: str) -> str:
    """Return the name of the cookie of an attempt to sign in."""
    return _ATTEMPT + attempt


def kept(request: Request, name: str) -> str | None:
    """Return what the browser has kept under a name."""
    start = f"{_full_name(request, name)}=".encode()
    fields = (value for field, value in request.scope["headers"] if field == b"cookie")
    pairs = (pair.strip() for field in fields for pair in field.split(b";"))
    value = next((pair.removeprefix(start) for pair in pairs if pair.startswith(start)), b"")
    return value.decode("latin-1") or None


def keep(request: Request, response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """Let the browser keep a value for some seconds, or until it is closed; none that is too long."""
    if len(value) <= _MAX_LENGTH:
        response.set_cookie(
            _full_name(request, name),
            value,
            max_age=seconds,
            path=_path(request, name),
            secure=_is_secure(request),
            httponly=True,
            samesite="lax",
        )


def forget(request: Request, response: Response, name: str) -> None:
    """Let the browser forget what it has kept under a name."""
    keep(request, response, name, "", 0)


def _full_name(request: Request, name: str) -> str:
    if not _is_secure(request):
        return name
    return f"__Secure-{name}" if name == HINT else f"__Host-{name}"  # __Host- is for all paths


def _path(request: Request, name: str) -> str:
    return urlsplit(url_of(request, SIGN_OUT)).path if name == HINT else "/"


def _is_secure(request: Request) -> bool:
    return site_of(request).startswith("https:")
