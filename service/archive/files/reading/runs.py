"""Bytes of stored instances, on their way out: runs of them, in memory or where they lie in a file.

A run that is on its way to a client need not be read at all: it can be passed on as a place in an open file,
for the kernel to send. What is not on this machine yet is fetched in a thread.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence

import anyio.to_thread
import numpy as np

from service.archive.files.blobs import Blobs, OpenFile
from service.archive.files.file_run import RUN_BYTES, Chunk, FileRun
from service.archive.files.reading.inflated import inflated_chunks
from service.archive.files.reading.opened import opened
from service.archive.instance import Instance
from service.dicom.frames import Span
from service.transfer_syntaxes import DEFLATED

_AHEAD = 8  # files that are fetched at the same time, for one who wants them one after the other
_MIN_FILE_RUN = 64 * 1024  # bytes; what is smaller is joined with its neighbours


async def read_run(blobs: Blobs, instance: Instance, span: Span) -> bytes:
    """Return a run of bytes of the data set's buffer: of the file, or of the inflated data set.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
        DamagedFile: it is not all there any more.
    """
    if instance.transfer_syntax == DEFLATED:
        return await anyio.to_thread.run_sync(read_run_now, blobs, instance, span, limiter=blobs.limiter)
    with opened(blobs, instance) as file:
        content = await _content(await _chunk(blobs, file, span.offset, span.length))
        if len(content) == span.length:
            return content
        chunks = [content]
        offset, end = span.offset + len(content), span.offset + span.length
        while offset < end:
            chunks.append(await _content(await _chunk(blobs, file, offset, end - offset)))
            offset += len(chunks[-1])
        return b"".join(chunks)


async def read_run_behind(blobs: Blobs, instance: Instance, span: Span, margin: int) -> memoryview:
    """Return what `read_run` returns behind so many bytes without meaning, all of which may be written to.

    Raises:
        InstanceGone, DamagedFile: as `read_run` does.
    """
    buffer = np.empty(margin + span.length, np.uint8).data
    if instance.transfer_syntax != DEFLATED and span.length <= RUN_BYTES:
        with opened(blobs, instance) as file:
            run = file.at_hand(span.offset, span.length)
            if isinstance(run, FileRun) and run.length == span.length and run.read_into(buffer[margin:]):
                return buffer
    buffer[margin:] = await read_run(blobs, instance, span)
    return buffer


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
                chunk = await _chunk(blobs, file, start, min(RUN_BYTES, end - start))
                yield chunk if len(chunk) >= _MIN_FILE_RUN else await _content(chunk)
                start += len(chunk)


async def bring_near(blobs: Blobs, instance: Instance, offset: int = 0) -> None:
    """Fetch what lies around an offset of a stored file to this machine, if it would be kept here.

    Raises:
        InstanceGone, DamagedFile, Unavailable: as whoever reads it would.
    """
    if not blobs.keeps_near:
        return
    with opened(blobs, instance) as file:
        place = min(offset, max(instance.size - 1, 0))  # in what is inflated, an offset may lie beyond
        if file.at_hand(place, 1) is None:
            await anyio.to_thread.run_sync(file.fetched, place, 1, limiter=blobs.limiter)


async def bring_all_near(blobs: Blobs, instances: Sequence[Instance]) -> AsyncIterator[Instance]:
    """Yield instances in their order, and fetch the files of the next ones meanwhile."""
    if not blobs.keeps_near:
        for instance in instances:
            yield instance
        return
    under_way: deque[asyncio.Task[None]] = deque()
    try:
        for position, instance in enumerate(instances):
            while position + len(under_way) < min(position + _AHEAD, len(instances)):
                coming = instances[position + len(under_way)]
                under_way.append(asyncio.create_task(bring_near(blobs, coming)))
            await under_way.popleft()
            yield instance
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _chunk(blobs: Blobs, file: OpenFile, offset: int, length: int) -> Chunk:
    """Return a run of a stored file, or its beginning."""
    run = file.at_hand(offset, length)
    if run is not None:
        return run
    return await anyio.to_thread.run_sync(file.fetched, offset, length, limiter=blobs.limiter)


async def _content(chunk: Chunk) -> bytes:
    return await chunk.read() if isinstance(chunk, FileRun) else chunk
