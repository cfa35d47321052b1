"""What is kept: the index and the files."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread

from service.archive.completeness import Completeness
from service.archive.files.blobs import LocalBlobs
from service.archive.index.changes import remove
from service.archive.index.database import Database
from service.archive.index.lookup import check_tables
from service.archive.recent import RecentInstances
from service.archive.store import Store, bury
from service.errors import Unavailable

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Archive:
    """Everything that is open while the service runs.

    Attributes:
        index: the database.
        blobs: the files.
        store: how instances come in.
        recent: the instances used last, and where they lie.
        completeness: whether the index is known to lack files.
    """

    index: Database
    blobs: LocalBlobs
    store: Store
    recent: RecentInstances
    completeness: Completeness

    async def delete(self, study: str, series: str | None, instance: str | None) -> None:
        """Delete a study, one of its series or one instance; the files go after the rows.

        With the rows it is deleted: files that cannot go now are doomed, and go another time.

        Raises:
            StudyNotFound, SeriesNotFound, InstanceNotFound: it is not here.
        """
        await self.index.write(remove, study, series, instance)
        with suppress(Unavailable):
            await anyio.to_thread.run_sync(bury, self.index, self.blobs)

    def check(self) -> None:
        """Return if the index answers and is complete, and a file can be written. Blocks: for a thread.

        Raises:
            Unavailable: one of them cannot.
        """
        self.index.read_now(check_tables)
        self.blobs.check()
        self.completeness.check()

    def close(self) -> None:
        """Finish what is waiting and close the database."""
        self.index.close()


def open_archive(database_url: str, folder: Path, *, replace: bool) -> Archive:
    """Open the archive, and finish what an earlier process may have left half-done.

    Args:
        database_url: of a database that has been migrated.
        folder: of the files.
        replace: whether a store may replace an instance by another file with the same UIDs.
    """
    index, blobs = Database(database_url), LocalBlobs(folder)
    blobs.sweep()
    bury(index, blobs)
    completeness = Completeness(folder, index.name)
    with _told():
        completeness.check()
    return Archive(
        index, blobs, Store(index, blobs, replace=replace), RecentInstances(index, blobs), completeness
    )


@contextmanager
def _told() -> Iterator[None]:
    """Tell the log what is not as it should be, and go on."""
    try:
        yield
    except Unavailable as error:
        _log.error("%s", error.message)
