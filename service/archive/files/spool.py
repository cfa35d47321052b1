"""Bytes on their way in: a few in memory, many in a file, and files of the tree read in the same way."""

import errno
import mmap
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Protocol

from service.archive.digests import Hash, digest_of, earlier_digest_of, is_of_earlier_version
from service.archive.files.direct import write_all, write_new, write_past_cache
from service.archive.files.disk_troubles import disk_troubles
from service.dicom.encoding.elements import Buffer
from service.errors import Unavailable

_MAX_IN_MEMORY = 2**20  # bytes
_MAX_AGE = 24 * 3600  # seconds; what arrives is written to all the time
_COPIED_BYTES = 2**20  # at a time, from one file to another


class Arrived(Protocol):
    """Bytes that are all there."""

    size: int

    @property
    def digest(self) -> bytes:
        """The digest of all bytes."""

    def buffer(self) -> AbstractContextManager[Buffer]:
        """Lend all bytes, in memory or mapped."""


class Spool:
    """Bytes that are arriving: in memory while they are few, then in a file, hashed as they grow."""

    def __init__(self, folder: Path) -> None:
        self.size = 0
        self._folder = folder
        self._chunks: list[bytes] = []
        self._waiting = 0
        self._hash = Hash()
        self._file: int | None = None
        self._path: str | None = None  # to make a Path of it takes as long as to move the file
        self._whole: bytes | None = None
        self._digest: bytes | None = None

    @property
    def wants_flush(self) -> bool:
        """Tell whether enough is waiting in memory that `flush` should be called, in a thread."""
        return self._waiting > _MAX_IN_MEMORY

    def write(self, chunk: bytes) -> None:
        """Add bytes, in memory: never blocks."""
        self._chunks.append(chunk)
        self._waiting += len(chunk)
        self.size += len(chunk)

    def flush(self) -> None:
        """Move what waits in memory to the file."""
        with disk_troubles():
            file = self._new_file() if self._file is None else self._file
            for chunk in self._chunks:
                self._hash.update(chunk)
                write_all(file, chunk)
        self._chunks, self._waiting = [], 0

    @property
    def digest(self) -> bytes:
        """The digest of all bytes."""
        if self._digest is None:
            if self._file is None:
                self._hash.update(self._joined())
            else:
                self.flush()
            self._digest = self._hash.digest()
        return self._digest

    @contextmanager
    def buffer(self) -> Iterator[Buffer]:
        """Lend all bytes, in memory or mapped."""
        if self._file is None or not self.size:
            yield self._joined()
            return
        self.flush()
        with mmap.mmap(self._file, self.size, access=mmap.ACCESS_READ) as mapped:
            yield mapped

    def to_file(self) -> None:
        """Write all bytes to a file that is not synced yet, if they are in none."""
        with disk_troubles():
            if self._path is None:
                self._to_new_file()
            else:
                self.flush()

    @property
    def content(self) -> bytes | Path:
        """All bytes while they are few, else the file that has them: the spool's own, which is not synced."""
        if self._file is None:
            return self._joined()
        self.to_file()
        assert self._path is not None
        return Path(self._path)

    def give_to(self, target: Path) -> None:
        """Make the bytes a file at `target`, which is not synced: moved there, or copied.

        Raises:
            OSError: the disk does not take it.
        """
        content = self.content
        if isinstance(content, Path):
            try:
                content.rename(target)
                self._path = None
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                shutil.copyfile(content, target)
        else:
            write_new(target, content, write_past_cache)

    def move_to(self, target: str | Path) -> None:
        """Make the bytes a file at `target`; `sync` and its folder's sync bring it to the disk."""
        self.to_file()
        assert self._path is not None
        with disk_troubles():
            os.rename(self._path, target)  # noqa: PTH104 (strings, for every store)
            self._path = None

    def sync(self) -> None:
        """Bring the bytes of the file to the disk."""
        assert self._file is not None
        with disk_troubles():
            os.fsync(self._file)

    def _to_new_file(self) -> None:
        """Write all bytes or none to a new file: from memory, or from a file that was moved and deleted."""
        source = self._file
        file = self._new_file()
        try:
            if source is None:
                write_past_cache(file, self._joined())
            else:
                self._copy(source, file)
        except OSError:
            self._drop_file()
            self._file = source
            raise
        if source is not None:
            os.close(source)

    def _copy(self, source: int, file: int) -> None:
        for start in range(0, self.size, _COPIED_BYTES):
            write_all(file, os.pread(source, _COPIED_BYTES, start))

    def _new_file(self) -> int:
        try:
            path = f"{self._folder}/part-{token_hex(8)}"
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)  # less what the umask takes
        except FileNotFoundError as error:
            raise Unavailable("the folder for files that arrive is gone") from error
        self._path = path
        return self._file

    def discard(self) -> None:
        """Forget the bytes; a file that has been moved stays."""
        self._chunks, self._whole = [], None
        self._drop_file()

    def _drop_file(self) -> None:
        """Remove the file; what the disk does not let go is removed by age."""
        file, path = self._file, self._path
        self._file = self._path = None
        if path is not None:
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108 (a string)
        if file is not None:
            with suppress(OSError):
                os.close(file)

    def _joined(self) -> bytes:
        if self._whole is None:
            self._whole = b"".join(self._chunks)
            self._chunks = []
        return self._whole


class FileInPlace:
    """A file of the tree, read like a spool."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size = path.stat().st_size

    @property
    def digest(self) -> bytes:
        """The digest of the file."""
        return self.digest_like(None)

    def digest_like(self, other: bytes | None) -> bytes:
        """Return the digest of the file, of the kind of another one."""
        with self._path.open("rb") as file:
            return digest_of(iter(partial(file.read, _COPIED_BYTES), b""), other)

    @contextmanager
    def buffer(self) -> Iterator[Buffer]:
        """Lend all bytes, mapped."""
        if not self.size:
            yield b""
            return
        with self._path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield mapped


def has_digest(file: Arrived, digest: bytes) -> bool:
    """Tell whether a file has this digest, of whichever kind it is."""
    if not is_of_earlier_version(digest):
        return file.digest == digest
    with file.buffer() as buffer:
        return earlier_digest_of(buffer) == digest


def sweep(folder: Path) -> None:
    """Remove what a crash has left half-arrived in a folder: files that nobody has written to for a day."""
    for part in folder.glob("part-*"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > _MAX_AGE:
                part.unlink()
