"""Handlers for those who may call them. A route is made of nothing else, so that none forgets to ask."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from service.access.access import Access
from service.access.caller import EVERYBODY, Caller
from service.archive.index.lookups.lookup import admits
from service.audit.event import Action
from service.errors import DicomwebError, Forbidden, Unauthorized
from service.permissions import Permission
from service.web.access.cookies import LINK, SESSION, kept
from service.web.access.credentials import credential_of
from service.web.access.origins import check_origin, is_cookie_meant, writes
from service.web.auditing import audited, note_refusal
from service.web.http.answers.resource import Handler
from service.web.state import service_of

_STUDY_PARAMETERS = ("StudyInstanceUID", "0020000D", "StudyInstanceUIDs", "studyUID")

Refuse = Callable[[Request, DicomwebError], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Admitting:
    """A handler, and what callers need.

    Attributes:
        handler: that answers them.
        permission: that they need; None if everybody may call.
        in_query: whether `?token=` may say who they are, as an <img> cannot say it otherwise.
        refuse: answers who may not; None for the error as it is.
        action: what is done there, as the audit tells it; None for what is no patient's.
    """

    handler: Handler
    permission: Permission | None
    in_query: bool = False
    refuse: Refuse | None = None
    action: Action | None = None

    @property
    def __name__(self) -> str:
        """What is asked for, whatever the URL says of it."""
        return self.handler.__name__

    async def __call__(self, request: Request) -> Response:
        """Answer who may ask.

        Raises:
            Unauthorized: nobody knows who asks.
            Forbidden: they may not.
        """
        if self.permission is not None:
            try:
                await admit(request, self.permission, in_query=self.in_query)
            except DicomwebError as error:
                answer = await self.refuse(request, error) if self.refuse else None
                if answer is None or answer.status_code >= 400:  # and not the way to sign in
                    await note_refusal(request, self.action, error)
                if answer is None:
                    raise
                return answer
        audit = service_of(request).audit
        if audit is None or self.action is None:
            return await self.handler(request)
        return await audited(request, self.handler, self.action, audit)


def everybody(handler: Handler, action: Action | None = None) -> Admitting:
    """Return a handler for everybody: nothing that it answers is of a patient."""
    return Admitting(handler, None, action=action)


def reading(
    handler: Handler, *, in_query: bool = False, action: Action | None = Action.RETRIEVE
) -> Admitting:
    """Return a handler for who may read."""
    return Admitting(handler, Permission.READ, in_query, action=action)


def searching(handler: Handler) -> Admitting:
    """Return a handler for who may read, and looks for what there is."""
    return reading(handler, action=Action.QUERY)


def writing(handler: Handler) -> Admitting:
    """Return a handler for who may store."""
    return Admitting(handler, Permission.WRITE, action=Action.STORE)


def deleting(handler: Handler) -> Admitting:
    """Return a handler for who may delete."""
    return Admitting(handler, Permission.DELETE, action=Action.DELETE)


def administering(handler: Handler, action: Action) -> Admitting:
    """Return a handler for admins."""
    return Admitting(handler, Permission.ADMIN, action=action)


async def admit(request: Request, permission: Permission, *, in_query: bool = False) -> None:
    """Return if who asks may do so; the request knows then who it is.

    Raises:
        Unauthorized: nobody knows who asks.
        Forbidden: they may not.
    """
    access = service_of(request).access
    caller = EVERYBODY if access.is_open else await _caller(request, access, in_query=in_query)
    request.state.caller = caller
    if not caller.may(permission):
        raise Forbidden(f"{caller.name} may not {permission.value}")


async def _caller(request: Request, access: Access, *, in_query: bool) -> Caller:
    credential = credential_of(request, in_query=in_query)
    if credential is not None:
        return await access.caller(credential.secret, is_password=credential.is_password)
    session, link = kept(request, SESSION) if access.sessions else None, kept(request, LINK)
    if (session or link) and (writes(request) or is_cookie_meant(request)):
        caller = await _of_cookies(request, session, link)
        if writes(request):
            check_origin(request)
        return caller
    raise Unauthorized("this needs an Authorization header: Bearer, or Basic with a key as the password")


async def _of_cookies(request: Request, session: str | None, link: str | None) -> Caller:
    """Return who is signed in; but who has opened a link if nobody is, or if only the link leads there."""
    access = service_of(request).access
    if session and access.sessions:
        try:
            caller = await access.sessions.caller(session)
        except Unauthorized:
            if link is None:
                raise
        else:
            return await _with_link(request, caller, link) if link else caller
    assert link is not None
    return await access.links.caller(link)


async def _with_link(request: Request, caller: Caller, link: str) -> Caller:
    """Return who asks: who is signed in, or who has opened the link to the study that is asked for."""
    study = _study_of(request)
    if caller.scope.is_everything or study is None:
        return caller
    with suppress(Unauthorized):
        visitor = await service_of(request).access.links.caller(link)
        index = service_of(request).archive.index
        if study in visitor.scope.studies and not await index.read(admits, caller.scope, study):
            return visitor
    return caller


def _study_of(request: Request) -> str | None:
    """Return the UID of the study that a request is about; None if it is about several, or none."""
    study: str | None = request.path_params.get("study")
    return study or next(filter(None, map(request.query_params.get, _STUDY_PARAMETERS)), None)
