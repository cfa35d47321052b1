"""The stored files: a tree `<study>/<series>/<sop>.<of digest>-<version>.dcm` that other tools can read.

A file comes into the tree whole or not at all: written beside it, synced, renamed, and its folder synced.
No name is used twice, which makes replacing atomic: the new file lies there before the index turns to it.
"""

import logging
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from service.archive.files.spool import FileInPlace, Spool, disk_troubles
from service.errors import Unavailable

_MAX_AGE = 24 * 3600  # seconds; what arrives is written to all the time
_FOLDER_ATTEMPTS = 5

_log = logging.getLogger(__name__)


class LocalBlobs:
    """The tree of stored files in a local folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "instances"
        self.incoming = folder / "incoming"
        for place in (self.folder, self.incoming):
            place.mkdir(parents=True, exist_ok=True)

    def spool(self) -> Spool:
        """Return a place for bytes that are arriving."""
        return Spool(self.incoming)

    def sweep(self) -> None:
        """Remove what was left half-arrived by a crash: files that nobody has written to for a day."""
        for part in self.incoming.glob("part-*"):
            with suppress(OSError):
                if time.time() - part.stat().st_mtime > _MAX_AGE:
                    part.unlink()

    def path(self, key: str) -> Path:
        """Return where a file lies."""
        return self.folder / key

    def open(self, key: str) -> int:
        """Return a descriptor to read a file with."""
        return os.open(f"{self.folder}/{key}", os.O_RDONLY)

    def write(self, spool: Spool, key: str) -> None:
        """Write a file that is not whole in the tree beside it, as `keep` would; it can still be lost.

        Raises:
            Unavailable: the disk is full or read-only, or the folder is gone.
        """
        if not _is_as_long(self.path(key), spool):
            spool.to_file()

    def keep(self, spool: Spool, key: str) -> set[Path]:
        """Put a file into the tree, its bytes on disk; the same that is there already stays.

        What is there and is not the same, as a file that was cut or a link to one, is replaced.

        Returns:
            The folders to give to `sync` before the file is acknowledged.

        Raises:
            Unavailable: the disk is full or read-only, or the folder is gone.
        """
        target = self.path(key)
        if _is_the_same(target, spool):
            return {target.parent}
        for _ in range(_FOLDER_ATTEMPTS):
            with disk_troubles():
                changed = self._make_folders(target.parent)
            with suppress(FileNotFoundError):  # a delete took the empty folder away in between
                spool.move_to(target)
                return changed | {target.parent}
        raise Unavailable("the folder of stored files is gone")

    def _make_folders(self, folder: Path) -> set[Path]:
        """Create a folder below the tree's own, and return the ones whose contents changed by it.

        The tree's own is never made again: where it is gone, its disk may be, and nothing belongs there.
        """
        try:
            folder.mkdir()
        except FileExistsError:
            return set()
        except FileNotFoundError:
            if folder.parent == self.folder:
                raise Unavailable("the folder of stored files is gone") from None
            changed = self._make_folders(folder.parent)
            with suppress(FileExistsError):
                folder.mkdir()
            return changed | {folder.parent}
        return {folder.parent}

    def holds(self, key: str, spool: Spool) -> bool:
        """Tell whether a file of the tree has the bytes of a spool, all of them."""
        return _is_the_same(self.path(key), spool)

    def exists(self, key: str) -> bool:
        """Tell whether a file is in the tree."""
        return os.path.exists(f"{self.folder}/{key}")  # noqa: PTH110 (asked for every frame)

    def delete(self, key: str) -> bool:
        """Remove a file, and the folders that it leaves empty; tell whether the file is gone."""
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

    def all_keys(self) -> Iterator[str]:
        """Yield the key of every file in the tree, in order of their names."""
        for study in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            for path in sorted(study.glob("*/*.dcm")):
                yield path.relative_to(self.folder).as_posix()

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


def sync(folders: set[Path]) -> None:
    """Bring new names in these folders to the disk.

    Raises:
        Unavailable: the disk fails.
    """
    for folder in folders:
        with suppress(FileNotFoundError), disk_troubles():  # gone with the last file in it
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _is_the_same(path: Path, spool: Spool) -> bool:
    """Tell whether this is a file that holds the bytes of a spool."""
    with suppress(OSError):  # it cannot be read: no better than if it were gone
        return _is_as_long(path, spool) and FileInPlace(path).digest == spool.digest
    return False


def _is_as_long(path: Path, spool: Spool) -> bool:
    """Tell whether this is a file of its own, as long as a spool."""
    with suppress(OSError):
        found = path.lstat()
        return stat.S_ISREG(found.st_mode) and found.st_size == spool.size
    return False
