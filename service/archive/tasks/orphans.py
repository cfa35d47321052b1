"""Objects that no row claims, found by their age: what killed stores left whose notes are lost too.

Where files lie in an object store, it is listed a few times a day, by one process at a time. An object is an
orphan when it is a day old, for no store takes so long. Whoever would remove many at once is stopped: then
the index is more likely to be the wrong one than so many stores to have been killed.
"""

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import uniform

import anyio.to_thread

from service.archive import Archive
from service.archive.consistency.leftovers import remove_doomed_files
from service.archive.consistency.unclaimed import unclaimed
from service.archive.files.blobs import StoredFile
from service.archive.index.engine.turns import turn
from service.errors import DicomwebError

AGE = timedelta(hours=24)
_PAUSE = 4 * 3600, 8 * 3600  # seconds; processes that start together do not list together
_SHARE = 0.1  # of all files, that may be orphans
_FEW = 100  # orphans that there may be in any case

_log = logging.getLogger(__name__)


async def remove_orphans_regularly(archive: Archive) -> None:
    """Remove orphans again and again, until cancelled."""
    while archive.blobs.is_remote:
        await asyncio.sleep(uniform(*_PAUSE))  # noqa: S311
        try:
            await anyio.to_thread.run_sync(remove_orphans, archive, abandon_on_cancel=True)
        except DicomwebError as error:
            _log.error("orphans are looked for another time: %s", error.message)


def remove_orphans(archive: Archive, age: timedelta = AGE) -> int:
    """Remove the files that are older than this and have no rows, if nobody else does so; return how many.

    Raises:
        Unavailable: the index or the store is away, or the index is known to be incomplete.
    """
    with turn(archive.index, archive.blobs.incoming, "orphans") as is_ours:
        if not is_ours:
            return 0
        archive.completeness.check()
        remove_doomed_files(archive.index, archive.blobs)
        total = 0

        def old_files() -> Iterator[StoredFile]:
            nonlocal total
            limit = datetime.now(UTC) - age
            for file in archive.blobs.list():
                total += 1
                if file.modified <= limit:
                    yield file

        orphans = [file.key for file in unclaimed(archive.index, old_files())]
        if len(orphans) > max(_FEW, total * _SHARE):
            _log.error(
                "%s of %s files have no rows, and stay: do index and files belong together?",
                len(orphans),
                total,
            )
            return 0
        archive.leftovers.remove(orphans)
        if orphans:
            _log.info("%s files that no row claims have been removed", len(orphans))
        return len(orphans)
