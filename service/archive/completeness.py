"""Whether the index is known to lack files: a note beside the files.

It is written before an index is emptied, or begun beside stored files, and goes when reindex has come to its
end. Whatever ends it in between, all processes that serve the archive know.
"""

from service.archive.files.blobs import Blobs
from service.errors import Unavailable

_NOTE = "index-is-incomplete"


class Completeness:
    """The note. It names the index it is about, so that another one beside the same files is not doubted.

    Args:
        blobs: the files.
        index: what the index is called.
    """

    def __init__(self, blobs: Blobs, index: str) -> None:
        self._blobs = blobs
        self._index = index

    def doubt(self) -> None:
        """Note that the index lacks files; it is there for good when this returns."""
        self._blobs.keep_note(_NOTE, self._index)

    def confirm(self) -> None:
        """Take the note away: every file is in the index."""
        self._blobs.drop_note(_NOTE)

    def check(self) -> None:
        """Return if nothing is known to be missing.

        Raises:
            Unavailable: the index lacks files.
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
            return self._blobs.note(_NOTE) not in (
                "",
                self._index,
            )  # empty: the disk lost power before it had more
        except Unavailable:
            return False
