"""A stored object that is being read: where it is kept nearby, as a local file would be; else fetched."""

import os
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from service.archive.files.file_run import FileRun
from service.archive.files.objects.disk_cache import DiskCache
from service.archive.files.objects.fetching import WHOLE_BYTES, Fetching, piece_of


class ObjectFile:
    """An object. It holds one descriptor at a time: of the object kept whole, or of a piece of it.

    Args:
        key: of the object.
        size: in bytes.
        fetching: how it comes here.
        cache: where it is kept; None if nowhere.
    """

    def __init__(self, key: str, size: int, fetching: Fetching, cache: DiskCache | None) -> None:
        self._key = key
        self._size = size
        self._fetching = fetching
        self._cache = cache
        self._descriptor: int | None = None
        self._start = self._end = 0  # of what the descriptor has

    def at_hand(self, offset: int, length: int) -> FileRun | None:
        """Return where a run, or its beginning, lies nearby; None if it has to be fetched."""
        if not self._start <= offset < self._end:
            self._hold(offset)
        if self._descriptor is None:
            return None
        return FileRun(self._descriptor, offset - self._start, min(length, self._end - offset))

    def fetched(self, offset: int, length: int) -> bytes:
        """Return a run, or its beginning, fetched from the store."""
        return self._fetching.run(self._key, self._size, offset, length)

    def whole(self) -> AbstractContextManager[int]:
        """Lend the descriptor of a local file that has all of it."""
        return self._fetching.whole(self._key, self._size)

    def _hold(self, offset: int) -> None:
        """Open what the cache has around an offset, in place of what is open."""
        self._let_go()
        if self._cache is None:
            return
        whole = self._cache.open(self._key, self._size)
        if whole is not None:
            self._descriptor, self._start, self._end = whole, 0, self._size
        elif self._size > WHOLE_BYTES:
            piece = piece_of(self._key, self._size, offset)
            self._descriptor = self._cache.open(piece.name, piece.size)
            if self._descriptor is not None:
                self._start, self._end = piece.offset, piece.offset + piece.size
        self._cache.on_look(self._descriptor is not None)

    def _let_go(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            self._start = self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._let_go()
