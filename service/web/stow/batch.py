"""Files of one request on their way into the archive: a few at a time, in the order they came."""

from service.archive import Archive
from service.archive.files.spool import Spool
from service.archive.index.owners.labels import Owner
from service.archive.stores.outcomes import Outcome, Stored
from service.errors import Refusal
from service.metrics import Metrics

_MAX_WAITING_BYTES = 4 * 2**20
_MAX_WAITING_FILES = 64


class Batch:
    """Whole files that wait to be stored together, and what became of those before them.

    Attributes:
        outcomes: of each instance, in the order they came.
    """

    def __init__(
        self, archive: Archive, study: str | None, owner: Owner, metrics: Metrics | None = None
    ) -> None:
        self.outcomes: list[Outcome] = []
        self._archive = archive
        self._study = study
        self._owner = owner
        self._metrics = metrics
        self._waiting: list[Spool] = []

    async def add(self, spool: Spool) -> None:
        """Take a whole file; store those that wait when they are enough."""
        self._waiting.append(spool)
        if (
            len(self._waiting) >= _MAX_WAITING_FILES
            or sum(spool.size for spool in self._waiting) >= _MAX_WAITING_BYTES
        ):
            await self.store()

    async def refuse(self, refusal: Refusal) -> None:
        """Note that an instance cannot be kept, after those before it are stored."""
        await self.store()
        self.outcomes.append(refusal.without_frames())

    async def store(self) -> None:
        """Store all that wait."""
        spools, self._waiting = self._waiting, []
        if not spools:
            return
        sizes = [spool.size for spool in spools]
        outcomes = await self._archive.take(spools, self._study, self._owner)
        self.outcomes += outcomes
        if self._metrics:
            for outcome, size in zip(outcomes, sizes, strict=True):
                kind = outcome.entered.value if isinstance(outcome, Stored) else "refused"
                self._metrics.stored(kind, size)

    def discard(self) -> None:
        """Forget what has not been stored."""
        for spool in self._waiting:
            spool.discard()
        self._waiting = []
