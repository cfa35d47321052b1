"""What keeps the stored files: a folder, or an object store. Who reads and writes knows no more than this.

A file has a key, `<study>/<series>/<sop>.<first of digest>-<version>.dcm`, which is never used twice: what is
read under it is always the same, and what is kept of it nearby never has to be looked at again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self, TypeVar

import anyio

from service.archive.files.file_run import Chunk, FileRun
from service.archive.files.spool import Arrived, Spool
from service.errors import Unavailable

T = TypeVar("T")
R = TypeVar("R")


class StoredFile(NamedTuple):
    """A file, as a list of all of them has it.

    Attributes:
        key: where it lies.
        size: in bytes.
        modified: when it was written.
    """

    key: str
    size: int
    modified: datetime


class OpenFile(Protocol):
    """A stored file that is being read. What it lends of local files is valid until the next is asked for."""

    def at_hand(self, offset: int, length: int) -> FileRun | None:
        """Return where a run, or its beginning, lies in a local file; None if it has to be fetched.

        Never waits for a network.
        """

    def fetched(self, offset: int, length: int) -> Chunk:
        """Return a run, or its beginning, wherever it has to be fetched from. Blocking: for worker threads.

        Raises:
            FileNotFoundError: the file is gone.
            DamagedFile: it is not as long as what was stored.
            Unavailable: it cannot be read at the moment.
        """

    def whole(self) -> AbstractContextManager[int]:
        """Lend the descriptor of a local file that has all of it. Blocking: for worker threads.

        Raises:
            FileNotFoundError, DamagedFile, Unavailable: as `fetched` does.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class Blobs(Protocol):
    """The stored files. Blocking, for worker threads, but for `spool` and `open`.

    Attributes:
        incoming: the local folder where files arrive, and where it is noted which ones are under way.
        is_remote: whether a network lies between, so that it pays to ask for many at the same time.
        limiter: of the threads in which files are waited for, so that a store that does not answer takes none
            of others; None for the threads of everybody.
    """

    incoming: Path
    is_remote: bool
    limiter: anyio.CapacityLimiter | None

    @property
    def keeps_near(self) -> bool:
        """Whether what is fetched is kept nearby, so that it pays to fetch it before it is read."""

    def spool(self) -> Spool:
        """Return a place for bytes that are arriving."""

    def open(self, key: str, size: int) -> OpenFile:
        """Return a file, to be read and closed. Never waits for a network.

        Raises:
            FileNotFoundError: it is gone.
            DamagedFile: it is not as long as what was stored.
            OSError: the system denies it.
        """

    def sizes(self, expected: Mapping[str, int]) -> Callable[[str], int]:
        """Return how the sizes of these files can be had, for an answer with many of them.

        Args:
            expected: the size of each.

        Returns:
            Key → size in bytes. It raises FileNotFoundError for a file that is gone, and may raise OSError.

        Raises:
            Unavailable: nobody can tell at the moment.
        """

    def put(self, files: Sequence[tuple[str, Spool]]) -> dict[str, Unavailable]:
        """Keep files under their keys, side by side; they are there for good when this returns.

        Returns:
            Why a file could not be kept, for each that could not.
        """

    def holds(self, key: str, spool: Spool) -> bool:
        """Tell whether a file is here that has the bytes of a spool, all of them.

        Raises:
            Unavailable: nobody can tell at the moment.
        """

    def is_gone(self, key: str) -> bool:
        """Tell whether a file is known not to be here, without waiting for a network."""

    def arrived(self, key: str) -> AbstractContextManager[Arrived]:
        """Lend a stored file as if it had just arrived.

        Raises:
            OSError: it cannot be read, or is gone.
            Unavailable: it cannot be read at the moment.
        """

    def chunks(self, key: str) -> Iterator[bytes]:
        """Yield all bytes of a file, as they lie there and not as they are kept nearby.

        Raises:
            OSError: it cannot be read, or is gone.
            Unavailable: it cannot be read at the moment.
        """

    def digest(self, key: str, like: bytes | None = None) -> bytes:
        """Return the digest of what lies there now, and not of what is kept of it nearby.

        Args:
            key: of the file.
            like: a digest of the same kind; None for the kind that new files have.

        Raises:
            OSError: it cannot be read, or is gone.
            Unavailable: it cannot be read at the moment.
        """

    def delete(self, keys: Sequence[str]) -> set[str]:
        """Remove files, and return the keys of those that are gone."""

    def list(self) -> Iterator[StoredFile]:
        """Yield every file, those of a study one after the other.

        Raises:
            Unavailable: they cannot be listed at the moment.
        """

    def has_files(self) -> bool:
        """Tell whether there is any file.

        Raises:
            Unavailable: nobody can tell at the moment.
        """

    def each(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Yield what a function makes of each item, in their order: side by side where that is faster."""

    def note(self, name: str) -> str | None:
        """Return what is noted under a name beside the files; None if nothing is.

        Raises:
            Unavailable: nobody can tell at the moment.
        """

    def keep_note(self, name: str, text: str) -> None:
        """Note something beside the files; it is there for good when this returns.

        Raises:
            Unavailable: it cannot be kept.
        """

    def drop_note(self, name: str) -> None:
        """Take a note away.

        Raises:
            Unavailable: it stays.
        """

    def place(self, key: str = "") -> str:
        """Return where a file lies, or all of them, for people to read."""

    def sweep(self) -> None:
        """Remove what was left half-arrived by a crash: files that nobody has written to for a day."""

    def check(self) -> None:
        """Prove that files can be written.

        Raises:
            Unavailable: they cannot.
        """

    def close(self) -> None:
        """Let go of connections and threads."""
