"""The change feed as it happens: server-sent events, each with its Sequence as its id."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.archive.index.events.feed import QUIET, Change, changes_after, seen
from service.errors import DicomwebError, InvalidParameter
from service.feed.feed import Feed
from service.permissions import Permission
from service.web.access.admission import admit
from service.web.feed.entry import entry
from service.web.feed.parameters import MAX_LIMIT, FeedRequest
from service.web.state import scope_of, service_of

ENDING = "dicomweb.ending"
"""The ASGI extension that says when the server stops: its answers without an end have to end then."""

_SILENCE = 15  # seconds until a client is told that the stream lives
_HEARTBEAT = b":\nid: %d\n\n"  # a comment, and how far the client has come: no event of its own
_BEGIN = b"retry: 3000\n\n"
_MOST_WITH_METADATA = 16
_HEADERS = {"content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no"}


async def retrieve_events(request: Request, wanted: FeedRequest) -> Response:
    """Return the stream of what happens from now on, or after the Sequence that the client names.

    Raises:
        ChangesForgotten: that is older than what is kept.
        Unavailable: too many listen already.
        InvalidParameter: Last-Event-ID is no Sequence.
    """
    feed, index = service_of(request).feed, service_of(request).archive.index
    await feed.settle()
    after = _last_event_id(request)
    if after is None:
        after = wanted.offset
    if after is None:
        after = await feed.newest()
    else:
        await index.read(changes_after, scope_of(request), after, 1)
    return EventStream(request, feed, after, with_metadata=wanted.with_metadata is True)


def _last_event_id(request: Request) -> int | None:
    text = request.headers.get("last-event-id")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidParameter("Last-Event-ID", text, "the Sequence of a change")
    return int(text)


class EventStream(Response):
    """An answer without an end of its own: it ends with its client, its permission, or the server."""

    def __init__(self, request: Request, feed: Feed, after: int, *, with_metadata: bool) -> None:
        self._request = request
        self._after = after
        self._with_metadata = with_metadata
        self._feed = feed
        self.status_code = 200
        self.background = None
        self.init_headers(_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head and, unless the request was HEAD, what happens.

        Raises:
            Unavailable: too many listen already; nothing has been sent.
        """
        head = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        with self._feed.listening() as news:
            await send(head)
            if scope["method"] != "HEAD":
                await self._send_all(scope, receive, send, news)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_all(self, scope: Scope, receive: Receive, send: Send, news: asyncio.Event) -> None:
        ending: asyncio.Event = scope.get("extensions", {}).get(ENDING) or asyncio.Event()
        ends = [asyncio.ensure_future(ending.wait()), asyncio.ensure_future(_left(receive))]
        try:
            async for body in self._bodies(news, ends):
                await send({"type": "http.response.body", "body": body, "more_body": True})
        finally:
            for task in ends:
                task.cancel()
            await asyncio.gather(*ends, return_exceptions=True)

    async def _bodies(
        self, news: asyncio.Event, ends: Sequence["asyncio.Future[Any]"]
    ) -> AsyncIterator[bytes]:
        yield _BEGIN
        while not any(task.done() for task in ends):
            news.clear()
            try:
                await admit(self._request, Permission.READ)  # a key may have been revoked meanwhile
                events = await self._next()
            except DicomwebError:
                return
            if events:
                yield events
            elif await _is_silent(news, ends):
                yield _HEARTBEAT % self._after

    async def _next(self) -> bytes:
        """Return the next events."""
        index, scope = service_of(self._request).archive.index, scope_of(self._request)
        most = _MOST_WITH_METADATA if self._with_metadata else MAX_LIMIT
        page = await index.read(changes_after, scope, self._after, most, with_quiet=True)
        self._after = page.reached
        return b"".join([event async for event in self._events(page.changes)])

    async def _events(self, some: Sequence[Change]) -> AsyncIterator[bytes]:
        index, base_url = service_of(self._request).archive.index, self._request.state.base_url
        scope = scope_of(self._request)
        for each in await index.read(seen, scope, some, with_metadata=self._with_metadata):
            kind = b"event: study.quiet\n" if each.change.action == QUIET else b""
            yield b"id: %d\n%sdata: %s\n\n" % (each.change.sequence, kind, entry(each, base_url))


async def _is_silent(news: asyncio.Event, ends: Sequence["asyncio.Future[Any]"]) -> bool:
    """Wait for news or an end; tell whether there was neither for a while."""
    waiting = asyncio.ensure_future(news.wait())
    try:
        done, _ = await asyncio.wait((waiting, *ends), timeout=_SILENCE, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    return not done


async def _left(receive: Receive) -> None:
    """Return when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
