"""A file of the tree that is being read."""

import os
import stat
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from service.archive.files.file_run import Chunk, FileRun
from service.errors import DamagedFile


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of the tree that is being read.

    Attributes:
        descriptor: of the open file.
    """

    descriptor: int

    def at_hand(self, offset: int, length: int) -> FileRun:
        """Return where a run lies."""
        return FileRun(self.descriptor, offset, length)

    def fetched(self, offset: int, length: int) -> Chunk:
        """Return where a run lies."""
        return FileRun(self.descriptor, offset, length)

    def whole(self) -> AbstractContextManager[int]:
        """Lend the file's descriptor."""
        return nullcontext(self.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.descriptor)


def length_of(found: os.stat_result) -> int:
    """Return the length of a file.

    Raises:
        DamagedFile: it is none.
    """
    if not stat.S_ISREG(found.st_mode):
        raise DamagedFile("another thing than a file is in its place")
    return found.st_size
