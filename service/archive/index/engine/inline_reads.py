"""Short reads of an SQLite index in the event loop itself.

A look at a few rows costs less than the hop to a thread and back. Nobody knows beforehand which reads take
longer, but SQLite counts the steps of its virtual machine: a read that needs some ten thousands, or waits for
a cold disk, is interrupted, and the caller gives it to a thread. So are the next ones of its kind, untried.
"""

import sqlite3
from collections.abc import Callable, Hashable
from time import perf_counter
from traceback import clear_frames
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

P = ParamSpec("P")
T = TypeVar("T")
IndexFunction = Callable[Concatenate[sa.Connection, P], T]

_STEPS_OF_A_CALL = 1_000  # between two calls of the progress handler; a row takes some twenty
_MAX_CALLS = 30
_MAX_SECONDS = 0.01
_PASSED_ON = 31  # reads of a kind that needed too many steps, until one of them is tried again
_MAX_KINDS = 1024

_kinds: dict[object, Callable[..., Hashable]] = {}


def of_kind(kind: Callable[..., Hashable]) -> Callable[[IndexFunction[P, T]], IndexFunction[P, T]]:
    """Let a reading function be known by what it is asked for: reads of a kind need steps alike.

    Args:
        kind: of a read, told by the function's arguments but for the connection.
    """

    def decorate(function: IndexFunction[P, T]) -> IndexFunction[P, T]:
        _kinds[function] = kind
        return function

    return decorate


class TakesLonger(Exception):
    """The read has been interrupted; it belongs into a thread."""


class InlineReader:
    """One connection for short reads, of one thread."""

    def __init__(self, engine: sa.Engine) -> None:
        self._connection = engine.connect()
        driver: Any = self._connection.connection.driver_connection
        self._driver = driver
        self._driver.set_progress_handler(self._is_long, _STEPS_OF_A_CALL)
        self._driver.execute("PRAGMA busy_timeout = 0")
        self._calls = 0
        self._begin = 0.0
        self._passed_on: dict[Hashable, int] = {}

    def moment(self) -> int | None:
        """Return a number that is another one once anybody else has written; None if it cannot be told.

        All others are anybody else: this connection only reads. To ask costs a fiftieth of a query.
        """
        self._calls, self._begin = 0, perf_counter()
        try:
            moment: int = self._driver.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error:
            return None
        return moment

    def read(self, function: IndexFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a reading function in a transaction of its own.

        Raises:
            TakesLonger: it needs too many steps, as the last of its kind did, or would have to wait.
        """
        kind = _kinds[function](*args, **kwargs) if function in _kinds else None
        if left := self._passed_on.get(kind, 0):
            self._passed_on[kind] = left - 1
            raise TakesLonger
        self._calls, self._begin = 0, perf_counter()
        try:
            with self._connection.begin():
                return function(self._connection, *args, **kwargs)
        except sa.exc.DatabaseError as error:  # a thread will say what else is wrong
            for cause in (error, error.orig):
                clear_frames(cause.__traceback__ if cause else None)  # frames hold rows, and each other
            if kind is not None:
                self._pass_on(kind)
            raise TakesLonger from None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _pass_on(self, kind: Hashable) -> None:
        if len(self._passed_on) >= _MAX_KINDS:
            self._passed_on.clear()
        self._passed_on[kind] = _PASSED_ON

    def _is_long(self) -> bool:
        self._calls += 1
        return self._calls >= _MAX_CALLS or perf_counter() - self._begin > _MAX_SECONDS
