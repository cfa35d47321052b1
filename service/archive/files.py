"""Bytes of stored instances, on their way out: runs of them, whole files, and files converted.

Small runs that the page cache holds are read in the event loop, where a read costs less than a hop to a
thread; the kernel says without blocking when it would have to wait for the disk.
"""

import errno
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import anyio.to_thread
import numpy as np

from service.archive.blobs import LocalBlobs
from service.archive.inflated import inflated_chunks
from service.archive.instances import Instance
from service.dicom.frames import Span
from service.dicom.part10 import DEFLATED, NEVER_SENT
from service.errors import InstanceGone

CHUNK_BYTES = 2**20
_WOULD_BLOCK = (errno.EAGAIN, errno.EOPNOTSUPP, errno.ENOSYS)


def sent_as_stored(instance: Instance) -> bool:
    """Tell whether the file can go out as it is: PS3.18 8.7.3 forbids three transfer syntaxes."""
    return instance.conformant and instance.transfer_syntax not in NEVER_SENT


async def read_run(blobs: LocalBlobs, instance: Instance, span: Span) -> bytes:
    """Return a run of bytes of the data set's buffer: of the file, or of the inflated data set.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
    """
    if instance.transfer_syntax == DEFLATED:
        return await anyio.to_thread.run_sync(read_run_now, blobs, instance, span)
    with opened(blobs, instance) as descriptor:
        return await _read(descriptor, span.offset, span.length)


def read_run_now(blobs: LocalBlobs, instance: Instance, span: Span) -> bytes:
    """Return what `read_run` returns, blocking: for worker threads that go on to work on it.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
    """
    if instance.transfer_syntax == DEFLATED:
        with still_here(instance):
            return b"".join(inflated_chunks(blobs.path(instance.blob), span))
    with opened(blobs, instance) as descriptor:
        return os.pread(descriptor, span.length, span.offset)


async def stream(blobs: LocalBlobs, instance: Instance, offset: int, length: int) -> AsyncIterator[bytes]:
    """Yield `length` bytes of the stored file from `offset`, in chunks.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
    """
    with opened(blobs, instance) as descriptor:
        for start in range(offset, offset + length, CHUNK_BYTES):
            yield await _read(descriptor, start, min(CHUNK_BYTES, offset + length - start))


async def _read(descriptor: int, offset: int, length: int) -> bytes:
    if length <= CHUNK_BYTES:
        buffer = np.empty(length, np.uint8).data  # not filled with zeros first, as a bytearray is
        try:
            if os.preadv(descriptor, [buffer], offset, os.RWF_NOWAIT) == length:
                return buffer
        except OSError as error:
            if error.errno not in _WOULD_BLOCK:
                raise
    return await anyio.to_thread.run_sync(os.pread, descriptor, length, offset)


@contextmanager
def opened(blobs: LocalBlobs, instance: Instance) -> Iterator[int]:
    """Lend a descriptor of a stored file.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
    """
    with still_here(instance):
        descriptor = blobs.open(instance.blob)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def still_here(instance: Instance) -> Iterator[None]:
    """Say of a file that is missing what has become of its instance.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise InstanceGone(instance.uids.instance) from error
