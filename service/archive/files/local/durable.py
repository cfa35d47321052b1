"""What is on the disk when it is said to be: names in folders, and short texts."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from service.archive.files.disk_troubles import disk_troubles


def sync(folders: Iterable[str | Path]) -> None:
    """Bring new names in these folders to the disk.

    Raises:
        Unavailable: the disk fails.
    """
    for folder in folders:
        with suppress(FileNotFoundError), disk_troubles():  # gone with the last file in it
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def write_durably(path: Path, text: str) -> None:
    """Write a text to a file.

    Raises:
        Unavailable: the disk is full or read-only, or fails.
    """
    with disk_troubles(), path.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    sync([path.parent])
