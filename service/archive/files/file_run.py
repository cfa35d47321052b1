"""Runs of open files of this machine: read at once where the page cache has them, or in a thread.

A small run that the page cache holds is read in the event loop, where a read costs less than a hop to a
thread; the kernel says without blocking when it would have to wait for the disk.
"""

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass

import anyio.to_thread
import numpy as np

from service.errors import DamagedFile
from service.troubles import trouble

RUN_BYTES = 2**20  # of a run at most: what is longer goes out as several
_MAX_READ = 2**30  # bytes; the system reads no more than twice as much at once
_READ_AHEAD = 128 * 1024  # bytes; about what the kernel reads at once, and has at once
_LOOK = bytearray(1)
_WOULD_BLOCK = (errno.EAGAIN, errno.EOPNOTSUPP, errno.ENOSYS)


@dataclass(frozen=True, slots=True)
class FileRun:
    """A run of bytes of an open file, valid until the next one is asked for."""

    descriptor: int
    offset: int
    length: int

    def __len__(self) -> int:
        return self.length

    async def read(self) -> bytes:
        """Return the bytes.

        Raises:
            DamagedFile: the file ends before.
            Unavailable: the system does not let it be read.
        """
        if self.length <= RUN_BYTES:
            buffer = np.empty(self.length, np.uint8).data  # not filled with zeros first, as a bytearray is
            if self.read_into(buffer):
                return buffer
        return await anyio.to_thread.run_sync(self.read_now)

    def read_into(self, buffer: memoryview) -> bool:
        """Fill a buffer of this length, and tell so, if the disk need not be waited for.

        Raises:
            Unavailable: the system does not let it be read.
        """
        try:
            return os.preadv(self.descriptor, [buffer], self.offset, os.RWF_NOWAIT) == self.length
        except OSError as error:
            if error.errno not in _WOULD_BLOCK:
                raise trouble("the stored file cannot be read", error) from error
            return False

    def read_now(self) -> bytes:
        """Return what `read` returns, blocking: for worker threads."""
        return read_fully(self.descriptor, self.length, self.offset)

    def is_cached(self) -> bool:
        """Tell whether the page cache seems to hold them, by looking at some without waiting for the disk."""
        last = self.offset + self.length - 1
        try:
            for place in (*range(self.offset, last, _READ_AHEAD), last):
                os.preadv(self.descriptor, [_LOOK], place, os.RWF_NOWAIT)
        except OSError:  # what is wrong, who reads them will see
            return False
        return True


Chunk = bytes | FileRun


@dataclass(frozen=True, slots=True)
class ChunkGroup:
    """Chunks that go out one after the other, all of them valid until the next group is asked for.

    Attributes:
        chunks: in their order.
        length: of all together.
    """

    chunks: Sequence[Chunk]
    length: int

    def __len__(self) -> int:
        return self.length


def read_fully(descriptor: int, length: int, offset: int) -> bytes:
    """Return a run of bytes of an open file.

    Raises:
        DamagedFile: the file ends before.
        Unavailable: the system does not let it be read.
    """
    try:
        content = os.pread(descriptor, min(length, _MAX_READ), offset)
        if len(content) == length:
            return content
        chunks = [content]
        while content and (length := length - len(content)):
            offset += len(content)
            content = os.pread(descriptor, min(length, _MAX_READ), offset)
            chunks.append(content)
    except OSError as error:
        raise trouble("the stored file cannot be read", error) from error
    if length:
        raise DamagedFile(f"{length} bytes are missing at its end")
    return b"".join(chunks)
