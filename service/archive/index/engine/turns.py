"""Chores that one process does at a time, of all that serve an archive."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

import sqlalchemy as sa

from service.archive.index.engine.database import Database, available


@contextmanager
def turn(index: Database, folder: Path, chore: str) -> Iterator[bool]:
    """Take a turn at a chore for as long as the context lasts, and tell whether it is ours.

    PostgreSQL keeps turns for all machines; those who share an SQLite file share a folder.

    Args:
        index: the database.
        folder: of the processes of this machine.
        chore: what is done.

    Raises:
        Unavailable: the index is away.
    """
    if index.engine.dialect.name == "postgresql":
        key = int.from_bytes(blake2b(chore.encode(), digest_size=7).digest(), "big")
        with available(), index.engine.connect() as connection:
            yield bool(connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(key))))
        return
    with (folder / f"{chore}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
