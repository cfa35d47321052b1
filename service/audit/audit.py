"""The audit: where events go, and how they come to be as durable as what they tell of."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from time import time

import anyio.to_thread
import sqlalchemy as sa

from service.archive.index.engine.database import Database
from service.archive.index.owners import audit
from service.archive.index.owners.audit import Message, Subject
from service.audit.delivery import LEASE, Delivery, now_in_milliseconds
from service.audit.event import SERVICE, Action, Event, Outcome
from service.audit.sinks import Sink, Source
from service.audit.windows import Amount, Deed, Windows
from service.errors import Unavailable

_TICK = 0.5  # seconds
_DAY = 86400
_MAX_KEPT = 10_000  # events that wait for an index that is away

_log = logging.getLogger(__name__)


class Audit:
    """What is told of what is done. Its windows are for the event loop's thread alone.

    Args:
        index: that has what events are about, and what waits to be sent.
        sinks: where events go.
        source: who tells of them.
        is_kept: whether the index keeps them.
        quiet_seconds: after which many requests for one study are one event.
        keep_days: how long the index keeps them; None for ever.

    Attributes:
        is_kept: whether the index keeps them.
    """

    def __init__(
        self,
        index: Database,
        sinks: Sequence[Sink],
        source: Source,
        *,
        is_kept: bool,
        quiet_seconds: float = 30,
        keep_days: int | None = None,
    ) -> None:
        self.is_kept = is_kept
        self._index = index
        self._source = source
        self._deliveries = [Delivery(index, sink) for sink in sinks]
        self._windows = Windows(quiet_seconds)
        self._pending: list[Event] = []
        self._keep_days = keep_days
        self._next_purge = 0.0
        self._flushing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    # What is written

    def note(self, connection: sa.Connection, events: Sequence[Event]) -> list[Message]:
        """Note events in the transaction of what they tell of; hand over what is returned after it."""
        messages = [
            Message(event.identity, delivery.sink.name, delivery.sink.content(event, self._source))
            for event in events
            for delivery in self._deliveries
        ]
        kept = [event.kept(self._source.name) for event in events] if self.is_kept else []
        audit.note(connection, kept, messages, now_in_milliseconds() + LEASE * 1000)
        return messages

    def hand_over(self, messages: Iterable[Message]) -> None:
        """Send messages that are noted; those for files are on disk when this returns."""
        of_sink: dict[str, list[Message]] = {}
        for message in messages:
            of_sink.setdefault(message.sink, []).append(message)
        for delivery in self._deliveries:
            if delivery.sink.name in of_sink:
                delivery.hand_over(of_sink[delivery.sink.name])

    def put(self, events: Sequence[Event]) -> None:
        """Note events that stand for themselves, and send them.

        Raises:
            Unavailable: the index is away; nothing is noted.
        """
        self.hand_over(self._index.write_now(self.note, events))

    # What is read

    async def use(self, deed: Deed, amount: Amount) -> None:
        """Count a request that writes nothing: to be told of with others like it."""
        window = self._windows.add(deed, amount)
        if window is None:
            return
        if deed.study:
            with suppress(Unavailable):
                found = await self._index.read(audit.subjects, (deed.study,))
                window.subject = found.get(deed.study, Subject(deed.study))
        if deed.outcome is Outcome.REFUSED:
            self.tell(window.take())

    def tell(self, event: Event) -> None:
        """Tell of an event within the next second."""
        if len(self._pending) < _MAX_KEPT:
            self._pending.append(event)

    async def flush(self, *, everything: bool = False) -> None:
        """Tell of what is due, or of everything so far."""
        async with self._flushing:
            self._pending += self._windows.all() if everything else self._windows.due()
            events, self._pending = self._pending, []
            if not events:
                return
            try:
                await anyio.to_thread.run_sync(self.put, events, limiter=self._index.writers)
            except Unavailable:
                waiting = events + self._pending
                self._pending = waiting[:_MAX_KEPT]
                if len(waiting) > _MAX_KEPT:
                    _log.error("audit: %s events are lost: the index is away", len(waiting) - _MAX_KEPT)
                raise

    # As long as the service runs

    async def begin(self) -> None:
        """Tell that the service starts, and begin to tell of the rest."""
        for delivery in self._deliveries:
            delivery.begin()
        self.tell(_own_event(Action.START))
        with suppress(Unavailable):
            await self.flush()
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Tell what is left to tell, and that the service stops."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._pending += self._windows.all()
        self.tell(_own_event(Action.STOP))
        try:
            await self.flush()
        except Unavailable:
            _log.error("audit: %s events could not be noted: the index is away", len(self._pending))
        await anyio.to_thread.run_sync(self._close)

    def finish(self) -> None:
        """Send what a command has noted, as far as it can be sent now; the rest is left to the service."""
        for delivery in self._deliveries:
            delivery.finish()
            delivery.sink.close()

    def _close(self) -> None:
        for delivery in self._deliveries:
            delivery.close()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            try:
                await self.flush()
                await self._purge()
            except Unavailable:
                continue  # the index has said so in the log; they wait
            except Exception as error:
                _log.error("audit: events could not be noted: %s", type(error).__name__)

    async def _purge(self) -> None:
        if self._keep_days is None or not self.is_kept or time() < self._next_purge:
            return
        self._next_purge = time() + _DAY / 24
        before = int((time() - self._keep_days * _DAY) * 1000)
        await self._index.write(audit.forget_events, before)


def _own_event(action: Action) -> Event:
    now = time()
    return Event(action, Outcome.SUCCESS, SERVICE, now, now)
