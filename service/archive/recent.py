"""Where recently used instances lie, so that the next frame of a series costs no query.

An entry holds as long as its file does. Files are named by their content, and go when the row that names
them has gone: so a delete or replace by any process is noticed by one look at the file's name.
"""

from collections import OrderedDict

from service.archive.files.blobs import LocalBlobs
from service.archive.index.database import Database
from service.archive.index.lookup import locate
from service.archive.instance import Located
from service.dicom.frames import EncapsulatedFrames
from service.dicom.instance import Uids

_MAX_WEIGHT = 16 * 2**20  # bytes, about
_ENTRY_WEIGHT = 2048


class RecentInstances:
    """The instances used last, least recently used first. For the event loop's thread alone."""

    def __init__(self, index: Database, blobs: LocalBlobs) -> None:
        self._index = index
        self._blobs = blobs
        self._entries: OrderedDict[Uids, Located] = OrderedDict()
        self._weight = 0

    async def find(self, uids: Uids) -> Located:
        """Return where an instance lies.

        Raises:
            InstanceNotFound: it is not here.
        """
        located = self._entries.get(uids)
        if located and self._blobs.exists(located.instance.blob):
            self._entries.move_to_end(uids)
            return located
        self._forget(uids)
        located = await self._index.read(locate, uids)
        self._remember(uids, located)
        return located

    def _remember(self, uids: Uids, located: Located) -> None:
        self._forget(uids)
        self._entries[uids] = located
        self._weight += _weight(located)
        while self._weight > _MAX_WEIGHT:
            _, oldest = self._entries.popitem(last=False)
            self._weight -= _weight(oldest)

    def _forget(self, uids: Uids) -> None:
        located = self._entries.pop(uids, None)
        self._weight -= _weight(located) if located else 0


def _weight(located: Located) -> int:
    """Return about how much memory an entry takes, in bytes."""
    table = located.frames.boundaries.nbytes if isinstance(located.frames, EncapsulatedFrames) else 0
    return _ENTRY_WEIGHT + table + len(located.image or b"")
