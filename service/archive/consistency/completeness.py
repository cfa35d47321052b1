"""Whether the index is known to lack files: a note beside the files.

It is written before an index is emptied, or begun beside stored files, and goes when reindex has come to its
end. Whatever ends it in between, all processes that serve the archive know. An index that began while nobody
could tell whether there are files is looked at when that can be told.
"""

from contextlib import suppress
from itertools import islice

from service.archive.consistency.unclaimed import unclaimed
from service.archive.files.blobs import Blobs
from service.archive.index.engine.database import Database
from service.errors import Unavailable

_NOTE = "index-is-incomplete"
_UNCHECKED = "index-is-unchecked"
_LOOKED_AT = 1000  # files


class Completeness:
    """The note. It names the index it is about, so that another one beside the same files is not doubted.

    Args:
        blobs: the files.
        index: the index.
    """

    def __init__(self, blobs: Blobs, index: Database) -> None:
        self._blobs = blobs
        self._index = index
        self._unchecked = blobs.incoming.parent / _UNCHECKED

    def doubt(self) -> None:
        """Note that the index lacks files; it is there for good when this returns."""
        self._blobs.keep_note(_NOTE, self._index.name)

    def confirm(self) -> None:
        """Take the note away: every file is in the index."""
        self._blobs.drop_note(_NOTE)
        self._unchecked.unlink(missing_ok=True)

    def begin(self) -> None:
        """Doubt the index, which is about to be made, if there are files, or as long as nobody can tell."""
        try:
            if self._blobs.has_files():
                self.doubt()
        except Unavailable:
            self._unchecked.touch()

    def check(self) -> None:
        """Return if nothing is known to be missing.

        Raises:
            Unavailable: the index lacks files, or nobody can tell.
        """
        if self._unchecked.exists():
            self._look()
        if self._is_doubted():
            raise Unavailable(
                "the index is incomplete: it was begun beside stored files, or reindex has not come to its "
                "end; stop the server and run dicomweb-service reindex"
            )

    @property
    def is_certain(self) -> bool:
        """Whether nothing is known to be missing."""
        with suppress(Unavailable):
            self.check()
            return True
        return False

    def _look(self) -> None:
        """Look at some files: if the index lacks one of them, it was begun beside them."""
        if next(unclaimed(self._index, islice(self._blobs.list(), _LOOKED_AT)), None):
            self.doubt()
        self._unchecked.unlink(missing_ok=True)

    def _is_doubted(self) -> bool:
        noted = self._blobs.note(_NOTE)
        return noted in ("", self._index.name)  # empty: the disk lost power before it had more
