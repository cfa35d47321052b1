"""Before an archive is opened: an index that is old, lost, broken, or not of these files."""

import logging
from contextlib import suppress

from service.archive import Archive
from service.archive.consistency.completeness import Completeness
from service.archive.consistency.leftovers import remove_doomed_files
from service.archive.files.blobs import Blobs
from service.archive.index.engine.database import Database
from service.archive.index.lookups.lookup import has_instances
from service.archive.index.schema import versions
from service.errors import Unavailable

_log = logging.getLogger(__name__)


def migrate(database_url: str, blobs: Blobs) -> None:
    """Bring the index to the newest schema; one that begins beside stored files is noted to be incomplete.

    Raises:
        BrokenIndex: it cannot be used as it is.
    """
    if versions.revision(database_url) is None:
        index = Database(database_url)
        Completeness(blobs, index).begin()
        index.close()
    versions.upgrade(database_url)


def check_tree(archive: Archive, database_url: str) -> None:
    """Return if there are files where the index knows instances, or nobody can tell at the moment.

    Raises:
        Unavailable: the tree is gone, or another one.
    """
    try:
        has_files = archive.blobs.has_files()
    except Unavailable as error:
        _log.error("%s", error.message)
        return
    if not has_files and archive.index.read_now(has_instances):
        raise Unavailable(
            f"the index {versions.place(database_url)} knows instances, but no file is below "
            f"{archive.blobs.place()}: put the files back (is their disk mounted?), or run dicomweb-service "
            "reindex to begin without them"
        )


def renew(database_url: str, blobs: Blobs) -> None:
    """Take an index that cannot be used out of the way; files that it still knows to be doomed go first."""
    try:
        versions.revision(database_url, thorough=True)
    except versions.BrokenIndex as error:
        _log.warning("%s", error.message)
        index = Database(database_url)
        with suppress(Exception):  # whatever is wrong with it
            remove_doomed_files(index, blobs)
        index.close()
        versions.discard(database_url)
