"""Files that are to be removed: noted in the transaction in which their rows go, and removed after it."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import sqlalchemy as sa

from service.archive.index.lookup import find
from service.archive.index.tables import doomed
from service.archive.instance import uids_of
from service.errors import InstanceNotFound
from service.scope import EVERYTHING

T = TypeVar("T")

_MAX_VALUES = 500  # of one IN


def doom(connection: sa.Connection, blobs: Sequence[str]) -> None:
    """Note files as doomed: their rows go in the same transaction, or never came."""
    for portion in portions(blobs):
        connection.execute(sa.delete(doomed).where(doomed.c.blob.in_(portion)))
        connection.execute(sa.insert(doomed), [{"blob": blob} for blob in portion])


def doom_strays(connection: sa.Connection, blobs: Sequence[str]) -> None:
    """Doom those of these files that no row claims: a store may have left them, which has not been answered.

    One that is just being stored may be among them. It is spared when its row is written, or stored again.
    """
    doom(connection, [blob for blob in blobs if _is_stray(connection, blob)])


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


def bury(connection: sa.Connection, blobs: Sequence[str], delete: Callable[[str], bool]) -> int:
    """Remove files that are still doomed; one that was stored again meanwhile stays.

    Args:
        connection: in a writing transaction.
        blobs: which were doomed.
        delete: removes a file, and tells whether it is gone.

    Returns:
        How many are still there, and still doomed.
    """
    left = 0
    for portion in portions(blobs):
        still_doomed = connection.scalars(sa.select(doomed.c.blob).where(doomed.c.blob.in_(portion))).all()
        gone = [blob for blob in still_doomed if delete(blob)]
        connection.execute(sa.delete(doomed).where(doomed.c.blob.in_(gone)))
        left += len(still_doomed) - len(gone)
    return left


def portions(values: Sequence[T]) -> list[Sequence[T]]:
    """Return values in portions that one statement can name."""
    return [values[start : start + _MAX_VALUES] for start in range(0, len(values), _MAX_VALUES)]
