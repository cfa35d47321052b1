"""Where recently used instances lie, so that the next frame of a series costs no query.

An entry holds as long as its file does. Files are named by their content, and go when the row that names
them has gone: so a delete or replace by any process is noticed by one look at the file's name.
"""

from time import monotonic

from service.archive.files.blobs import LocalBlobs
from service.archive.index.database import Database
from service.archive.index.lookup import admits, locate
from service.archive.instance import Located
from service.cache import Cache
from service.dicom.frames import EncapsulatedFrames
from service.dicom.instance import Uids
from service.errors import InstanceNotFound
from service.scope import Scope

_MAX_BYTES = 16 * 2**20
_MAX_ADMISSION_BYTES = 2**20
_ADMISSION_BYTES = 512
_ADMITTED_SECONDS = 1  # until it is looked up again whose a study is
_ENTRY_BYTES = 2048  # besides tables and descriptions, about


class RecentInstances:
    """The instances used last. For the event loop's thread alone."""

    def __init__(self, index: Database, blobs: LocalBlobs, max_bytes: int = _MAX_BYTES) -> None:
        self._index = index
        self._blobs = blobs
        self._cache: Cache[Located] = Cache(max_bytes)
        self._admissions: Cache[float] = Cache(_MAX_ADMISSION_BYTES)

    async def find(self, scope: Scope, uids: Uids) -> Located:
        """Return where an instance lies.

        Raises:
            InstanceNotFound: it is not here, or outside the scope.
        """
        if not scope.is_everything and not await self._admits(scope, uids.study):
            raise InstanceNotFound(uids.instance)
        located = self._cache.get(uids)
        if located and self._blobs.exists(located.instance.blob):
            return located
        self._cache.forget(uids)
        located = await self._index.read(locate, scope, uids)
        self._cache.keep(uids, located, _size(located))
        return located

    def look_again(self) -> None:
        """Look up anew whose studies are: one has been given to somebody else."""
        self._admissions = Cache(_MAX_ADMISSION_BYTES)

    async def _admits(self, scope: Scope, study: str) -> bool:
        """Tell whether a study lies within a scope, or did a moment ago."""
        key = scope, study
        since = self._admissions.get(key)
        if since is not None and monotonic() - since < _ADMITTED_SECONDS:
            return True
        if not await self._index.read(admits, scope, study):
            self._admissions.forget(key)
            return False
        self._admissions.keep(key, monotonic(), _ADMISSION_BYTES)
        return True


def _size(located: Located) -> int:
    """Return about how much memory an entry takes, in bytes."""
    table = located.frames.boundaries.nbytes if isinstance(located.frames, EncapsulatedFrames) else 0
    return _ENTRY_BYTES + table + len(located.image or b"")
