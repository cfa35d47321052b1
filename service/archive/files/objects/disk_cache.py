"""A folder of this machine with what was read or written last, within a number of bytes.

Nothing depends on it: it may be emptied or removed at any time, by anybody, and its disk may be full. A file
in it is whole, for it gets its name when all of it is written. Names are never used twice, so that a file is
right for ever, and processes can share the folder: each sees what the others keep. What was not used for
longest goes first. A machine that starts anew begins with an empty one, as nothing is synced.
"""

import logging
import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from secrets import token_hex
from threading import Lock
from time import monotonic, time

from service.archive.files.direct import write_all, write_new
from service.archive.files.spool import Spool

_FILLED = 0.9  # of its room, to which it is emptied
_LARGEST = 0.25  # of its room, that one file may take
_USED_AGAIN = 60  # seconds, within which another use is not noted
_PAUSE = 30  # seconds without keeping anything, after a disk was full
_BOOT = Path("/proc/sys/kernel/random/boot_id")

_log = logging.getLogger(__name__)


class DiskCache:
    """The folder.

    Args:
        folder: is made when it is needed.
        max_bytes: of all files together.

    Attributes:
        on_look: is told of each look for what is to be read whether it was here.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._root = folder
        self._folder = folder / _boot()
        self._new = self._folder / "new"
        self._max_bytes = max_bytes
        self._bytes: int | None = None  # of all files, as far as it is known here
        self._counting = Lock()
        self._trimming = Lock()
        self._closed_until = 0.0
        self.on_look: Callable[[bool], None] = _unmeasured

    @property
    def is_open(self) -> bool:
        """Whether anything can be kept at the moment."""
        return monotonic() >= self._closed_until

    def takes(self, size: int) -> bool:
        """Tell whether so many bytes can be kept under one name."""
        return self.is_open and size <= self._max_bytes * _LARGEST

    def open(self, name: str, size: int) -> int | None:
        """Return a descriptor to read a file of this size with; None if it is not here."""
        path = self._path(name)
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            return None
        found = os.fstat(descriptor)
        if found.st_size != size:
            os.close(descriptor)
            self.drop([name])
            return None
        if time() - found.st_mtime > _USED_AGAIN:
            with suppress(OSError):
                os.utime(descriptor)
        return descriptor

    def has(self, name: str, size: int) -> bool:
        """Tell whether a file of this size is here."""
        with suppress(OSError):
            return os.stat(self._path(name)).st_size == size  # noqa: PTH116 (asked for every file of an answer)
        return False

    def keep(self, name: str, content: bytes) -> None:
        """Keep bytes, if there is room."""
        if self.takes(len(content)):
            self._keep(name, len(content), lambda path: write_new(path, content, write_all))

    def take(self, name: str, spool: Spool) -> None:
        """Keep what has arrived, if there is room; a file of its own needs not be written again."""
        if self.takes(spool.size):
            self._keep(name, spool.size, spool.give_to)

    def adopt(self, name: str, path: Path, size: int) -> None:
        """Keep a file that was written to a place of `new_path`."""
        self._keep(name, size, path.rename)

    def new_path(self) -> Path:
        """Return a place for a file that is being written.

        Raises:
            OSError: there is none.
        """
        self._new.mkdir(parents=True, exist_ok=True)
        return self._new / token_hex(8)

    def drop(self, names: Iterable[str]) -> None:
        """Forget files."""
        for name in names:
            with suppress(OSError):
                os.unlink(self._path(name))  # noqa: PTH108

    def sweep(self) -> None:
        """Remove what was kept before the machine was started."""
        with suppress(OSError):
            for old in self._root.iterdir():
                if old != self._folder:
                    shutil.rmtree(old, ignore_errors=True)

    def close(self, error: OSError) -> None:
        """Keep nothing for a while: the disk does not take it."""
        _log.warning("the cache keeps nothing for %s s: %s", _PAUSE, error.strerror)
        self._closed_until = monotonic() + _PAUSE

    def _keep(self, name: str, size: int, write: Callable[[Path], object]) -> None:
        """Write a file beside its place and name it there; what the disk does not take is not kept."""
        path = self._new / token_hex(8)
        try:
            try:
                write(path)
            except FileNotFoundError:  # the first one, or somebody has emptied the folder
                self._new.mkdir(parents=True, exist_ok=True)
                write(path)
            self._named(path, self._path(name))
        except FileNotFoundError:  # somebody empties the folder
            _remove(path)
        except OSError as error:
            _remove(path)
            self.close(error)
        else:
            self._count(size)

    def _named(self, path: Path, target: str) -> None:
        try:
            os.rename(path, target)  # noqa: PTH104
        except FileNotFoundError:
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            os.rename(path, target)  # noqa: PTH104

    def _count(self, size: int) -> None:
        with self._counting:
            if self._bytes is not None:
                self._bytes += size
            is_full = self._bytes is None or self._bytes > self._max_bytes
        if is_full and self._trimming.acquire(blocking=False):
            try:
                self._trim()
            finally:
                self._trimming.release()

    def _trim(self) -> None:
        """Count all files, whoever kept them; if they are too many, remove those not used for longest."""
        files = sorted(self._files())
        total = sum(size for _, size, _ in files)
        if total > self._max_bytes:
            for _, size, path in files:
                if total <= self._max_bytes * _FILLED:
                    break
                with suppress(OSError):
                    os.unlink(path)  # noqa: PTH108
                total -= size
        with self._counting:
            self._bytes = total

    def _files(self) -> Iterable[tuple[float, int, str]]:
        """Yield when each file was used last, its size, and where it lies."""
        with suppress(OSError):
            for folder in self._folder.iterdir():
                with suppress(OSError), os.scandir(folder) as entries:
                    for entry in entries:
                        with suppress(OSError):
                            found = entry.stat()
                            yield found.st_mtime, found.st_size, entry.path

    def _path(self, name: str) -> str:
        digest = blake2b(name.encode(), digest_size=16).hexdigest()
        return f"{self._folder}/{digest[:2]}/{digest[2:]}"


def _unmeasured(_is_here: bool) -> None:
    """Take no notice of a look."""


def _boot() -> str:
    """Return what this start of the machine is called."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return token_hex(8)  # nobody can tell: begin anew


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
