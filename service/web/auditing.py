"""Requests as the audit tells of them. Handlers note what they write; all else is told of here."""

from contextlib import suppress
from functools import lru_cache
from time import time
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote_plus

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from service.access.caller import Caller, Means
from service.archive.index.owners.audit import Subject, subjects
from service.audit.audit import Audit
from service.audit.event import WRITES, Action, Actor, Event, Outcome, bounded, outcome_of
from service.audit.ledger import Ledger
from service.audit.windows import Amount, Deed
from service.dicom.instance import is_uid
from service.errors import DicomwebError, InstanceGone
from service.web.http.answers.resource import Handler
from service.web.http.requests.client import client_address
from service.web.state import service_of

_STRANGER = Means.NOTHING.value
_ZIP = "application/zip"
_EACH = (Action.SIGN_IN, Action.SIGN_OUT)  # each of them is an event
_TOKEN = "token="  # noqa: S105 (the name of a parameter)


def actor_of(request: Request) -> Actor:
    """Return who asks, as the audit names them."""
    caller = _caller_of(request)
    address = client_address(request.scope, service_of(request).trusted_proxies)
    if caller is None:
        return Actor("", _STRANGER, address)
    return _actor(caller.name, caller.means.value, address)


@lru_cache(maxsize=512)
def _actor(name: str, means: str, address: str) -> Actor:
    return Actor(bounded(name), means, address)


def _caller_of(request: Request) -> Caller | None:
    """Return who asks; None where nobody knows."""
    state = request.scope["state"]
    caller: Caller | None = state.get("told_caller") or state.get("caller")
    return caller


def ledger_of(request: Request) -> Ledger | None:
    """Return where a handler notes what it writes; None without an audit."""
    audit = service_of(request).audit
    if audit is None:
        return None
    ledger: Ledger | None = getattr(request.state, "ledger", None)
    if ledger is None:
        ledger = request.state.ledger = Ledger(audit, actor_of(request))
    return ledger


def tell_of(request: Request, caller: Caller, study: str | None = None) -> None:
    """Let the audit tell of somebody who was not asked who they are, and of a study that no path names."""
    request.state.told_caller, request.state.study = caller, study


async def audited(request: Request, handler: Handler, action: Action, audit: Audit) -> Response:
    """Answer by a handler, and tell the audit what was done, with which result."""
    try:
        response = await handler(request)
    except InstanceGone:
        raise  # and is asked once more
    except DicomwebError as error:
        await _settled(request, action, audit, error.status)
        raise
    except Exception:
        await _settled(request, action, audit, 500)
        raise
    if action in WRITES:
        await _settled(request, action, audit, response.status_code)
        return response
    return _Watched(response, request, action, audit)


async def note_refusal(request: Request, action: Action | None, error: DicomwebError) -> None:
    """Tell the audit that somebody is not admitted."""
    audit = service_of(request).audit
    if audit is None:
        return
    if error.status == 403 and action is not None:
        place = _place_of(request)
        await audit.use(_deed(request, action, 403, place), _amount(request, place))
    elif error.status in (401, 403):
        await audit.use(
            Deed(Action.AUTHENTICATE, Outcome.REFUSED, actor_of(request), status=error.status), Amount()
        )


async def _settled(request: Request, action: Action, audit: Audit, status: int) -> None:
    """Send what a handler has noted, and tell the audit of what has failed."""
    ledger: Ledger | None = getattr(request.state, "ledger", None)
    if ledger is not None:
        if status < 400:
            ledger.committed()
        await anyio.to_thread.run_sync(ledger.settle, limiter=service_of(request).archive.index.writers)
    place = _place_of(request)
    if ledger is not None and ledger.refused:
        now, subject = time(), await _subject(request, place.study) if place.study else None
        audit.tell(Event(action, Outcome.FAILED, ledger.actor, now, now, status, subject, ledger.refusals()))
    elif status >= 400:
        await audit.use(_deed(request, action, status, place), _amount(request, place))


async def _subject(request: Request, study: str) -> Subject:
    """Return whose a study is, as far as the index can tell now."""
    known = {}
    with suppress(DicomwebError):  # the answer is another, and stays
        known = await service_of(request).archive.index.read(subjects, [study])
    return known.get(study, Subject(study))


def _deed(request: Request, action: Action, status: int, place: "_Place") -> Deed:
    query = _query(request) if action is Action.QUERY else ""
    outcome = Outcome.SUCCESS if status < 400 else outcome_of(status)
    return Deed(action, outcome, actor_of(request), place.study, query, status)


def _amount(request: Request, place: "_Place", content_bytes: int = 0) -> Amount:
    frames = request.path_params.get("frames", "")
    return Amount(
        place.series,
        place.instance,
        frames.count(",") + 1 if frames else 0,
        content_bytes,
        place.resource,
    )


class _Place(NamedTuple):
    """What a request is about.

    Attributes:
        study, series, instance: UIDs; empty where it names none.
        resource: the names in its path, as in `studies/series/metadata`, without what they hold.
    """

    study: str
    series: str
    instance: str
    resource: str


_LEVELS = ("study", "series", "instance")
_PARAMETERS = ("studyuid", "seriesuid", "objectuid")  # of WADO-URI


def _place_of(request: Request) -> _Place:
    path: str = request.scope["path"]
    told: str | None = request.scope["state"].get("study")
    query = request.scope["query_string"] if path.endswith("/wado") else b""
    return _place(path, tuple(request.path_params.items()), told, query, service_of(request).root)


@lru_cache(maxsize=512)
def _place(
    path: str, parameters: tuple[tuple[str, str], ...], told: str | None, query: bytes, root: str
) -> _Place:
    held = {piece for _, value in parameters for piece in str(value).split("/")}
    pieces = path.removeprefix(root).split("/")
    resource = "/".join(piece for piece in pieces if piece and piece not in held)
    names = dict(parameters) | ({"study": told} if told else {})
    if query:
        pairs = {name.lower(): value.strip() for name, value in parse_qsl(query.decode("latin-1"))}
        names |= {level: pairs.get(name, "") for level, name in zip(_LEVELS, _PARAMETERS, strict=True)}
    study, series, instance = (_uid(names.get(level, "")) for level in _LEVELS)
    return _Place(study, series, instance, resource)


def _uid(text: object) -> str:
    return str(text) if is_uid(str(text)) else ""


def _query(request: Request) -> str:
    """Return path and keys of a search as they came, without a secret among them."""
    query: bytes = request.scope["query_string"]
    keys = [unquote_plus(key, errors="replace") for key in query.decode("latin-1").split("&") if key]
    text = "&".join(key for key in keys if not key.startswith(_TOKEN))
    return bounded(f"{request.scope['path']}?{text}")


class _Watched(Response):
    """An answer that tells the audit how much of it was sent."""

    def __init__(self, response: Response, request: Request, action: Action, audit: Audit) -> None:
        self._response = response
        self._request = request
        self._action = action
        self._audit = audit
        self.status_code = response.status_code
        self.raw_headers = response.raw_headers
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer; what is sent of it has been told, even if that is not all."""
        content_bytes = 0
        is_gone = False

        async def counted(message: Message) -> None:
            nonlocal content_bytes
            content_bytes += len(message.get("body", b"")) + message.get("count", 0)
            await send(message)

        try:
            await self._response(scope, receive, counted)
        except InstanceGone:
            is_gone = not content_bytes
            raise
        finally:
            if not is_gone:
                await self._tell(content_bytes)

    async def _tell(self, content_bytes: int) -> None:
        request, status = self._request, self._response.status_code
        action = self._action
        caller = _caller_of(request)
        if action is Action.RETRIEVE and status < 400:
            is_zip = self._response.headers.get("content-type", "").startswith(_ZIP)
            is_export = is_zip or (caller is not None and caller.means is Means.LINK)
            action = Action.EXPORT if is_export else action
        place = _place_of(request)
        deed = _deed(request, action, status, place)
        if deed.outcome is Outcome.SUCCESS and action in _EACH:
            now = time()
            self._audit.tell(Event(action, deed.outcome, deed.actor, now, now, status))
        else:
            await self._audit.use(deed, _amount(request, place, content_bytes))
