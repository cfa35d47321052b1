"""How much the archive has, counted now and then, because every row is looked at."""

from time import monotonic

from service.archive.index.engine.database import Database
from service.archive.index.queries.sizes import Sizes, sizes

_FRESH_SECONDS = 30
_SHARE = 100  # rows are counted for at most one hundredth of the time


class ArchiveSizes:
    """How much the archive has, or had a moment ago. For the event loop's thread alone."""

    def __init__(self, index: Database) -> None:
        self._index = index
        self._sizes: Sizes | None = None
        self._until = 0.0

    async def current(self) -> Sizes:
        """Return how much there is, or was a moment ago."""
        if self._sizes is None or monotonic() >= self._until:
            begin = monotonic()
            self._until = begin + _FRESH_SECONDS  # others do not count meanwhile
            self._sizes = await self._index.read(sizes)
            self._until = monotonic() + max(_FRESH_SECONDS, _SHARE * (monotonic() - begin))
        return self._sizes
