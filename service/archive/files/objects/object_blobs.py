"""Stored files in an object store, with a cache on a disk of this machine that they are read through."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import anyio

from service.archive.digests import digest_of
from service.archive.files.blobs import StoredFile
from service.archive.files.objects.disk_cache import DiskCache
from service.archive.files.objects.fetching import Fetching
from service.archive.files.objects.object_file import ObjectFile
from service.archive.files.objects.object_store import ObjectStore
from service.archive.files.spool import Arrived, Spool, has_digest, sweep
from service.errors import Unavailable

T = TypeVar("T")
R = TypeVar("R")

_SIDE_BY_SIDE = 16  # calls of the store
_WAITING = 64  # threads that may wait for objects to be read
_HEADS = 16  # files of a series whose sizes are asked for one by one, and not by a list of all
_NOTES = ".notes/"  # before the keys of files, which begin with digits
_READY = f"{_NOTES}ready"


class ObjectBlobs:
    """The files, each an object of its own.

    Args:
        store: that keeps them.
        folder: of this machine, where files arrive.
        cache: what was read or written last; None if nothing is kept nearby.
    """

    is_remote = True

    def __init__(self, store: ObjectStore, folder: Path, cache: DiskCache | None) -> None:
        self.incoming = folder / "incoming"
        self.incoming.mkdir(parents=True, exist_ok=True)
        self._store = store
        self._cache = cache
        self._fetching = Fetching(store, cache, self.incoming)
        self.limiter: anyio.CapacityLimiter | None = anyio.CapacityLimiter(_WAITING)
        self._pool = ThreadPoolExecutor(_SIDE_BY_SIDE, "objects")

    @property
    def keeps_near(self) -> bool:
        """Whether there is a cache, and its disk is not full."""
        return self._cache is not None and self._cache.is_open

    def measure(self, on_call: Callable[[str, bool, float], None], on_look: Callable[[bool], None]) -> None:
        """Tell of calls of the store, and of looks into the cache, from now on."""
        self._store.on_call = on_call
        if self._cache is not None:
            self._cache.on_look = on_look

    def spool(self) -> Spool:
        """Return a place for bytes that are arriving."""
        return Spool(self.incoming)

    def open(self, key: str, size: int) -> ObjectFile:
        """Return an object, to be read and closed; whether it is there turns out when it is fetched."""
        return ObjectFile(key, size, self._fetching, self._cache)

    def sizes(self, expected: Mapping[str, int]) -> Callable[[str], int]:
        """Return how the sizes of objects can be had: those not in the cache are asked for now."""
        sizes: dict[str, int] = {}
        unknown: dict[str, list[str]] = defaultdict(list)
        for key, length in expected.items():
            if self._cache is not None and self._cache.has(key, length):
                sizes[key] = length
            else:
                unknown[key.rpartition("/")[0]].append(key)
        for found in self.each(self._sizes_of_some, _portions(unknown)):
            sizes |= found

        def size(key: str) -> int:
            if key not in sizes:
                raise FileNotFoundError("no such object")
            return sizes[key]

        return size

    def _sizes_of_some(self, portion: tuple[str, Sequence[str]]) -> dict[str, int]:
        """Return the sizes of those objects that are there; all have the same prefix."""
        prefix, keys = portion
        if len(keys) > 1:
            return {file.key: file.size for page in self._store.list(prefix) for file in page}
        with suppress(FileNotFoundError):
            return {keys[0]: self._store.head(keys[0]).size}
        return {}

    def put(self, files: Sequence[tuple[str, Spool]]) -> dict[str, Unavailable]:
        """Write objects, side by side; return why, for each that could not be written.

        Once the store is away for one of them, no other is begun: each would wait as long.
        """
        failures: dict[str, Unavailable] = {}
        away: list[Unavailable] = []

        def put(file: tuple[str, Spool]) -> None:
            key, spool = file
            if away:
                failures[key] = away[0]
                return
            try:
                content = spool.content
            except Unavailable as error:  # of the disk where it lies
                failures[key] = error
                return
            try:
                self._store.put(key, content, spool.digest)
            except Unavailable as error:
                failures[key] = error
                away.append(error)
                return
            if self._cache is not None:
                self._cache.take(key, spool)

        left = iter(files)

        def put_what_is_left(_: int) -> None:
            for file in left:
                put(file)

        if len(files) == 1:
            put(files[0])
        else:
            list(self._pool.map(put_what_is_left, range(min(len(files), _SIDE_BY_SIDE))))
        return failures

    def holds(self, key: str, spool: Spool) -> bool:
        """Tell whether an object has the bytes of a spool, by what was noted of it, else by its own."""
        try:
            head = self._store.head(key)
        except FileNotFoundError:
            return False
        return head.size == spool.size and has_digest(spool, head.digest or self.digest(key))

    def is_gone(self, _: str) -> bool:
        """Tell whether an object is known not to be there, which it never is."""
        return False

    @contextmanager
    def arrived(self, key: str) -> Iterator[Arrived]:
        """Lend an object as if it had just arrived."""
        spool = self.spool()
        try:
            for chunk in self.chunks(key):
                spool.write(chunk)
                if spool.wants_flush:
                    spool.flush()
            yield spool
        finally:
            spool.discard()

    def chunks(self, key: str) -> Iterator[bytes]:
        """Yield all bytes of an object, read anew."""
        return self._store.chunks(key)

    def digest(self, key: str, like: bytes | None = None) -> bytes:
        """Return the digest of an object, read anew, of the kind of another one."""
        return digest_of(self.chunks(key), like)

    def delete(self, keys: Sequence[str]) -> set[str]:
        """Remove objects, and return the keys of those that are gone."""
        if self._cache is not None:
            self._cache.drop(keys)
        gone: set[str] = set()
        with suppress(Unavailable):  # which has been logged
            for key in self._store.delete(keys):
                gone.add(key)
        return gone

    def list(self) -> Iterator[StoredFile]:
        """Yield every file, in order of their keys."""
        for page in self._store.list():
            yield from (file for file in page if not file.key.startswith(_NOTES))

    def has_files(self) -> bool:
        """Tell whether there is any file."""
        return next(self.list(), None) is not None

    def each(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Yield what a function makes of each item, in their order; some are under way at the same time."""
        under_way: deque[Future[R]] = deque()
        try:
            for item in items:
                under_way.append(self._pool.submit(function, item))
                if len(under_way) > _SIDE_BY_SIDE:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()

    def note(self, name: str) -> str | None:
        """Return what is noted under a name, in an object beside the files; None if nothing is."""
        try:
            return self._store.read(_NOTES + name).decode()
        except FileNotFoundError:
            return None

    def keep_note(self, name: str, text: str) -> None:
        """Note something in an object beside the files."""
        self._store.put(_NOTES + name, text.encode())

    def drop_note(self, name: str) -> None:
        """Take a note away."""
        list(self._store.delete([_NOTES + name]))

    def place(self, key: str = "") -> str:
        """Return the URL of an object, or of all."""
        return f"{self._store.url}/{key}" if key else self._store.url

    def sweep(self) -> None:
        """Remove what a crash left half-arrived, and what the cache kept before the machine started."""
        sweep(self.incoming)
        if self._cache is not None:
            self._cache.sweep()

    def check(self) -> None:
        """Prove that objects can be written, and files can arrive here."""
        self._store.put(_READY, b"ready")

    def close(self) -> None:
        """Let go of the threads; what they wait for is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _portions(keys_by_prefix: Mapping[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield what is asked for in one call: a few objects each for itself, many of a series together."""
    for prefix, keys in keys_by_prefix.items():
        if len(keys) > _HEADS:
            yield prefix, keys
        else:
            yield from ((prefix, [key]) for key in keys)
