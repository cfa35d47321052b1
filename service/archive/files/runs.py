"""Bytes of stored instances, on their way out: runs of them, whole files, and files converted.

Small runs that the page cache holds are read in the event loop, where a read costs less than a hop to a
thread; the kernel says without blocking when it would have to wait for the disk. A run that is on its way to
a client need not be read at all: it can be passed on as a place in an open file, for the kernel to send.
"""

import errno
import os
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import anyio.to_thread
import numpy as np

from service.archive.files.blobs import LocalBlobs
from service.archive.files.inflated import inflated_chunks
from service.archive.files.opened import opened, read_fully
from service.archive.instance import Instance
from service.dicom.frames import Span
from service.transfer_syntaxes import DEFLATED
from service.troubles import trouble

RUN_BYTES = 2**20  # of a run at most: what is longer goes out as several
_MIN_FILE_RUN = 64 * 1024  # bytes; what is smaller is joined with its neighbours
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
        """Return the bytes."""
        return await _read(self.descriptor, self.offset, self.length)

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


async def read_run(blobs: LocalBlobs, instance: Instance, span: Span) -> bytes:
    """Return a run of bytes of the data set's buffer: of the file, or of the inflated data set.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
        DamagedFile: it is not all there any more.
    """
    if instance.transfer_syntax == DEFLATED:
        return await anyio.to_thread.run_sync(read_run_now, blobs, instance, span)
    with opened(blobs, instance) as descriptor:
        return await _read(descriptor, span.offset, span.length)


def read_run_now(blobs: LocalBlobs, instance: Instance, span: Span) -> bytes:
    """Return what `read_run` returns, blocking: for worker threads that go on to work on it.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
        DamagedFile: it is not all there any more.
    """
    with opened(blobs, instance) as descriptor:
        if instance.transfer_syntax == DEFLATED:
            return b"".join(inflated_chunks(descriptor, span))
        return read_fully(descriptor, span.length, span.offset)


async def stream(blobs: LocalBlobs, instance: Instance, spans: Iterable[Span]) -> AsyncIterator[Chunk]:
    """Yield runs of the stored file, in chunks: where they lie, or read if they are small.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
        DamagedFile: it is not all there any more.
    """
    with opened(blobs, instance) as descriptor:
        for offset, length in spans:
            for start in range(offset, offset + length, RUN_BYTES):
                run = FileRun(descriptor, start, min(RUN_BYTES, offset + length - start))
                yield run if run.length >= _MIN_FILE_RUN else await run.read()


async def _read(descriptor: int, offset: int, length: int) -> bytes:
    if length <= RUN_BYTES:
        buffer = np.empty(length, np.uint8).data  # not filled with zeros first, as a bytearray is
        try:
            if os.preadv(descriptor, [buffer], offset, os.RWF_NOWAIT) == length:
                return buffer
        except OSError as error:
            if error.errno not in _WOULD_BLOCK:
                raise trouble("the stored file cannot be read", error) from error
    return await anyio.to_thread.run_sync(read_fully, descriptor, length, offset)
