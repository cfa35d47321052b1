"""The stored files: a tree `<study>/<series>/<sop>.<of digest>-<version>.dcm` that other tools can read.

A file is written beside the tree, renamed into it, and synced with its folder before the index knows of it.
No name is used twice, which makes replacing atomic: the new file lies there before the index turns to it. A
power cut can leave a file in the tree that is not whole; no row claims it, and its name tells its digest.
"""

import logging
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import anyio

from service.archive.files.blobs import StoredFile
from service.archive.files.disk_troubles import disk_troubles
from service.archive.files.lengths import check_length
from service.archive.files.local.durable import write_durably
from service.archive.files.local.keeping import is_the_same, keep
from service.archive.files.local.local_file import LocalFile, length_of
from service.archive.files.spool import Arrived, FileInPlace, Spool, sweep
from service.errors import Unavailable
from service.troubles import trouble

T = TypeVar("T")
R = TypeVar("R")

_READ_BYTES = 2**20

_log = logging.getLogger(__name__)


class LocalBlobs:
    """The tree of stored files in a local folder."""

    is_remote = keeps_near = False
    limiter: anyio.CapacityLimiter | None = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "instances"
        self._root = str(self.folder)  # for every store: to make Paths takes as long as to move a file
        self.incoming = folder / "incoming"
        for place in (self.folder, self.incoming):
            place.mkdir(parents=True, exist_ok=True)

    def spool(self) -> Spool:
        """Return a place for bytes that are arriving."""
        return Spool(self.incoming)

    def sweep(self) -> None:
        """Remove what was left half-arrived by a crash: files that nobody has written to for a day."""
        sweep(self.incoming)

    def path(self, key: str) -> Path:
        """Return where a file lies."""
        return self.folder / key

    def open(self, key: str, size: int) -> LocalFile:
        """Return a file, to be read and closed.

        Raises:
            FileNotFoundError: it is gone.
            DamagedFile: it is not as long as what was stored.
            OSError: the system denies it.
        """
        descriptor = os.open(f"{self._root}/{key}", os.O_RDONLY)
        try:
            check_length(length_of(os.fstat(descriptor)), size)
        except BaseException:
            os.close(descriptor)
            raise
        return LocalFile(descriptor)

    def sizes(self, _: Mapping[str, int]) -> Callable[[str], int]:
        """Return how the sizes of files can be had: one look at each, when it is asked for."""
        return lambda key: length_of(os.stat(f"{self._root}/{key}"))  # noqa: PTH116 (of many, quickly)

    def put(self, files: Sequence[tuple[str, Spool]]) -> dict[str, Unavailable]:
        """Put files into the tree, their bytes on disk; return why, for each that could not be."""
        return keep(self._root, files)

    def is_gone(self, key: str) -> bool:
        """Tell whether a file is not in the tree."""
        return not os.path.exists(f"{self.folder}/{key}")  # noqa: PTH110 (asked for every frame)

    def holds(self, key: str, spool: Spool) -> bool:
        """Tell whether a file of the tree has the bytes of a spool, all of them."""
        return is_the_same(f"{self._root}/{key}", spool)

    @contextmanager
    def arrived(self, key: str) -> Iterator[Arrived]:
        """Lend a file of the tree as if it had just arrived."""
        yield FileInPlace(self.path(key))

    def chunks(self, key: str) -> Iterator[bytes]:
        """Yield all bytes of a file."""
        with self.path(key).open("rb") as file:
            while chunk := file.read(_READ_BYTES):
                yield chunk

    def digest(self, key: str, like: bytes | None = None) -> bytes:
        """Return the digest of a file, of the kind of another one."""
        return FileInPlace(self.path(key)).digest_like(like)

    def delete(self, keys: Sequence[str]) -> set[str]:
        """Remove files, and the folders that they leave empty; return the keys of those that are gone."""
        return set(filter(self._delete, keys))

    def _delete(self, key: str) -> bool:
        path = self.path(key)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            _log.error("%s cannot be removed: %s", key, error.strerror)
            return False
        for folder in (path.parent, path.parent.parent):
            with suppress(OSError):
                folder.rmdir()
        return True

    def has_files(self) -> bool:
        """Tell whether there is any file in the tree."""
        return next(self.folder.glob("*/*/*.dcm"), None) is not None

    def list(self) -> Iterator[StoredFile]:
        """Yield every file of the tree, in order of their names."""
        for study in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            for path in sorted(study.glob("*/*.dcm")):
                with suppress(FileNotFoundError):  # deleted meanwhile
                    found = path.lstat()
                    modified = datetime.fromtimestamp(found.st_mtime, UTC)
                    yield StoredFile(path.relative_to(self.folder).as_posix(), found.st_size, modified)

    def each(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Yield what a function makes of each item, one after the other: one disk is no faster for many."""
        return map(function, items)

    def note(self, name: str) -> str | None:
        """Return what is noted under a name, in a file beside the tree; None if nothing is."""
        try:
            return (self.folder.parent / name).read_text()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise trouble("a note beside the files cannot be read", error) from error

    def keep_note(self, name: str, text: str) -> None:
        """Note something in a file beside the tree; it is on disk when this returns."""
        write_durably(self.folder.parent / name, text)

    def drop_note(self, name: str) -> None:
        """Take a note away."""
        with disk_troubles():
            (self.folder.parent / name).unlink(missing_ok=True)

    def place(self, key: str = "") -> str:
        """Return where a file lies, or the tree."""
        return str(self.path(key))

    def check(self) -> None:
        """Prove that files can be written.

        Raises:
            Unavailable: they cannot.
        """
        if not self.folder.is_dir():
            raise Unavailable("the folder of stored files is gone")
        try:
            with tempfile.TemporaryFile(dir=self.incoming) as file:
                file.write(b"ready")
        except OSError as error:
            raise Unavailable("the folder of stored files cannot be written") from error

    def close(self) -> None:
        """Nothing is held open."""
