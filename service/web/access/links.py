"""Links to a study: made, listed and revoked by who may read it, and opened by whoever has the address."""

import math
from datetime import UTC, datetime
from time import time

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from service.access.caller import Caller, Means
from service.archive.index.engine.witness import noted
from service.archive.index.owners.labels import tenant_of
from service.archive.index.owners.links import Link, links_of, remove_link
from service.audit.event import Action
from service.durations import seconds_of
from service.errors import Forbidden, InvalidParameter, LinkNotFound
from service.permissions import Permission
from service.web.access.cookies import LINK, keep
from service.web.auditing import ledger_of, tell_of
from service.web.http.requests.request import target_of
from service.web.http.requests.urls import site_url, up
from service.web.state import caller_of, scope_of, service_of

DEFAULT_DURATION = "7d"
MAX_SECONDS = 366 * 86400
_MAX_NUMBER = 2**63 - 1  # that an index has
_NOWHERE = {"referrer-policy": "no-referrer", "cache-control": "no-store"}  # a secret stands in the address


async def make_link(request: Request) -> Response:
    """POST /studies/{study}/links: 201 and the address of the link, this once."""
    study, caller = await _study(request)
    duration = request.query_params.get("expires", DEFAULT_DURATION)
    try:
        seconds = seconds_of(duration)
    except ValueError as error:
        raise InvalidParameter("expires", duration, str(error)) from error
    if seconds > MAX_SECONDS:
        raise InvalidParameter("expires", duration, f"at most {MAX_SECONDS // 86400}d")
    ledger = ledger_of(request)
    note = ledger.noting(Action.MAKE_LINK, study, {"expires": duration}) if ledger else None
    link, secret = await service_of(request).access.links.make(study, caller, seconds, note)
    url = f"{site_url(request)}/share/{secret}"
    return _json(_described(link) | {"url": url, "token": secret}, 201, {"cache-control": "no-store"})


async def list_links(request: Request) -> Response:
    """GET /studies/{study}/links: those that the caller made; for admins, all."""
    study, caller = await _study(request)
    links = await service_of(request).archive.index.read(links_of, study, _maker(caller))
    return _json(list(map(_described, links)))


async def revoke_link(request: Request) -> Response:
    """DELETE /studies/{study}/links/{link}: 204, and the link opens nothing from then on.

    Raises:
        LinkNotFound: there is none of this number, or somebody else made it.
    """
    study, caller = await _study(request)
    number = request.path_params["link"]
    if number > _MAX_NUMBER:
        raise LinkNotFound(number)
    index = service_of(request).archive.index
    ledger = ledger_of(request)
    note = ledger.noting(Action.REVOKE_LINK, study, {"link": number}) if ledger else None
    if not await index.write(noted(remove_link, note), study, number, _maker(caller)):
        raise LinkNotFound(number)
    return Response(status_code=204)


async def open_link(request: Request) -> Response:
    """GET /share/{secret}: the way to the page of the study, with a cookie that opens it."""
    secret = request.path_params["secret"]
    links = service_of(request).access.links
    link = await links.open(secret)
    tell_of(request, await links.caller(secret), link.study)
    response = RedirectResponse(f"{up(request)}browse/{link.study}", 303, _NOWHERE)
    keep(request, response, LINK, secret, math.ceil(link.expires - time()))
    return response


async def _study(request: Request) -> tuple[str, Caller]:
    """Return the study that the path names, and who asks for links to it.

    Raises:
        InvalidParameter: a UID that can be none.
        StudyNotFound: it is not here, or outside the scope.
        Forbidden: links lead nobody on, and are of no use where everybody sees everything.
    """
    study, caller = target_of(request).study, caller_of(request)
    if caller.means is Means.LINK:
        raise Forbidden("a link permits no other links")
    if service_of(request).access.is_open:
        raise Forbidden("links need access control: without it, everybody sees every study")
    await service_of(request).archive.index.read(tenant_of, scope_of(request), study)
    return study, caller


def _maker(caller: Caller) -> str | None:
    return None if caller.may(Permission.ADMIN) else caller.subject


def _described(link: Link) -> dict[str, object]:
    return {
        "id": link.key,
        "study": link.study,
        "madeBy": link.made_by,
        "created": _moment(link.created),
        "expires": _moment(link.expires),
    }


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _json(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, "application/json")
