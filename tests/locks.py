"""Locks that another process holds."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(index: Path) -> Iterator[None]:
    """Hold the lock of a SQLite file that every writer needs."""
    other = sqlite3.connect(index, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()
