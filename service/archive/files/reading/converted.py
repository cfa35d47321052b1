"""Stored files that cannot go out as they are, on their way out. The kept file is not touched.

What is never sent becomes Explicit VR Little Endian, PS3.18 8.7.3; what is no Part 10 file gets a head.
"""

import mmap
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

from service.archive.files.blobs import Blobs
from service.archive.files.reading.inflated import inflate
from service.archive.files.reading.opened import opened
from service.archive.instance import Instance
from service.dicom.encoding.elements import Buffer
from service.dicom.encoding.explicit import Value, file_head, to_explicit_little_endian
from service.dicom.encoding.part10 import FileMeta, read_file_meta
from service.dicom.encoding.walk import walk
from service.dicom.encoding.words import swapped
from service.transfer_syntaxes import DEFLATED

JOINED_BYTES = 2**18  # short pieces are joined to about this size
_VALUE_BYTES = 2**20  # of a long value, in memory at a time
_VALUE_MEMORY = 256  # bytes that the place of one takes
_REMEMBERED_BYTES = 2**23  # of short pieces, beyond which a file is converted again when it is read


class ConvertedFile:
    """A stored file as a Part 10 file in a transfer syntax that may be sent. Blocking: for worker threads.

    It is converted once, and remembered but for its long values; one of very many elements is converted again
    when it is read.

    Attributes:
        size: of that file in bytes.
        memory: bytes that are remembered.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
    """

    def __init__(self, blobs: Blobs, instance: Instance) -> None:
        self._blobs = blobs
        self._instance = instance
        self.size = self.memory = 0
        self._remembered: list[bytes | Value] | None = []
        with self._data_set() as (buffer, offset, meta):
            for piece in self._pieces(buffer, offset, meta):
                self._remember(piece)

    def _remember(self, piece: bytes | Value) -> None:
        self.size += piece.length if isinstance(piece, Value) else len(piece)
        self.memory += _VALUE_MEMORY if isinstance(piece, Value) else len(piece)
        if self.memory > _REMEMBERED_BYTES:
            self._remembered = None
        if self._remembered is not None:
            self._remembered.append(piece)

    @property
    def is_remembered(self) -> bool:
        """Whether it is not converted again."""
        return self._remembered is not None

    def chunks(self, offset: int, length: int) -> Iterator[bytes]:
        """Yield `length` bytes of the converted file from `offset`."""
        position, end = 0, offset + length
        with self._data_set() as (buffer, start, meta):
            for piece in self._remembered or self._pieces(buffer, start, meta):
                for chunk in value_chunks(buffer, piece):
                    part = chunk[max(0, offset - position) : max(0, end - position)]
                    if part:
                        yield part
                    position += len(chunk)
                    if position >= end:
                        return

    def _pieces(self, buffer: Buffer, offset: int, meta: FileMeta) -> Iterator[bytes | Value]:
        instance = self._instance
        yield file_head(instance.sop_class_uid, instance.uids.instance, instance.outgoing_syntax)
        if instance.outgoing_syntax == meta.transfer_syntax:
            yield Value(offset, len(buffer) - offset, word_size=1)
            return
        elements = walk(buffer, offset, meta.encoding)
        yield from _joined(to_explicit_little_endian(buffer, elements, meta.encoding))

    def _data_set(self) -> AbstractContextManager[tuple[Buffer, int, FileMeta]]:
        return stored_data_set(self._blobs, self._instance)


def _joined(pieces: Iterable[bytes | Value]) -> Iterator[bytes | Value]:
    """Yield the pieces, short ones joined: each costs a hop to a thread."""
    joined = bytearray()
    for piece in pieces:
        if isinstance(piece, bytes):
            joined += piece
        if joined and (isinstance(piece, Value) or len(joined) >= JOINED_BYTES):
            yield bytes(joined)
            joined.clear()
        if isinstance(piece, Value):
            yield piece
    if joined:
        yield bytes(joined)


@contextmanager
def stored_data_set(blobs: Blobs, instance: Instance) -> Iterator[tuple[Buffer, int, FileMeta]]:
    """Lend the data set's buffer, where the data set begins in it, and the file's head.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
        DamagedFile: it is not all there any more.
    """
    with (
        opened(blobs, instance) as file,
        file.whole() as descriptor,
        mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as mapped,
    ):
        meta = read_file_meta(mapped)
        if meta.transfer_syntax != DEFLATED:
            yield mapped, meta.dataset_offset, meta
            return
        inflated = blobs.spool()
        try:
            inflate(mapped, meta.dataset_offset, inflated)
            with inflated.buffer() as data_set:
                yield data_set, 0, meta
        finally:
            inflated.discard()


def value_chunks(buffer: Buffer, piece: bytes | Value) -> Iterator[bytes]:
    """Yield a piece's bytes; no more than a chunk of a long value is in memory at a time."""
    if isinstance(piece, bytes):
        yield piece
        return
    end = piece.offset + piece.length
    for start in range(piece.offset, end, _VALUE_BYTES):
        yield swapped(buffer[start : min(start + _VALUE_BYTES, end)], piece.word_size)
        if isinstance(buffer, mmap.mmap):
            page = start // mmap.PAGESIZE * mmap.PAGESIZE
            buffer.madvise(mmap.MADV_DONTNEED, page, min(_VALUE_BYTES, len(buffer) - page))


def joined_chunks(buffer: Buffer, pieces: Iterable[bytes | Value], head: bytes = b"") -> Iterator[bytes]:
    """Yield a head and the pieces after it, joined."""
    waiting = bytearray(head)
    for piece in pieces:
        for chunk in value_chunks(buffer, piece):
            waiting += chunk
            if len(waiting) >= JOINED_BYTES:
                yield bytes(waiting)
                waiting.clear()
    if waiting:
        yield bytes(waiting)
