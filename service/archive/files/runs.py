"""Bytes of stored instances, on their way out: runs of them, in memory or where they lie in a file.

A run that is on its way to a client need not be read at all: it can be passed on as a place in an open file,
for the kernel to send. What is not on this machine yet is fetched in a thread.
"""

from collections.abc import AsyncIterator, Iterable

import anyio.to_thread

from service.archive.files.blobs import Blobs, OpenFile
from service.archive.files.file_run import RUN_BYTES, Chunk, FileRun
from service.archive.files.inflated import inflated_chunks
from service.archive.files.opened import opened
from service.archive.instance import Instance
from service.dicom.frames import Span
from service.transfer_syntaxes import DEFLATED

_MIN_FILE_RUN = 64 * 1024  # bytes; what is smaller is joined with its neighbours


async def read_run(blobs: Blobs, instance: Instance, span: Span) -> bytes:
    """Return a run of bytes of the data set's buffer: of the file, or of the inflated data set.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
        DamagedFile: it is not all there any more.
    """
    if instance.transfer_syntax == DEFLATED:
        return await anyio.to_thread.run_sync(read_run_now, blobs, instance, span)
    with opened(blobs, instance) as file:
        content = await _content(await _chunk(file, span.offset, span.length))
        if len(content) == span.length:
            return content
        chunks = [content]
        offset, end = span.offset + len(content), span.offset + span.length
        while offset < end:
            chunks.append(await _content(await _chunk(file, offset, end - offset)))
            offset += len(chunks[-1])
        return b"".join(chunks)


def read_run_now(blobs: Blobs, instance: Instance, span: Span) -> bytes:
    """Return what `read_run` returns, blocking: for worker threads that go on to work on it.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
        DamagedFile: it is not all there any more.
    """
    with opened(blobs, instance) as file:
        if instance.transfer_syntax == DEFLATED:
            with file.whole() as descriptor:
                return b"".join(inflated_chunks(descriptor, span))
        return read_now(file, span.offset, span.length)


def read_now(file: OpenFile, offset: int, length: int) -> bytes:
    """Return a run of bytes of a stored file, blocking: for worker threads."""
    chunks: list[bytes] = []
    end = offset + length
    while True:
        chunk = file.at_hand(offset, end - offset) or file.fetched(offset, end - offset)
        chunks.append(chunk.read_now() if isinstance(chunk, FileRun) else chunk)
        offset += len(chunk)
        if offset >= end:
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def stream(blobs: Blobs, instance: Instance, spans: Iterable[Span]) -> AsyncIterator[Chunk]:
    """Yield runs of the stored file, in chunks: where they lie, or read if they are small.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
        DamagedFile: it is not all there any more.
    """
    with opened(blobs, instance) as file:
        for offset, length in spans:
            start, end = offset, offset + length
            while start < end:
                chunk = await _chunk(file, start, min(RUN_BYTES, end - start))
                yield chunk if len(chunk) >= _MIN_FILE_RUN else await _content(chunk)
                start += len(chunk)


async def _chunk(file: OpenFile, offset: int, length: int) -> Chunk:
    """Return a run of a stored file, or its beginning."""
    run = file.at_hand(offset, length)
    if run is not None:
        return run
    return await anyio.to_thread.run_sync(file.fetched, offset, length, limiter=file.limiter)


async def _content(chunk: Chunk) -> bytes:
    return await chunk.read() if isinstance(chunk, FileRun) else chunk
