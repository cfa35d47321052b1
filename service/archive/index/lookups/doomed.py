"""Files that are to be removed: noted in the transaction in which their rows go, and removed after it.

Names of files are never used twice, so what is doomed never comes back. But a file that was taken for left
over may belong to a store that is still under way: its name is remembered, so that the store brings it anew.
"""

from collections.abc import Sequence
from time import time
from typing import TypeVar

import sqlalchemy as sa

from service.archive.index.engine.locks import locking
from service.archive.index.lookups.lookup import find
from service.archive.index.schema.tables import doomed, strays
from service.archive.instance import uids_of
from service.errors import InstanceNotFound
from service.scope import EVERYTHING

T = TypeVar("T")

_MAX_VALUES = 500  # of one IN
_FORGETTING = "doomed"  # the lock of those who take notes away, which would wait for each other's rows
_REMEMBERED = 7 * 24 * 3600  # seconds, of strays: no store is under way for so long


def doom(connection: sa.Connection, blobs: Sequence[str]) -> None:
    """Note files as doomed: their rows go in the same transaction, or never came."""
    if blobs:
        connection.execute(sa.insert(doomed), [{"blob": blob} for blob in blobs])


@locking(lambda blobs: {uids.study for uids in map(uids_of, blobs) if uids} | {_FORGETTING})
def doom_strays(connection: sa.Connection, blobs: Sequence[str]) -> None:
    """Doom those of these files that no row claims: a store may have left them, which has not been answered.

    One that is just being stored may be among them: its store finds it in `strays` then, and brings it again.
    """
    now = int(time())
    connection.execute(sa.delete(strays).where(strays.c.since < now - _REMEMBERED))
    for portion in portions(blobs):
        known = set(connection.scalars(sa.select(doomed.c.blob).where(doomed.c.blob.in_(portion))))
        new = [blob for blob in portion if blob not in known and _is_stray(connection, blob)]
        doom(connection, new)
        connection.execute(sa.delete(strays).where(strays.c.blob.in_(new)))
        if new:
            connection.execute(sa.insert(strays), [{"blob": blob, "since": now} for blob in new])


def _is_stray(connection: sa.Connection, blob: str) -> bool:
    uids = uids_of(blob)
    if uids is None:
        return False
    try:
        return find(connection, EVERYTHING, uids).blob != blob
    except InstanceNotFound:
        return True


def doomed_blobs(connection: sa.Connection) -> list[str]:
    """Return the files whose rows are gone."""
    return list(connection.scalars(sa.select(doomed.c.blob)))


@locking(lambda _blobs: [_FORGETTING])
def bury(connection: sa.Connection, blobs: Sequence[str]) -> None:
    """Forget doomed files that have been removed."""
    for portion in portions(blobs):
        connection.execute(sa.delete(doomed).where(doomed.c.blob.in_(portion)))


def portions(values: Sequence[T]) -> list[Sequence[T]]:
    """Return values in portions that one statement can name."""
    return [values[start : start + _MAX_VALUES] for start in range(0, len(values), _MAX_VALUES)]
