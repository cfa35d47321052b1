"""Tables as files, kept for those who read them range by range: they have to find the same file each time.

A file goes a while after it was used last, and when newer ones need its room.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from time import monotonic

from service.shared import Shared
from service.tables.sinks import TemporaryTable

SECONDS = 120  # from the last use of a file
MAX_BYTES = 2**30  # of all


@dataclass(slots=True)
class _Entry:
    """A file that is kept.

    Attributes:
        file: it.
        stamp: of what it was made of; None if nobody knows.
        used: when it was used last.
    """

    file: TemporaryTable
    stamp: Hashable
    used: float


class KeptTables:
    """The files made last. For the event loop's thread alone."""

    def __init__(self, max_bytes: int = MAX_BYTES, seconds: float = SECONDS) -> None:
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._shared: Shared[TemporaryTable] = Shared()

    async def find(
        self,
        key: Hashable,
        stamp: Hashable,
        make: Callable[[], Awaitable[TemporaryTable]],
        *,
        at_any_time: bool,
    ) -> TemporaryTable:
        """Return the file that is kept under a key, or make it.

        Args:
            key: of what is asked for.
            stamp: of what a file would be made of now; None if nobody knows.
            make: makes it.
            at_any_time: a file that is kept will do, whatever has changed since it was made.
        """
        self._forget_old()
        entry = self._entries.get(key)
        if entry is None or not (at_any_time or (stamp is not None and entry.stamp == stamp)):
            file = await self._shared.run((key, stamp), make)
            entry = self._entries[key] = _Entry(file, stamp, monotonic())
            asyncio.get_running_loop().call_later(self._seconds + 1, self._forget_old)
        entry.used = monotonic()
        self._entries.move_to_end(key)
        while len(self._entries) > 1 and self._bytes() > self._max_bytes:
            self._entries.popitem(last=False)
        return entry.file

    def _bytes(self) -> int:
        return sum(entry.file.size for entry in self._entries.values())

    def _forget_old(self) -> None:
        oldest = monotonic() - self._seconds
        while self._entries and next(iter(self._entries.values())).used < oldest:
            self._entries.popitem(last=False)
