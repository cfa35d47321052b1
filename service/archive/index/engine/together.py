"""Look-ups that say what is so now, for many who ask at the same time.

Whoever remembers something that another process may change asks for every request whether it still holds. On
SQLite that is told by a number, until somebody writes. On PostgreSQL it takes a round trip; those who ask
while one is under way wait for the next one, and share it.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Generic, TypeVar

import sqlalchemy as sa

from service.archive.index.engine.database import Database

K = TypeVar("K")
V = TypeVar("V")

LookUp = Callable[[sa.Connection, Collection[K]], Mapping[K, V]]
"""Looks up all of these keys in one statement; those that are not there are left out."""


class _Round(Generic[K, V]):
    """One read, and what it is to look up."""

    def __init__(self) -> None:
        self.keys: set[K] = set()
        self.answers: asyncio.Future[Mapping[K, V]] = asyncio.get_running_loop().create_future()
        self.answers.add_done_callback(lambda answers: answers.cancelled() or answers.exception())


class Together(Generic[K, V]):
    """Looks up by key what is so now, or later. For the event loop's thread alone.

    Args:
        index: that is asked.
        function: that looks up.
    """

    def __init__(self, index: Database, function: LookUp[K, V]) -> None:
        self._index = index
        self._function = function
        self._next: _Round[K, V] | None = None
        self._reading: asyncio.Task[None] | None = None

    async def look_up(self, key: K) -> V | None:
        """Return what is there under a key now, None if nothing is."""
        if self._index.reads_at_once:
            return (await self._index.read(self._function, {key})).get(key)
        if self._next is None:
            self._next = _Round()
        self._next.keys.add(key)
        answers = self._next.answers
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        return (await asyncio.shield(answers)).get(key)

    async def _read(self) -> None:
        """Read for those who wait, and for those who have come meanwhile."""
        while self._next is not None:
            group, self._next = self._next, None
            try:
                group.answers.set_result(await self._index.read(self._function, group.keys))
            except Exception as error:
                group.answers.set_exception(error)
