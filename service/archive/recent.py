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
        known = self._entries.get(uids)
        if known and self._blobs.exists(known.instance.blob):
            self._entries.move_to_end(uids)
            return known
        self._forget(uids)
        found = await self._index.read(locate, uids)
        self._remember(uids, found)
        return found

    def _remember(self, uids: Uids, found: Located) -> None:
        self._forget(uids)
        self._entries[uids] = found
        self._weight += _weight(found)
        while self._weight > _MAX_WEIGHT:
            _, oldest = self._entries.popitem(last=False)
            self._weight -= _weight(oldest)

    def _forget(self, uids: Uids) -> None:
        known = self._entries.pop(uids, None)
        self._weight -= _weight(known) if known else 0


def _weight(one: Located) -> int:
    """Return about how much memory an entry takes, in bytes."""
    table = one.frames.boundaries.nbytes if isinstance(one.frames, EncapsulatedFrames) else 0
    return _ENTRY_WEIGHT + table + len(one.image or b"")
