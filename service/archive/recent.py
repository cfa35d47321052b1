"""Where recently used instances lie, so that the next frame of a series costs no query for its place.

An entry holds as long as its row has the same file, and for those alone whose scope has its study. Both are
asked anew for every request: what any process has deleted, replaced or given to another tenant is noticed at
once. Where the index tells by a number that nobody has written since, that is the answer.
"""

from dataclasses import dataclass

from service.archive.index.engine.database import Database
from service.archive.index.engine.together import Together
from service.archive.index.lookups.lookup import Standing, locate, standings
from service.archive.index.schema.scoped import holds
from service.archive.instance import Located
from service.cache import Cache
from service.dicom.frames import EncapsulatedFrames
from service.dicom.instance import Uids
from service.errors import InstanceNotFound
from service.scope import Scope

_MAX_BYTES = 16 * 2**20
_ENTRY_BYTES = 2048  # besides tables and descriptions, about


@dataclass(slots=True)
class _Entry:
    """An instance that was used.

    Attributes:
        located: where it lies.
        tenant: whose study it is of.
        moment: when both were so, as the index counts; None if it does not.
    """

    located: Located
    tenant: str | None
    moment: int | None


class RecentInstances:
    """The instances used last. For the event loop's thread alone."""

    def __init__(self, index: Database, max_bytes: int = _MAX_BYTES) -> None:
        self._index = index
        self._standings: Together[int, Standing] = Together(index, standings)
        self._cache: Cache[_Entry] = Cache(max_bytes)

    async def find(self, scope: Scope, uids: Uids) -> Located:
        """Return where an instance lies.

        Raises:
            InstanceNotFound: it is not here, or outside the scope.
        """
        entry = self._cache.get(uids)
        if entry is None or not await self._stands(entry):
            self._cache.forget(uids)
            entry = await self._looked_up(uids)
        if not holds(scope, uids.study, entry.tenant):
            raise InstanceNotFound(uids.instance)
        return entry.located

    async def _stands(self, entry: _Entry) -> bool:
        """Tell whether an entry is still as its row is, but for its tenant, who is looked up by the way."""
        moment = self._index.moment()
        if moment is not None and moment == entry.moment:
            return True
        instance = entry.located.instance
        standing = await self._standings.look_up(instance.key)
        if standing is None or (standing.digest, standing.version) != (instance.digest, instance.version):
            return False
        entry.tenant, entry.moment = standing.tenant, moment
        return True

    async def _looked_up(self, uids: Uids) -> _Entry:
        moment = self._index.moment()
        located, tenant = await self._index.read(locate, uids)
        entry = _Entry(located, tenant, moment)
        self._cache.keep(uids, entry, _size(located))
        return entry


def _size(located: Located) -> int:
    """Return about how much memory an entry takes, in bytes."""
    table = located.frames.boundaries.nbytes if isinstance(located.frames, EncapsulatedFrames) else 0
    return _ENTRY_BYTES + table + len(located.image or b"")
