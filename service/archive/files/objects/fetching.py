"""Objects that are wanted, fetched in pieces: one for all who want it at the same time, and kept nearby.

An object of up to 16 MB is one piece, a longer one has pieces of 4 MB. Where none can be kept nearby, runs
alone are fetched, as they are wanted.
"""

import os
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import NamedTuple

from service.archive.files.direct import write_all
from service.archive.files.lengths import check_length
from service.archive.files.objects.disk_cache import DiskCache
from service.archive.files.objects.object_store import ObjectStore
from service.errors import Unavailable
from service.troubles import trouble

WHOLE_BYTES = 16 * 2**20  # up to which an object is one piece
_PIECE_BYTES = 4 * 2**20
_MEMORY_BYTES = 64 * 2**20  # up to which an object is read into memory where no disk takes it


class Piece(NamedTuple):
    """A piece of an object, as it is kept nearby.

    Attributes:
        name: under which it is kept.
        offset: where it begins in the object.
        size: in bytes.
    """

    name: str
    offset: int
    size: int


def piece_of(key: str, size: int, offset: int) -> Piece:
    """Return the piece of an object of this size that has the byte at `offset`."""
    if size <= WHOLE_BYTES:
        return Piece(key, 0, size)
    start = offset // _PIECE_BYTES * _PIECE_BYTES
    return Piece(f"{key} {start}", start, min(_PIECE_BYTES, size - start))


class Fetching:
    """Fetches objects of a store. Blocking, for worker threads.

    Args:
        store: that has them.
        cache: where they are kept nearby; None if nowhere.
        incoming: where files are written that are not kept.
    """

    def __init__(self, store: ObjectStore, cache: DiskCache | None, incoming: Path) -> None:
        self._store = store
        self._cache = cache
        self._incoming = incoming
        self._lock = Lock()
        self._under_way: dict[str, Future[bytes]] = {}

    def run(self, key: str, size: int, offset: int, length: int) -> bytes:
        """Return a run of an object, or its beginning; the piece that has it is kept nearby, if it can be.

        Raises:
            FileNotFoundError: the object is gone.
            DamagedFile: it is not as long as what was stored.
            Unavailable: it cannot be read at the moment.
        """
        piece = piece_of(key, size, offset)
        if self._cache is None or not self._cache.takes(piece.size):
            return self._read(key, size, offset, min(length, _PIECE_BYTES, size - offset))
        start = offset - piece.offset
        return self._piece(key, size, piece)[start : start + length]

    def _piece(self, key: str, size: int, piece: Piece) -> bytes:
        with self._lock:
            under_way = self._under_way.get(piece.name)
            future = under_way or self._under_way.setdefault(piece.name, Future())
        if under_way is not None:
            return under_way.result()
        try:
            content = self._read(key, size, piece.offset, piece.size)
            if self._cache is not None:
                self._cache.keep(piece.name, content)
            future.set_result(content)
        except BaseException as error:
            future.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._under_way[piece.name]
        return content

    def _read(self, key: str, size: int, offset: int, length: int) -> bytes:
        content, size_there = self._store.get(key, offset, length)
        check_length(size_there, size)
        check_length(len(content), length)
        return content

    @contextmanager
    def whole(self, key: str, size: int) -> Iterator[int]:
        """Lend the descriptor of a local file that has all of an object.

        Raises:
            FileNotFoundError, DamagedFile, Unavailable: as `run` does.
        """
        descriptor = self._opened(key, size)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _opened(self, key: str, size: int) -> int:
        if self._cache is not None:
            descriptor = self._cache.open(key, size)
            if descriptor is None and size <= WHOLE_BYTES and self._cache.takes(size):
                self._piece(key, size, Piece(key, 0, size))
                descriptor = self._cache.open(key, size)
            if descriptor is not None:
                return descriptor
        try:
            return self._written(key, size)
        except FileNotFoundError:
            raise
        except OSError as error:  # the disk does not take it
            if size > _MEMORY_BYTES or not hasattr(os, "memfd_create"):
                raise trouble("the stored file cannot be brought here", error) from error
        descriptor = os.memfd_create("object")
        self._write(descriptor, key, size)
        return descriptor

    def _written(self, key: str, size: int) -> int:
        """Return the descriptor of a new file with all of an object, which the cache keeps if it can."""
        cache = self._cache if self._cache is not None and self._cache.takes(size) else None
        path = cache.new_path() if cache else self._incoming / f"part-{token_hex(8)}"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        except FileNotFoundError as error:
            raise Unavailable("the folder for files that arrive is gone") from error
        try:
            self._write(descriptor, key, size)
            if cache:
                cache.adopt(key, path, size)
        except BaseException:
            os.close(descriptor)
            raise
        finally:
            with suppress(OSError):
                path.unlink()
        return descriptor

    def _write(self, descriptor: int, key: str, size: int) -> None:
        written = 0
        with closing(self._store.chunks(key)) as chunks:
            for chunk in chunks:
                write_all(descriptor, chunk)
                written += len(chunk)
        check_length(written, size)
