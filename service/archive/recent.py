"""Where recently used instances lie, so that the next frame of a series costs no query.

An entry holds as long as its file does. Files are named by their content, and go when the row that names
them has gone: so a delete or replace by any process is noticed by one look at the file's name.
"""

from service.archive.files.blobs import LocalBlobs
from service.archive.index.database import Database
from service.archive.index.lookup import locate
from service.archive.instance import Located
from service.cache import Cache
from service.dicom.frames import EncapsulatedFrames
from service.dicom.instance import Uids

_MAX_BYTES = 16 * 2**20
_ENTRY_BYTES = 2048  # besides tables and descriptions, about


class RecentInstances:
    """The instances used last. For the event loop's thread alone."""

    def __init__(self, index: Database, blobs: LocalBlobs, max_bytes: int = _MAX_BYTES) -> None:
        self._index = index
        self._blobs = blobs
        self._cache: Cache[Located] = Cache(max_bytes)

    async def find(self, uids: Uids) -> Located:
        """Return where an instance lies.

        Raises:
            InstanceNotFound: it is not here.
        """
        located = self._cache.get(uids)
        if located and self._blobs.exists(located.instance.blob):
            return located
        self._cache.forget(uids)
        located = await self._index.read(locate, uids)
        self._cache.keep(uids, located, _size(located))
        return located


def _size(located: Located) -> int:
    """Return about how much memory an entry takes, in bytes."""
    table = located.frames.boundaries.nbytes if isinstance(located.frames, EncapsulatedFrames) else 0
    return _ENTRY_BYTES + table + len(located.image or b"")
