"""Writing for all who wait: what several threads want to write is one transaction, and one sync of the disk.

Writes of the same kind are one call, others have savepoints of their own; one that fails does not take others
with it: then each of its kind is tried alone. Whoever has to wait sleeps until its write is done, or until it
is its turn to write for those who wait; never both. Where studies are locked one by one, as on PostgreSQL, a
second thread may write besides what the first one's transaction does not lock.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from threading import Lock
from time import perf_counter
from typing import Any, Protocol

import sqlalchemy as sa

_MAX_GROUP = 64
_Outcome = tuple["Job", Any, BaseException | None]
_MAX_LOCKS = 200  # of one transaction: PostgreSQL has room for some thousands in all


class Transactions(Protocol):
    """Where transactions come from."""

    def __call__(self, locks: frozenset[str]) -> AbstractContextManager[sa.Connection]:
        """Lend a connection in a writing transaction that has these locks, committed at its end."""


Together = Callable[[sa.Connection, Sequence[Any]], Sequence[Any]]
"""A writing function that does for many what it does for one; returns what becomes of each."""


class Job:
    """One write, and what becomes of it.

    Attributes:
        function: writes; jobs with the same one are one call.
        subject: what it writes for this job.
        locks: that are needed for it.
        begin: when it was wanted, by `perf_counter`.
        is_done: whether it is on disk, or has failed.
    """

    __slots__ = ("_error", "_result", "_wake", "begin", "function", "is_done", "locks", "subject")

    def __init__(self, function: Together, subject: Any, locks: frozenset[str]) -> None:
        self.function = function
        self.subject = subject
        self.locks = locks
        self.begin = perf_counter()
        self.is_done = False
        self._result: Any = None
        self._error: BaseException | None = None
        self._wake = Lock()
        self._wake.acquire()

    def sleep(self) -> None:
        """Wait in this thread until `wake`."""
        self._wake.acquire()

    def wake(self) -> None:
        """Let the thread go on that sleeps, or is about to."""
        self._wake.release()

    def settle(self, result: Any, error: BaseException | None) -> None:
        """Note what has become of it."""
        self._result, self._error, self.is_done = result, error, True

    @property
    def result(self) -> Any:
        """What it has returned; raises what it has raised."""
        if self._error is not None:
            raise self._error
        return self._result


class Writer:
    """Runs writes in the threads of those who want them, one or a few at a time.

    Args:
        transactions: lends them.
        threads: how many may write at a time.
        on_wait: is told how long a write has waited until its transaction had its locks, in seconds.
    """

    def __init__(self, transactions: Transactions, threads: int, on_wait: Callable[[float], None]) -> None:
        self._transactions = transactions
        self._on_wait = on_wait
        self._free = threads
        self._mutex = Lock()
        self._waiting: deque[Job] = deque()
        self._locked: set[str] = set()

    def write(self, job: Job) -> Any:
        """Return what a write returns, or raise what it raises, once it is on disk."""
        with self._mutex:
            self._waiting.append(job)
            leader = self._next_leader()
        if leader is not job:
            if leader:
                leader.wake()
            job.sleep()
        if not job.is_done:
            self._write_for_all(job)
        return job.result

    def _next_leader(self) -> Job | None:
        """Return who of those that wait is to write next, if anybody can now; its locks are taken for it."""
        if not self._free:
            return None
        leader = next((job for job in self._waiting if self._locked.isdisjoint(job.locks)), None)
        if leader:
            self._waiting.remove(leader)
            self._free -= 1
            self._locked |= leader.locks
        return leader

    def _write_for_all(self, leader: Job) -> None:
        """Write what waits, in the leader's thread, and let the next one go on."""
        with self._mutex:
            group = self._group(leader)
        locks = frozenset[str]().union(*(job.locks for job in group))
        self._write(group, locks)
        with self._mutex:
            self._locked -= locks
            self._free += 1
            successor = self._next_leader()
        if successor:
            successor.wake()
        for job in group[1:]:
            job.wake()

    def _group(self, leader: Job) -> list[Job]:
        """Return the leader, and as many of those who wait as can be written with it: they wait no longer."""
        group, others, locks = [leader], deque[Job](), set(leader.locks)
        locked = self._locked - leader.locks
        for job in self._waiting:
            has_room = len(group) < _MAX_GROUP and len(locks | job.locks) <= _MAX_LOCKS
            if has_room and locked.isdisjoint(job.locks):
                group.append(job)
                locks |= job.locks
            else:
                others.append(job)
        self._waiting = others
        self._locked |= locks
        return group

    def _write(self, group: list[Job], locks: frozenset[str]) -> None:
        """Run the jobs in one transaction, and settle them once it is on disk."""
        try:
            with self._transactions(locks) as connection:
                now = perf_counter()
                for job in group:
                    self._on_wait(now - job.begin)
                outcomes = [
                    outcome for jobs in _alike(group) for outcome in _outcomes(connection, jobs, group)
                ]
        except BaseException as error:  # whatever it is, those who wait have to be told
            outcomes = [(job, None, error) for job in group]
        for job, result, failure in outcomes:
            job.settle(result, failure)


def _alike(group: list[Job]) -> Iterator[list[Job]]:
    """Yield the jobs that are one call."""
    calls: dict[Together, list[Job]] = {}
    for job in group:
        calls.setdefault(job.function, []).append(job)
    yield from calls.values()


def _outcomes(connection: sa.Connection, jobs: list[Job], group: list[Job]) -> list[_Outcome]:
    """Run jobs together, or each alone if one of them fails; return what each returns or raises."""
    if len(group) == 1:
        return [(jobs[0], jobs[0].function(connection, [jobs[0].subject])[0], None)]
    try:
        with connection.begin_nested():
            results = jobs[0].function(connection, [job.subject for job in jobs])
        return [(job, result, None) for job, result in zip(jobs, results, strict=True)]
    except Exception as error:
        if len(jobs) == 1:
            return [(jobs[0], None, error)]
    return [outcome for job in jobs for outcome in _outcomes(connection, [job], group)]
