"""Whether the index is known to lack files of the tree: a note in a file beside both.

It is written before an index is emptied, or begun beside a full tree, and goes when reindex has come to its
end. Whatever ends it in between, all processes that serve the archive know.
"""

import os
from pathlib import Path

from service.archive.files.blobs import sync
from service.archive.files.spool import disk_troubles
from service.errors import Unavailable

_NOTE = "index-is-incomplete"


class Completeness:
    """The note. It names the index it is about, so that another one beside the same files is not doubted.

    Args:
        folder: where the archive is kept.
        index: what the index is called.
    """

    def __init__(self, folder: Path, index: str) -> None:
        self._note = folder / _NOTE
        self._index = index

    def doubt(self) -> None:
        """Note that the index lacks files; it is on disk when this returns."""
        with disk_troubles(), self._note.open("w") as note:
            note.write(self._index)
            note.flush()
            os.fsync(note.fileno())
        sync({self._note.parent})

    def confirm(self) -> None:
        """Take the note away: every file of the tree is in the index."""
        with disk_troubles():
            self._note.unlink(missing_ok=True)

    def check(self) -> None:
        """Return if nothing is known to be missing.

        Raises:
            Unavailable: the index lacks files of the tree.
        """
        if not self.is_certain:
            raise Unavailable(
                "the index is incomplete: it was begun beside stored files, or reindex has not come to its "
                "end; stop the server and run dicomweb-service reindex"
            )

    @property
    def is_certain(self) -> bool:
        """Whether nothing is known to be missing."""
        try:
            noted = self._note.read_text()
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False
        return noted not in ("", self._index)  # empty: the disk lost power before it had more
