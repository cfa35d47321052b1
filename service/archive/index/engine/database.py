"""The engine, and the two ways through it: `read` and `write`, plain functions of a connection.

Reads run in threads, each with a connection of its own; on SQLite short ones run at once. Writes of several
threads share a transaction, see `writing`, and hold the locks that they say they need, see `locks`.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import ParamSpec, TypeVar, cast

import anyio
import anyio.to_thread
import sqlalchemy as sa

from service.archive.index.engine.engines import CONNECTIONS, PATIENCE, create_engine
from service.archive.index.engine.inline_reads import IndexFunction, InlineReader, TakesLonger
from service.archive.index.engine.kept_connections import KeptConnections
from service.archive.index.engine.locks import locks_of, take_locks
from service.archive.index.engine.writing import Job, Writer
from service.errors import Unavailable
from service.threads import Threads

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")

_ENOUGH = 5  # connections, so that two of them can write
_WRITERS = 40  # threads that wait for their turn to write, so that those of others are not taken by them
_PAUSE = 0.05  # seconds, until a server that has no connection left is asked again
_SILENT_AFTER = 1.0  # seconds without an answer; who refuses, does it at once
_SILENT_SECONDS = 2.0  # in which a server that did not answer is not asked again
_NO_CONNECTION_LEFT = ("too many clients", "too many connections", "connection slots", "more connections")
_AWAY = "the index cannot be reached at the moment"

BROKEN = (sa.exc.DatabaseError, sa.exc.InternalError)  # themselves, not what is derived from them

_log = logging.getLogger(__name__)


class Database:
    """The index's connections; open until `close`.

    Args:
        url: of the database.
        connections: at most. Some of them are left to those who write and to who looks whether it works.

    Attributes:
        engine: of the database.
        writers: the turns of threads that write.
        on_wait: is told how long a write has waited for its turn, in seconds.
        on_hold: is told how long a transaction that writes has taken.
    """

    def __init__(self, url: str, connections: int = CONNECTIONS) -> None:
        self.engine = create_engine(url, connections)
        self._reading = (
            self.engine if self.reads_at_once else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        )
        writing = self.engine.execution_options(writing=True)
        self.writers = anyio.CapacityLimiter(_WRITERS)
        has_enough = connections >= _ENOUGH
        writers = 2 if has_enough and not self.reads_at_once else 1
        self._reads = KeptConnections(partial(self._connected, self._reading), int(has_enough))
        self._writes = KeptConnections(partial(self._connected, writing), writers * has_enough)
        self._readers = Threads(max(1, connections - writers - 1))
        self._silent_until = 0.0
        self._inline: InlineReader | None = None
        self._writer = Writer(self._transaction, writers, self._waited)
        self.on_wait: Callable[[float], None] = _unmeasured
        self.on_hold: Callable[[float], None] = _unmeasured

    @property
    def name(self) -> str:
        """What the index is called, wherever its folder or server is: the file's name, or the database's."""
        url = self.engine.url
        return f"{url.get_backend_name()} {Path(url.database or '').name}"

    @property
    def reads_at_once(self) -> bool:
        """Whether short reads are done in the event loop itself."""
        return self.engine.dialect.name == "sqlite"

    async def read(self, function: IndexFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a reading function: at once where that is short, else in a thread."""
        if inline := self._inline_reader():
            with suppress(TakesLonger):
                return inline.read(function, *args, **kwargs)
        return await self._readers.run(partial(self.read_now, function, *args, **kwargs))

    def moment(self) -> int | None:
        """Return a number that is another one once anything has been written, by whomever.

        What was read when it was this number or later is still so while it is this number. None where nobody
        knows, as on PostgreSQL. For the event loop's thread alone, as `read` is.
        """
        inline = self._inline_reader()
        return inline.moment() if inline else None

    def read_now(self, function: IndexFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a reading function in this thread.

        On SQLite all that it reads is of one moment. On PostgreSQL each statement sees what is committed
        before it, as in every transaction of that level; so each is on its own, in one round trip.
        """
        with available():
            try:
                return self._read(function, *args, **kwargs)
            except sa.exc.DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            return self._read(function, *args, **kwargs)  # on a new connection, after one that was cut

    def _read(self, function: IndexFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._reads.lent() as connection:
            return function(connection, *args, **kwargs)

    async def write(self, function: IndexFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a writing function; it is on disk when this returns."""
        run = partial(self.write_now, function, *args, **kwargs)
        return await anyio.to_thread.run_sync(run, limiter=self.writers)

    def write_now(self, function: IndexFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a writing function, waiting in this thread until it is on disk.

        Raises:
            Unavailable: the database is away, locked for too long, or out of disk.
        """

        def run(connection: sa.Connection, _: Sequence[None]) -> Sequence[T]:
            return [function(connection, *args, **kwargs)]

        with available():
            return cast(T, self._writer.write(Job(run, None, locks_of(function, args, kwargs))))

    def write_together_now(
        self, function: Callable[[sa.Connection, Sequence[S]], Sequence[T]], subject: S
    ) -> T:
        """Run a writing function for this subject and those that others want it for at the same time.

        If it fails for all, it is run for each alone.

        Raises:
            Unavailable: as `write_now` does.
        """
        with available():
            return cast(T, self._writer.write(Job(function, subject, locks_of(function, ([subject],), {}))))

    def close(self) -> None:
        """Close all connections; whoever writes has been waited for."""
        self._readers.close()
        if self._inline is not None:
            self._inline.close()
        self._reads.close()
        self._writes.close()
        self.engine.dispose()

    def _inline_reader(self) -> InlineReader | None:
        """Return what reads at once, where something does."""
        if self._inline is None and self.reads_at_once:
            with available():
                self._inline = InlineReader(self.engine)
        return self._inline

    def _connected(self, engine: sa.Engine) -> sa.Connection:
        """Return a connection, waiting where all are taken: here, or by others that use the same server.

        Raises:
            Unavailable: the server has just not answered another one, who waited for it.
        """
        begin = monotonic()
        if begin < self._silent_until:
            raise Unavailable(_AWAY)
        while True:
            try:
                return engine.connect()
            except sa.exc.OperationalError as error:
                is_full = any(words in str(error.orig) for words in _NO_CONNECTION_LEFT)
                waited = monotonic() - begin
                if not is_full and waited > _SILENT_AFTER:
                    self._silent_until = monotonic() + _SILENT_SECONDS
                if not is_full or waited > PATIENCE:
                    raise
            self._reads.close()
            self._writes.close()  # one that is kept for others may be all there is
            sleep(_PAUSE)

    def _waited(self, seconds: float) -> None:
        self.on_wait(seconds)

    @contextmanager
    def _transaction(self, locks: frozenset[str]) -> Iterator[sa.Connection]:
        """Lend a connection in a writing transaction that has its locks; one that was cut is replaced."""
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(self._begun(locks))
            except sa.exc.DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                connection = stack.enter_context(self._begun(locks))
            begin = perf_counter()
            yield connection
            connection.commit()
        self.on_hold(perf_counter() - begin)

    @contextmanager
    def _begun(self, locks: frozenset[str]) -> Iterator[sa.Connection]:
        with self._writes.lent() as connection:
            connection.begin()
            take_locks(connection, locks)
            yield connection


def _unmeasured(_seconds: float) -> None:
    """Take no notice of how long something took."""


@contextmanager
def available() -> Iterator[None]:
    """Turn the database's own troubles into `Unavailable`."""
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
        _log.error("the index cannot be reached: %s", type(error).__name__)
        raise Unavailable(_AWAY) from error
    except sa.exc.DatabaseError as error:
        if type(error) not in BROKEN:
            raise
        _log.error("the index is broken (%s): stop the server, and run reindex", type(error).__name__)
        raise Unavailable("the index is broken: it has to be made again from the files") from error
