"""Small stores that come at the same time, done as one: a batch costs less than its instances alone.

What a store waits for, the disk above all, it waits for once for all. One is under way at a time; who comes
meanwhile waits for it to end, and is then stored together with the others. Nobody waits long for one that
is held up, as by a lock of its study: then the next one begins beside it.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import NamedTuple

from service.archive.files.spool import Spool
from service.archive.index.owners.labels import Owner
from service.archive.stores.outcomes import Outcome
from service.threads import Threads

_PATIENCE = 0.02  # seconds that others wait for one store
_MAX_FILES = 16  # of one that others may have to wait for
_MAX_BYTES = 4 * 2**20

StoreBatch = Callable[[Sequence[Spool], str | None, Owner], list[Outcome]]
"""Stores whole files, for the only study that they may be of and on whose behalf; blocking."""


class _Asked(NamedTuple):
    """What one request wants to have stored."""

    spools: Sequence[Spool]
    study: str | None
    owner: Owner
    outcomes: "asyncio.Future[list[Outcome]]"


class JointStores:
    """Stores for whoever asks. For the event loop's thread alone.

    Args:
        store: stores a batch.
        threads: in which it runs.
    """

    def __init__(self, store: StoreBatch, threads: Threads) -> None:
        self._store = store
        self._threads = threads
        self._awaited: asyncio.TimerHandle | None = None  # of the store that others wait for
        self._waiting: list[_Asked] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, spools: Sequence[Spool], study: str | None, owner: Owner) -> list[Outcome]:
        """Store the whole files of one request, and return what became of each, in their order.

        Args:
            spools: one whole file each.
            study: the only study to take instances of; None takes any.
            owner: on whose behalf they are stored.
        """
        is_small = len(spools) <= _MAX_FILES and _size(spools) <= _MAX_BYTES
        if not is_small or owner.witness is not None:
            return await self._threads.run(partial(self._store, spools, study, owner))
        if self._awaited is not None:
            asked = _Asked(spools, study, owner, asyncio.get_running_loop().create_future())
            self._waiting.append(asked)
            return await asked.outcomes
        return await self._stored(spools, study, owner, self._begin())

    def _begin(self) -> asyncio.TimerHandle:
        """Let others wait from now on, but not for long."""
        self._awaited = asyncio.get_running_loop().call_later(_PATIENCE, self._go_on)
        return self._awaited

    def _go_on(self) -> None:
        """Wait no longer for the store under way; begin the next one if anybody waits."""
        self._awaited = None
        if self._waiting:
            task = asyncio.create_task(self._store_for_all(self._next_group(), self._begin()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _stored(
        self, spools: Sequence[Spool], study: str | None, owner: Owner, patience: asyncio.TimerHandle
    ) -> list[Outcome]:
        """Store files, and then let those go on that wait for it, unless they have gone on."""
        try:
            return await self._threads.run(partial(self._store, spools, study, owner))
        finally:
            if self._awaited is patience:
                patience.cancel()
                self._go_on()

    def _next_group(self) -> list[_Asked]:
        """Return the first of those that wait, with all that can be stored together with it."""
        first, *others = self._waiting
        group, files, size = [first], len(first.spools), _size(first.spools)
        self._waiting = []
        for asked in others:
            more_files, more_bytes = files + len(asked.spools), size + _size(asked.spools)
            has_room = more_files <= _MAX_FILES and more_bytes <= _MAX_BYTES
            if has_room and (asked.study, asked.owner) == (first.study, first.owner):
                group.append(asked)
                files, size = more_files, more_bytes
            else:
                self._waiting.append(asked)
        return group

    async def _store_for_all(self, group: Sequence[_Asked], patience: asyncio.TimerHandle) -> None:
        """Store what is wanted by those who wait, and by those who no longer do: their spools go with it."""
        spools = [spool for asked in group for spool in asked.spools]
        try:
            outcomes = iter(await self._stored(spools, group[0].study, group[0].owner, patience))
        except BaseException as error:
            for asked in group:
                if not asked.outcomes.done():
                    asked.outcomes.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for asked in group:
            own = list(islice(outcomes, len(asked.spools)))
            if not asked.outcomes.done():  # the request may have been given up
                asked.outcomes.set_result(own)


def _size(spools: Sequence[Spool]) -> int:
    return sum(spool.size for spool in spools)
