"""Directories of File-sets, read by pydicom."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydicom.fileset import FileSet


@contextmanager
def opened(path: Path) -> Iterator[FileSet]:
    """Lend the File-set of a DICOMDIR; pydicom would leave its temporary folder to the garbage collector."""
    file_set = FileSet(path)
    try:
        yield file_set
    finally:
        file_set._stage["t"].cleanup()
