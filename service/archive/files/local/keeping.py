"""How files come into the tree, many at a time: written beside it, named in it, and brought to the disk."""

import os
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from service.archive.files.disk_troubles import disk_troubles
from service.archive.files.local.durable import sync
from service.archive.files.spool import FileInPlace, Spool
from service.errors import Unavailable

_FOLDER_ATTEMPTS = 5

_Files = Sequence[tuple[str, Spool]]


def keep(root: str, files: _Files) -> dict[str, Unavailable]:
    """Put files into the tree, their bytes and names on disk; return why, for each that could not be.

    The same file that is there already stays; what is there and is not the same, as a file that was cut or a
    link to one, is replaced. All have their names before the first is synced: where the file system has a
    journal, that brings the names of all to the disk, and most of their bytes.

    Args:
        root: of the tree; it is never made again: where it is gone, its disk may be.
        files: key and bytes of each.
    """
    failures: dict[str, Unavailable] = {}
    folders: set[str] = set()

    def done(action: Callable[[str, Spool], None], files: _Files) -> _Files:
        """Do something with each file, and return those with which it could be done."""
        for key, spool in files:
            try:
                action(f"{root}/{key}", spool)
            except Unavailable as error:
                failures[key] = error
        return [file for file in files if file[0] not in failures] if failures else files

    def name(path: str, spool: Spool) -> None:
        folders.update(_named(root, path, spool))

    new = [(key, spool) for key, spool in files if not is_the_same(f"{root}/{key}", spool)]
    if len(new) < len(files):
        folders.update(_folder_of(f"{root}/{key}") for key, _ in files)
    written = done(lambda _, spool: spool.to_file(), new)
    done(lambda _, spool: spool.sync(), done(name, written))
    try:
        sync(folders)
    except Unavailable as error:  # and nobody knows of which files
        return {key: failures.get(key, error) for key, _ in files}
    return failures


def is_the_same(path: str, spool: Spool) -> bool:
    """Tell whether this is a file of its own that holds the bytes of a spool."""
    try:
        found = os.lstat(path)
        is_as_long = stat.S_ISREG(found.st_mode) and found.st_size == spool.size
        return is_as_long and FileInPlace(Path(path)).digest == spool.digest
    except OSError:  # it cannot be read: no better than if it were gone
        return False


def _named(root: str, path: str, spool: Spool) -> set[str]:
    """Give a file its name in the tree, and return the folders that have changed by it.

    Raises:
        Unavailable: the disk is full or read-only, or the folder is gone.
    """
    folder = _folder_of(path)
    changed = {folder}
    for _ in range(_FOLDER_ATTEMPTS):
        with suppress(FileNotFoundError):  # the first of its folder, or a delete took the folder away
            spool.move_to(path)
            return changed
        with disk_troubles():
            changed.update(map(str, _make_folders(Path(root), Path(folder))))
    raise Unavailable("the folder of stored files is gone")


def _make_folders(root: Path, folder: Path) -> set[Path]:
    """Create a folder below the tree's own, and return the ones whose contents changed by it."""
    try:
        folder.mkdir()
    except FileExistsError:
        return set()
    except FileNotFoundError:
        if folder.parent == root:
            raise Unavailable("the folder of stored files is gone") from None
        changed = _make_folders(root, folder.parent)
        with suppress(FileExistsError):
            folder.mkdir()
        return changed | {folder.parent}
    return {folder.parent}


def _folder_of(path: str) -> str:
    return path.rpartition("/")[0]
