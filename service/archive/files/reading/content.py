"""The bytes of one answer, of which any run can be asked for: in memory, or where they lie in a file."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import anyio.to_thread

from service.archive.files.blobs import Blobs
from service.archive.files.file_run import RUN_BYTES, Chunk, FileRun
from service.archive.files.reading.converted import ConvertedFile
from service.archive.files.reading.inflated import inflated_chunks
from service.archive.files.reading.opened import check_in_thread, opened
from service.archive.files.reading.runs import read_now, read_run, stream
from service.archive.instance import Instance
from service.cache import Cache
from service.dicom.encoding.words import ITEM_HEADER, ITEM_TAG, SEQUENCE_END_TAG, swapped
from service.dicom.frames import EncapsulatedFrames, FrameTable, NativeFrames, Span
from service.dicom.json.writer import Bulkdata
from service.errors import DamagedFile
from service.transfer_syntaxes import DEFLATED


class Content(Protocol):
    """Bytes of which any run can be asked for."""

    @property
    def size(self) -> int:
        """Return how many there are."""

    def read(self, offset: int, length: int) -> AsyncIterator[bytes]:
        """Yield a run of the bytes, in chunks."""

    def runs(self, offset: int, length: int) -> AsyncIterator[Chunk]:
        """Yield a run of the bytes, in chunks: in memory, or where they lie in a file."""


class InMemory:
    """Bytes that have been read."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.size = len(content)

    async def read(self, offset: int, length: int) -> AsyncIterator[bytes]:
        """Yield a run of the bytes."""
        whole = not offset and length == self.size
        yield self._content if whole else self._content[offset : offset + length]

    runs = read  # as they are in memory anyway


@dataclass(frozen=True, slots=True)
class InFile:
    """Runs of a stored file, joined."""

    blobs: Blobs
    instance: Instance
    spans: Sequence[Span]

    @property
    def size(self) -> int:
        """Return the length of all runs together."""
        return sum(span.length for span in self.spans)

    def runs(self, offset: int, length: int) -> AsyncIterator[Chunk]:
        """Yield a run of the joined bytes, in chunks: read, or where they lie."""
        return stream(self.blobs, self.instance, self._clipped(offset, length))

    async def read(self, offset: int, length: int) -> AsyncIterator[bytes]:
        """Yield a run of the joined bytes, in chunks."""
        async for chunk in self.runs(offset, length):
            yield await chunk.read() if isinstance(chunk, FileRun) else chunk

    def _clipped(self, offset: int, length: int) -> Iterator[Span]:
        for span in self.spans:
            start, end = min(offset, span.length), min(offset + length, span.length)
            if end > start:
                yield Span(span.offset + start, end - start)
            length -= end - start
            offset = max(0, offset - span.length)


@dataclass(frozen=True, slots=True)
class Generated:
    """Bytes that are generated while they are read, in worker threads.

    Attributes:
        generate: offset and length in bytes → those bytes in chunks.
        size: of all of them.
        limiter: of those threads.
    """

    generate: Callable[[int, int], Iterator[bytes]]
    size: int
    limiter: anyio.CapacityLimiter | None

    async def read(self, offset: int, length: int) -> AsyncIterator[bytes]:
        """Yield a run of the bytes, in chunks."""
        chunks = self.generate(offset, length)
        while (chunk := await anyio.to_thread.run_sync(next, chunks, b"", limiter=self.limiter)) != b"":
            yield chunk

    runs = read  # as they are in memory then


async def instance_content(blobs: Blobs, instance: Instance, conversions: Cache[ConvertedFile]) -> Content:
    """Return an instance as a Part 10 file: as it is stored, or with what it lacks for that made anew.

    Args:
        blobs: the files.
        instance: the one that is wanted.
        conversions: what was made anew last.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
        DamagedFile: its file is not as long as what was stored.
    """
    if instance.goes_as_stored:
        return InFile(blobs, instance, [Span(0, instance.size)])
    converted = conversions.get(instance.blob)
    if converted:
        await check_in_thread(blobs, [instance])
    else:
        converted = await anyio.to_thread.run_sync(ConvertedFile, blobs, instance, limiter=blobs.limiter)
        if converted.is_remembered:
            conversions.keep(instance.blob, converted, converted.memory)
    return Generated(converted.chunks, converted.size, blobs.limiter)


async def frame_content(blobs: Blobs, instance: Instance, frames: FrameTable, number: int) -> Content:
    """Return frame `number`: native bytes in little endian, or the code stream.

    Raises:
        FrameNotFound: there are fewer frames.
        InstanceGone: the instance was deleted or replaced meanwhile.
        DamagedFile: the file is not what was stored.
    """
    span = frames.span(number)
    if span.length <= RUN_BYTES or not _lies_as_sent(instance, frames):
        run = await read_run(blobs, instance, span)
        if isinstance(frames, EncapsulatedFrames) and run[: len(ITEM_TAG)] != ITEM_TAG:
            raise DamagedFile(f"frame {number} is not where it was")
        return InMemory(frames.frame(number, run))
    if isinstance(frames, NativeFrames):
        return InFile(blobs, instance, [span])
    return InFile(blobs, instance, await _fragments(blobs, instance, span))


async def bulkdata_content(blobs: Blobs, instance: Instance, place: Bulkdata) -> Content:
    """Return a value that the metadata leaves out, in little endian.

    Raises:
        InstanceGone: the instance was deleted or replaced meanwhile.
    """
    span = Span(place.offset, place.length)
    if place.encapsulated:
        spans = await _fragments(blobs, instance, span)
        return InFile(blobs, instance, spans[1:])
    if instance.transfer_syntax == DEFLATED:
        return Generated(partial(_inflated, blobs, instance, place), span.length, blobs.limiter)
    if place.word_size == 1:
        return InFile(blobs, instance, [span])
    return Generated(partial(_swapped, blobs, instance, place), span.length, blobs.limiter)


def _inflated(blobs: Blobs, instance: Instance, place: Bulkdata, offset: int, length: int) -> Iterator[bytes]:
    """Yield a run of a value in a deflated file."""
    with opened(blobs, instance) as file, file.whole() as descriptor:
        yield from inflated_chunks(descriptor, Span(place.offset + offset, length))


def _swapped(blobs: Blobs, instance: Instance, place: Bulkdata, offset: int, length: int) -> Iterator[bytes]:
    """Yield a run of a big endian value in little endian, reading whole words."""
    start = offset // place.word_size * place.word_size
    end = offset + length
    with opened(blobs, instance) as file:
        for position in range(start, end, RUN_BYTES):
            count = min(RUN_BYTES, place.length - position)
            chunk = swapped(read_now(file, place.offset + position, count), place.word_size)
            yield chunk[max(0, offset - position) : end - position]


def _lies_as_sent(instance: Instance, frames: FrameTable) -> bool:
    if instance.transfer_syntax == DEFLATED:
        return False
    return isinstance(frames, EncapsulatedFrames) or (frames.word_size == 1 and not frames.frame_bits % 8)


async def _fragments(blobs: Blobs, instance: Instance, span: Span) -> list[Span]:
    """Return the values of the items in a run, reading their headers only.

    Raises:
        DamagedFile: it does not consist of items any more.
    """
    spans: list[Span] = []
    position, end = span.offset, span.offset + span.length
    while position + ITEM_HEADER <= end:
        header = await read_run(blobs, instance, Span(position, ITEM_HEADER))
        if header[:4] == SEQUENCE_END_TAG:
            break
        length = int.from_bytes(header[4:], "little")
        if header[:4] != ITEM_TAG or position + ITEM_HEADER + length > end:
            raise DamagedFile("a fragment is not where it was")
        spans.append(Span(position + ITEM_HEADER, length))
        position += ITEM_HEADER + length
    return spans
