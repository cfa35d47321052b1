"""The feed: changes get their Sequences, old ones go, and whoever waits for more is woken.

One task in each process looks once a second whether there is anything new, for all who listen there.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic

from service.archive.index.engine.database import Database
from service.archive.index.events.numbering import forget, has_work, number, state_of
from service.errors import Unavailable
from service.feed.delivery import Deliveries

MAX_LISTENERS = 200
"""Streams of one process at a time."""

_TICK = 1  # seconds between two looks
_PAUSE = 5  # seconds until an index that is away is asked again
_PURGE_SECONDS = 3600
_CLOSE_SECONDS = 10
_DAY = 86400
_MICROSECONDS = 1_000_000

_log = logging.getLogger(__name__)


def _unmeasured(_number: int) -> None:
    """Take no notice of listeners."""


class Feed:
    """The change feed in this process. For the event loop's thread alone.

    Args:
        index: that has the changes.
        quiet_seconds: after which a study that has not changed is quiet.
        keep_days: how long changes are kept.

        deliveries: that call webhooks; None if nobody is called.

    Attributes:
        last: the Sequence that was given out last, as this process knows it.
        on_listen: is told 1 when a client begins to listen, and -1 when it has left.
    """

    def __init__(
        self, index: Database, quiet_seconds: float, keep_days: float, deliveries: Deliveries | None = None
    ) -> None:
        self.last = 0
        self._index = index
        self._quiet_microseconds = int(quiet_seconds * _MICROSECONDS)
        self._kept_microseconds = int(keep_days * _DAY * _MICROSECONDS)
        self._next_purge = 0.0
        self._deliveries = deliveries
        self._listeners = 0
        self.on_listen: Callable[[int], None] = _unmeasured
        self._waiting: set[asyncio.Event] = set()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def settle(self) -> None:
        """Give Sequences to all changes that are committed.

        Raises:
            Unavailable: the index is away.
        """
        if await self._index.read(has_work):
            await self._index.write(number, self._quiet_microseconds)

    async def newest(self) -> int:
        """Return the Sequence that was given out last."""
        return (await self._index.read(state_of)).last

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """Lend an event that is set whenever there may be more to read.

        Raises:
            Unavailable: too many listen already.
        """
        if self._listeners >= MAX_LISTENERS:
            raise Unavailable(f"{MAX_LISTENERS} clients listen already, and this process takes no more")
        event = asyncio.Event()
        self._listeners += 1
        self.on_listen(1)
        self._waiting.add(event)
        try:
            yield event
        finally:
            self._waiting.discard(event)
            self._listeners -= 1
            self.on_listen(-1)

    def begin(self) -> None:
        """Look for changes, from now on."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Look no longer; what is being written is written."""
        self._closing.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=_CLOSE_SECONDS)
            self._task.cancel()
        if self._deliveries is not None:
            await self._deliveries.close()

    async def _run(self) -> None:
        while not self._closing.is_set():
            pause = _TICK
            try:
                await self._look()
            except Unavailable:
                pause = _PAUSE  # the index has said so in the log
            except Exception as error:
                _log.error("the change feed does not go on: %s", type(error).__name__)
                pause = _PAUSE
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), pause)

    async def _look(self) -> None:
        await self.settle()
        state = await self._index.read(state_of)
        if state.last != self.last:
            self.last = state.last
            for event in self._waiting:
                event.set()
        if self._deliveries is not None:
            await self._deliveries.look()
        if monotonic() >= self._next_purge:
            self._next_purge = monotonic() + _PURGE_SECONDS
            await self._index.write(forget, self._kept_microseconds)
