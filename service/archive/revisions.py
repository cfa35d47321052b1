"""Which revision a series is of, so that what was made of it is found again without looking it up anew.

Asked for every request, as `recent` asks for instances: any process may have changed the series, or given its
study to another tenant. Where the index tells by a number that nobody has written since, that is the answer.
"""

from dataclasses import dataclass

from service.archive.index.engine.database import Database
from service.archive.index.engine.together import Together
from service.archive.index.lookups.metadata import revisions_of
from service.archive.index.schema.scoped import holds
from service.cache import Cache
from service.errors import SeriesNotFound
from service.scope import Scope

_ENTRY_BYTES, _MAX_BYTES = 512, 2**20


@dataclass(frozen=True, slots=True)
class _Entry:
    """A series that was used.

    Attributes:
        revision: of it.
        tenant: whose study it is of.
        moment: when both were so, as the index counts; None if it does not.
    """

    revision: int
    tenant: str | None
    moment: int | None


class SeriesRevisions:
    """The revisions of the series used last. For the event loop's thread alone."""

    def __init__(self, index: Database) -> None:
        self._index = index
        self._revisions: Together[tuple[str, str], tuple[int, str | None]] = Together(index, revisions_of)
        self._cache: Cache[_Entry] = Cache(_MAX_BYTES)

    async def find(self, scope: Scope, study: str, series: str) -> int:
        """Return a number that is another one whenever an instance of a series comes, goes or is replaced.

        Raises:
            SeriesNotFound: the series is not here, or outside the scope.
        """
        key = study, series
        moment, entry = self._index.moment(), self._cache.get(key)
        if entry is None or moment is None or entry.moment != moment:
            found = await self._revisions.look_up(key)
            if found is None:
                raise SeriesNotFound(series)
            entry = _Entry(*found, moment)
            self._cache.keep(key, entry, _ENTRY_BYTES)
        if not holds(scope, study, entry.tenant):
            raise SeriesNotFound(series)
        return entry.revision
