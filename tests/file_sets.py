"""Directories of File-sets, read by pydicom."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydicom.fileset import FileSet


@contextmanager
def opened(path: Path) -> Iterator[FileSet]:
    """Lend the File-set of a DICOMDIR; pydicom would leave its temporary folder to the garbage collector."""
    found = FileSet(path)
    try:
        yield found
    finally:
        found._stage["t"].cleanup()
