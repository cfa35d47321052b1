"""Notes of files that are about to come into the tree, kept beside it until their rows are written."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from service.archive.files.direct import write_all
from service.archive.files.spool import disk_troubles
from service.errors import Unavailable

_PREFIX = "batch-"


@dataclass(frozen=True, slots=True)
class Note:
    """A note.

    Attributes:
        path: where it lies.
        keys: of the files.
    """

    path: Path
    keys: Sequence[str]

    def discard(self) -> None:
        """Remove the note."""
        with suppress(OSError):
            self.path.unlink()


def written(folder: Path, keys: Sequence[str]) -> Note:
    """Write a note.

    Raises:
        Unavailable: the disk is full or read-only, or the folder is gone.
    """
    try:
        with disk_troubles():
            path = folder / f"{_PREFIX}{token_hex(8)}"
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                write_all(file, "".join(f"{key}\n" for key in keys).encode())
            except OSError:
                path.unlink()
                raise
            finally:
                os.close(file)
    except FileNotFoundError as error:
        raise Unavailable("the folder for files that arrive is gone") from error
    return Note(path, keys)


def notes_in(folder: Path) -> Iterator[Note]:
    """Yield the notes that are there; one that a kill has cut names what it still names."""
    for path in folder.glob(f"{_PREFIX}*"):
        with suppress(FileNotFoundError):
            yield Note(path, path.read_text(errors="replace").splitlines())
