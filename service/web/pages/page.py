"""A page: a template filled in, with the headers that every page of ours has."""

from collections.abc import Mapping
from functools import wraps
from typing import Any

import anyio.to_thread
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from service.access.caller import EVERYBODY, Caller, Means
from service.audit.audit import Audit
from service.errors import DicomwebError, Unauthorized
from service.permissions import Permission
from service.web.http.answers.etags import etag_of
from service.web.http.answers.resource import Handler
from service.web.http.answers.responses import CHALLENGE, not_modified
from service.web.http.answers.text import TextResponse
from service.web.http.requests.urls import up
from service.web.pages.assets import version
from service.web.pages.text import count_of, text_of
from service.web.state import service_of

_HEADERS = {
    "cache-control": "private, no-cache",
    "content-security-policy": "; ".join(
        (
            "default-src 'none'",
            *(
                f"{kind}-src 'self'"
                for kind in ("script", "style", "img", "media", "connect", "object", "frame")
            ),
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'self'",
        )
    ),
    "referrer-policy": "same-origin",  # a search has patients' names in its URL
    "x-content-type-options": "nosniff",
}

_ENVIRONMENT = Environment(
    loader=PackageLoader("service.web.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals.update(text_of=text_of, count_of=count_of)
_TITLES = {
    400: "This cannot be understood",
    401: "Please sign in",
    403: "This is not permitted",
    404: "Nothing is here",
    503: "Not possible at the moment",
}


async def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """Return the page that a template makes of these values; 304 where the browser has it."""
    viewer = service_of(request).ohif
    top = up(request)
    shared_values = {
        "up": top,
        "root": f"{top}{service_of(request).root.removeprefix('/')}",
        "base_url": request.state.base_url,
        "assets": f"{top}assets/{version()}",
        "has_viewer": bool(await viewer.all()),
        **_of_caller(getattr(request.state, "caller", EVERYBODY)),
        "has_audit": _may_read_audit(service_of(request).audit, getattr(request.state, "caller", None)),
    }
    body = await anyio.to_thread.run_sync(_html, template, shared_values | values)
    etag = etag_of(body)
    if status == 200 and (answer := not_modified(request, etag)):
        return answer
    return TextResponse(
        body, request, "text/html; charset=utf-8", status_code=status, etag=etag, headers=_HEADERS
    )


def _may_read_audit(audit: Audit | None, caller: Caller | None) -> bool:
    """Tell whether the audit is kept in the index, and who asks may read it."""
    if audit is None or not audit.is_kept or caller is None:
        return False
    return caller.may(Permission.ADMIN) and caller.scope.is_everything


def answering_with_pages(handler: Handler) -> Handler:
    """Return a handler whose errors are pages too."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except DicomwebError as error:
            return await error_page(request, error)

    return answer


async def error_page(request: Request, error: DicomwebError) -> Response:
    """Return the page that tells an error."""
    title = _TITLES.get(error.status, "This did not work")
    may_sign_in = error.status in (400, 401) and _signs_in(request)
    answer = await page(
        request, "error.html", error.status, title=title, message=error.message, may_sign_in=may_sign_in
    )
    if isinstance(error, Unauthorized):
        answer.headers["www-authenticate"] = CHALLENGE
    return answer


def _signs_in(request: Request) -> bool:
    """Tell whether nobody has signed in yet, and whether that is possible."""
    return service_of(request).access.sessions is not None and not hasattr(request.state, "caller")


def _of_caller(caller: Caller) -> Mapping[str, Any]:
    """Return what pages tell and offer who has asked for them."""
    return {
        "who": "Shared with you" if caller.means is Means.LINK else caller.name,
        "is_signed_in": caller.means is Means.SESSION,
        "may_write": caller.may(Permission.WRITE),
        "may_share": caller.means not in (Means.NOTHING, Means.LINK) and caller.may(Permission.READ),
        "may_delete": caller.may(Permission.DELETE),
        "tenants": sorted(caller.scope.tenants or ()),
    }


def _html(template: str, values: Mapping[str, Any]) -> bytes:
    return _ENVIRONMENT.get_template(template).render(values).encode()
