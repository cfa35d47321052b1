"""What is kept: the index and the files."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import anyio.to_thread

from service.archive.consistency.completeness import Completeness
from service.archive.consistency.leftovers import Leftovers
from service.archive.files.blobs import Blobs
from service.archive.files.local.local_blobs import LocalBlobs
from service.archive.files.reading.converted import ConvertedFile
from service.archive.files.spool import Spool
from service.archive.index.engine.database import Database
from service.archive.index.engine.engines import CONNECTIONS
from service.archive.index.engine.witness import Note, Witness, noted
from service.archive.index.lookups.lookup import check_tables
from service.archive.index.owners.labels import Owner
from service.archive.index.writes.changes import remove
from service.archive.index.writes.giving import give
from service.archive.recent import RecentInstances
from service.archive.revisions import SeriesRevisions
from service.archive.stores.joint import JointStores
from service.archive.stores.outcomes import Outcome
from service.archive.stores.store import Store
from service.cache import Cache
from service.errors import Unavailable
from service.scope import Scope
from service.threads import Threads

_CHECK_SECONDS = 0.8
_REMOTE_CHECK_SECONDS = 5  # a slow store is no reason to take the service out of use
_CONVERSIONS_BYTES = 2**25
_STORES = 40  # at a time; they wait for the disk, and for their turn to write

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Archive:
    """Everything that is open while the service runs.

    Attributes:
        index: the database.
        blobs: the files.
        store: how instances come in.
        recent: the instances used last, and where they lie.
        revisions: of the series used last.
        completeness: whether the index is known to lack files.
        leftovers: how files go that have no rows.
        stores: the threads in which files are stored.
        joint: how small stores are done together.
        conversions: files that were made anew last on their way out.
        checks: the thread in which it is looked whether all of it works; nobody else keeps it waiting.
    """

    index: Database
    blobs: Blobs
    store: Store
    recent: RecentInstances
    revisions: SeriesRevisions
    completeness: Completeness
    leftovers: Leftovers
    stores: Threads
    joint: JointStores
    conversions: Cache[ConvertedFile] = field(default_factory=partial(Cache, _CONVERSIONS_BYTES))
    checks: Threads = field(default_factory=partial(Threads, 1))

    async def delete(
        self,
        scope: Scope,
        study: str,
        series: str | None,
        instance: str | None,
        witness: Witness | None = None,
    ) -> None:
        """Delete a study, one of its series or one instance; the files go after the rows.

        With the rows it is deleted: files that cannot go now are doomed, and go another time.

        Raises:
            StudyNotFound, SeriesNotFound, InstanceNotFound: it is not here, or outside the scope.
        """
        await self.index.write(remove, scope, study, series, instance, witness)
        with suppress(Unavailable):
            await anyio.to_thread.run_sync(self.leftovers.bury, limiter=self.index.writers)

    async def give(self, scope: Scope, study: str, tenant: str | None, note: Note | None = None) -> None:
        """Give a study to a tenant, or to nobody (None); that holds at once in all processes.

        Raises:
            StudyNotFound: it is not here, or outside the scope.
        """
        await self.index.write(noted(give, note), scope, study, tenant)

    async def take(self, spools: Sequence[Spool], study: str | None, owner: Owner) -> list[Outcome]:
        """Store whole files, as `Store.batch` does, in a thread; small ones together with those of others."""
        if self.blobs.is_remote:  # which waits for each file by itself
            return await self.stores.run(partial(self.store.batch, spools, study, owner))
        return await self.joint.take(spools, study, owner)

    async def check(self) -> None:
        """Return if the index answers and is complete, and a file can be written; without waiting for long.

        Raises:
            Unavailable: something of it cannot be, or takes too long.
        """
        try:
            with anyio.fail_after(_REMOTE_CHECK_SECONDS if self.blobs.is_remote else _CHECK_SECONDS):
                await self.checks.run(self._check)
        except TimeoutError as error:
            raise Unavailable("the index or what keeps the files does not answer in time") from error

    def _check(self) -> None:
        self.index.read_now(check_tables)
        self.blobs.check()
        self.completeness.check()

    def close(self) -> None:
        """Finish what is waiting and close the database."""
        self.checks.close()
        self.stores.close()
        self.leftovers.close()
        self.index.close()
        self.blobs.close()


def open_archive(
    database_url: str, files: Blobs | Path, *, replace: bool, connections: int = CONNECTIONS
) -> Archive:
    """Open the archive, and finish what an earlier process may have left half-done.

    Args:
        database_url: of a database that has been migrated.
        files: what keeps them, to be closed with the archive; or the folder where they lie.
        replace: whether a store may replace an instance by another file with the same UIDs.
        connections: to the database, at most.
    """
    index = Database(database_url, connections)
    blobs = LocalBlobs(files) if isinstance(files, Path) else files
    blobs.sweep()
    leftovers, completeness = Leftovers(index, blobs), Completeness(blobs, index)
    try:
        completeness.check()
        leftovers.clean()
    except Unavailable as error:  # of an index that lacks rows nobody can tell which files have none
        _log.error("%s", error.message)
    store, stores = Store(index, blobs, leftovers, replace=replace), Threads(_STORES)
    return Archive(
        index,
        blobs,
        store,
        RecentInstances(index),
        SeriesRevisions(index),
        completeness,
        leftovers,
        stores,
        JointStores(store.batch, stores),
    )
