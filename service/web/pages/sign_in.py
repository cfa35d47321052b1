"""Signing in: at the OpenID provider, or here with a key. Then people are back where they were."""

from contextlib import suppress
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from service.access.code_flow import ATTEMPT_SECONDS, CodeFlow
from service.errors import BadRequest, NotFound, Unauthorized
from service.web.access.cookies import HINT, SESSION, attempt_cookie, forget, keep, kept
from service.web.access.origins import check_origin
from service.web.auditing import tell_of
from service.web.http.answers.responses import CHALLENGE
from service.web.http.middleware.site import HOME, own_place, place_of, url_of
from service.web.pages.page import page
from service.web.state import service_of

_CALLBACK = "/sign-in/callback"
_THEN = "then"
_MAX_FORM_BYTES = 8192
_UNKEPT = {"cache-control": "no-store"}


async def sign_in_page(request: Request) -> Response:
    """GET /sign-in: the ways there are."""
    return await _page(request, own_place(request.query_params.get(_THEN, HOME)))


async def sign_in_with_key(request: Request) -> Response:
    """POST /sign-in: a form with a key.

    Raises:
        Forbidden: another site has sent it.
        BadRequest: it is no form.
    """
    check_origin(request)
    sessions = service_of(request).access.sessions
    if sessions is None:
        raise NotFound("nobody signs in here")
    form = await _form(request)
    then = own_place(form.get(_THEN, HOME))
    try:
        cookie = await sessions.of_key(form.get("key", "").strip())
    except Unauthorized as error:
        return await _page(request, then, error)
    await _tell_whose(request, cookie)
    response = _to(url_of(request, then))
    keep(request, response, SESSION, cookie)
    return response


async def sign_in_at_provider(request: Request) -> Response:
    """GET /sign-in/provider: the way there."""
    return await lead_to_provider(request, own_place(request.query_params.get(_THEN, HOME)))


async def come_back(request: Request) -> Response:
    """GET /sign-in/callback: who comes from the provider is signed in, and led to where they wanted to go.

    Raises:
        BadRequest, Unauthorized, Unavailable: they are not signed in.
    """
    arrival = await _code_flow(request).finish(
        url_of(request, _CALLBACK), request.query_params, lambda name: kept(request, attempt_cookie(name))
    )
    sessions = service_of(request).access.sessions
    assert sessions is not None
    response = _to(url_of(request, arrival.then))
    cookie = sessions.of_person(arrival.identity, arrival.expires)
    await _tell_whose(request, cookie)
    keep(request, response, SESSION, cookie)
    keep(request, response, HINT, arrival.hint)
    forget(request, response, attempt_cookie(arrival.attempt))
    return response


async def sign_out(request: Request) -> Response:
    """POST /sign-out: the session is forgotten, here and at the provider.

    A page leads to the provider: where a form of ours may lead is bounded by our Content-Security-Policy.

    Raises:
        Forbidden: another site has sent it.
    """
    check_origin(request)
    await _tell_whose(request, kept(request, SESSION))
    code_flow, back = service_of(request).access.code_flow, url_of(request, "/sign-in")
    is_from_provider = code_flow and kept(request, HINT)
    url = await code_flow.sign_out_url(back, kept(request, HINT)) if code_flow and is_from_provider else None
    response = await page(request, "sign_out.html", url=url) if url else _to(back)
    forget(request, response, SESSION)
    forget(request, response, HINT)
    return response


async def lead_to_sign_in(request: Request) -> Response | None:
    """Return the way to where people sign in, and back to this page; None if they cannot."""
    access, then = service_of(request).access, place_of(request)
    if access.code_flow is not None:
        return await lead_to_provider(request, then)
    if access.takes_keys:
        return _to(url_of(request, f"/sign-in?{urlencode({_THEN: then})}"))
    return None


async def lead_to_provider(request: Request, then: str) -> Response:
    """Return the way to the provider.

    Raises:
        Unavailable: it does not answer.
    """
    attempt = await _code_flow(request).begin(url_of(request, _CALLBACK), then)
    response = _to(attempt.url)
    keep(request, response, attempt_cookie(attempt.name), attempt.secret, ATTEMPT_SECONDS)
    return response


async def _page(request: Request, then: str, error: Unauthorized | None = None) -> Response:
    access = service_of(request).access
    if access.is_open:
        raise NotFound("nobody signs in here: everybody sees everything")
    answer = await page(
        request,
        "sign_in.html",
        error.status if error else 200,
        then=then,
        query=urlencode({_THEN: then}),
        takes_keys=access.takes_keys,
        has_provider=access.code_flow is not None,
        problem=error.message if error else "",
    )
    if error:
        answer.headers["www-authenticate"] = CHALLENGE
    return answer


def _code_flow(request: Request) -> CodeFlow:
    code_flow = service_of(request).access.code_flow
    if code_flow is None:
        raise NotFound("no OpenID provider signs people in here")
    return code_flow


async def _form(request: Request) -> dict[str, str]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise BadRequest(f"a form of more than {_MAX_FORM_BYTES} bytes")
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=8)
    except ValueError as error:
        raise BadRequest("the body is no form") from error
    return {name: values[0] for name, values in fields.items()}


async def _tell_whose(request: Request, cookie: str | None) -> None:
    """Let the audit tell whose session begins or ends."""
    sessions = service_of(request).access.sessions
    if service_of(request).audit is None or sessions is None or cookie is None:
        return
    with suppress(Unauthorized):
        tell_of(request, await sessions.caller(cookie))


def _to(url: str) -> Response:
    return RedirectResponse(url, 303, _UNKEPT)
