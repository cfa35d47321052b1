"""Files that no row claims: what stores leave that were refused or ended in between, and how it goes.

Before files come into the tree, their names are noted beside it. The note goes when all of them have their
rows. Of what is left of a store, or found at a start, those without rows are removed. So are files whose rows
are gone; nobody waits until an object store has removed its own.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue
from threading import Event, Lock, Thread

from service.archive.files.blobs import Blobs
from service.archive.files.notes import Note, Notes
from service.archive.index.engine.database import Database
from service.archive.index.lookups import doomed
from service.errors import Unavailable

_LAST_SECONDS = 5  # for what is being removed when the archive is closed
_NOTES = "notes"  # a folder beside the tree
_PAUSE, _LONGEST_PAUSE = 2, 16  # seconds between two attempts while index or files are away

_log = logging.getLogger(__name__)


class Leftovers:
    """What is left to be removed; a thread of its own tries again while index or files are away.

    Attributes:
        notes: of files that are under way.
    """

    def __init__(self, index: Database, blobs: Blobs) -> None:
        self._index = index
        self._blobs = blobs
        self.notes = Notes(blobs.incoming.parent / _NOTES, blobs.incoming)
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._is_to_bury = False
        self._starting = Lock()
        self._thread: Thread | None = None
        self._closing = Event()

    def clean(self) -> None:
        """Remove what an earlier process left, as far as it can be told by its notes, and what is doomed."""
        for note in self.notes.left():
            self._settle(note)
        remove_doomed_files(self._index, self._blobs)

    def finish(self, note: Note, *, all_have_rows: bool) -> None:
        """Take a note away when its files have rows or are not there; else when the index can be asked."""
        if all_have_rows or all(map(self._blobs.is_gone, note.keys)):
            note.discard()
            return
        self._do_later(partial(self._settle, note))

    def bury(self) -> None:
        """Remove the files whose rows are gone: in a folder now, in an object store without waiting for it.

        Raises:
            Unavailable: the index is away.
        """
        if not self._blobs.is_remote:
            remove_doomed_files(self._index, self._blobs)
        elif not self._is_to_bury:
            self._is_to_bury = True
            self._do_later(self._bury)

    def remove(self, keys: Sequence[str]) -> None:
        """Remove those of these files that are there and have no rows; without any, nothing is written."""
        kept = [key for key in keys if not self._blobs.is_gone(key)]
        for portion in doomed.portions(kept):
            self._index.write_now(doomed.doom_strays, portion)
        if kept:
            remove_doomed_files(self._index, self._blobs)

    def close(self) -> None:
        """Finish what is being removed, and leave the rest to the next start."""
        self._closing.set()
        self._tasks.put(None)
        if self._thread is not None:
            self._thread.join(_LAST_SECONDS)
        self.notes.close()

    def _do_later(self, task: Callable[[], None]) -> None:
        self._tasks.put(task)
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._work, name="leftovers", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        pause = _PAUSE
        while task := self._tasks.get():
            try:
                task()
                pause = _PAUSE
            except Unavailable:
                if self._closing.is_set():
                    return
                self._tasks.put(task)
                self._closing.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _bury(self) -> None:
        self._is_to_bury = False  # whoever wants it from now on may mean files that are not seen any more
        try:
            if remove_doomed_files(self._index, self._blobs):
                raise Unavailable("some files whose instances are deleted cannot be removed")
        except Unavailable:
            self._is_to_bury = True  # again
            raise

    def _settle(self, note: Note) -> None:
        self.remove(note.keys)
        note.discard()


def remove_doomed_files(index: Database, blobs: Blobs) -> int:
    """Remove the files whose rows are gone; return how many the disk does not let go: they stay doomed.

    Raises:
        Unavailable: the index is away.
    """
    keys = index.read_now(doomed.doomed_blobs)
    gone = blobs.delete(keys) if keys else set()
    if gone:
        index.write_now(doomed.bury, list(gone))
    if left := len(keys) - len(gone):
        _log.error("%s files whose instances are deleted cannot be removed: to be tried again", left)
    return left
