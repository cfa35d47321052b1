"""Notes of files that are about to come into the tree, kept beside it until their rows are written.

A note is a page, a file that is written again for the next store: to make a file for each, and to remove it,
takes longer than to write what it says. A process holds locks of its pages, which the system takes away with
it: what is written on a page without a lock is of a process that is no more.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from service.archive.files.disk_troubles import disk_troubles
from service.errors import Unavailable

_PREFIX = "batch-"


class Notes:
    """The notes of one process, and those that others have left.

    Args:
        folder: of the pages.
        earlier: where earlier versions have left theirs.
    """

    def __init__(self, folder: Path, earlier: Path) -> None:
        self._folder = folder
        self._folders = folder, earlier
        self._blank: list[_Page] = []
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, keys: Sequence[str]) -> "Note":
        """Write a note of files with these keys.

        Raises:
            Unavailable: the disk is full or read-only, or the folder is gone.
        """
        try:
            with disk_troubles():
                page = self._page()
                try:
                    page.write("".join([f"{key}\n" for key in keys]).encode())
                except OSError:
                    page.remove()
                    raise
        except FileNotFoundError as error:
            raise Unavailable("the folder for notes of files that arrive is gone") from error
        return Note(keys, page, self._blank)

    def left(self) -> Iterator["Note"]:
        """Yield the notes of processes that are no more; of one that a kill has cut, what is there."""
        for path in (path for folder in self._folders for path in folder.glob(f"{_PREFIX}*")):
            with suppress(FileNotFoundError):
                page = _Page(path, os.O_RDWR)
                if page.is_ours():
                    yield Note(page.read().splitlines(), page)
                else:
                    page.close()

    def close(self) -> None:
        """Remove the pages on which nothing is written."""
        while self._blank:
            self._blank.pop().remove()

    def _page(self) -> "_Page":
        with suppress(IndexError):
            while True:
                page = self._blank.pop()
                if page.is_there():
                    return page
                page.close()
        while True:
            page = _Page(self._folder / f"{_PREFIX}{token_hex(8)}", os.O_RDWR | os.O_CREAT | os.O_EXCL)
            if page.is_ours() and page.is_there():
                return page
            page.close()  # another process has just taken it for one that was left


class Note:
    """A note.

    Attributes:
        keys: of the files.
    """

    __slots__ = ("_blank", "_page", "keys")

    def __init__(self, keys: Sequence[str], page: "_Page", blank: "list[_Page] | None" = None) -> None:
        self.keys = keys
        self._page = page
        self._blank = blank

    def discard(self) -> None:
        """Forget the note; its page is for another one, or removed."""
        if self._blank is None or not self._page.clear():
            self._page.remove()
        else:
            self._blank.append(self._page)


class _Page:
    """A file that notes are written on, locked by its process."""

    __slots__ = ("_descriptor", "_path")

    def __init__(self, path: Path, flags: int) -> None:
        self._path = path
        self._descriptor = os.open(path, flags, 0o600)

    def is_ours(self) -> bool:
        """Take the lock, and tell whether no other process has it."""
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
        except OSError:  # a file system without locks
            return True
        return True

    def is_there(self) -> bool:
        """Tell whether the file still has its name."""
        return os.fstat(self._descriptor).st_nlink > 0

    def read(self) -> str:
        """Return what is written there. Through another descriptor it would cost the lock."""
        size = os.fstat(self._descriptor).st_size
        return os.pread(self._descriptor, size, 0).decode(errors="replace")

    def write(self, text: bytes) -> None:
        """Write on a page that is blank."""
        written = 0
        while written < len(text):
            written += os.pwrite(self._descriptor, text[written:], written)

    def clear(self) -> bool:
        """Make the page blank; tell whether it is."""
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            return True
        return False

    def remove(self) -> None:
        """Remove the file."""
        with suppress(OSError):
            self._path.unlink()
        self.close()

    def close(self) -> None:
        """Let go of the file, and its lock."""
        with suppress(OSError):
            os.close(self._descriptor)
