"""Stored files on their way out in another transfer syntax. Their frames are made elsewhere."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from service.archive.files.blobs import Blobs
from service.archive.files.converted import JOINED_BYTES, stored_data_set, value_chunks
from service.archive.instance import Instance
from service.dicom.encoding.elements import Buffer
from service.dicom.encoding.explicit import Value, file_head
from service.dicom.encoding.repixelled import PixelEncoding, transcoded
from service.dicom.encoding.walk import walk

Chunks = Iterator[bytes]


@contextmanager
def around_frames(blobs: Blobs, instance: Instance, pixels: PixelEncoding) -> Iterator[tuple[Chunks, Chunks]]:
    """Lend what stands in the file before its frames, and what after them. Blocking: for worker threads.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
    """
    uid = pixels.lossy.sop_instance_uid if pixels.lossy else instance.uids.instance
    head = file_head(instance.sop_class_uid, uid, pixels.transfer_syntax)
    with stored_data_set(blobs, instance) as (buffer, offset, meta):
        elements = walk(buffer, offset, meta.encoding)
        before, after = transcoded(buffer, elements, meta.encoding, pixels)
        yield _chunks(buffer, before, head), _chunks(buffer, after)


def _chunks(buffer: Buffer, pieces: Iterable[bytes | Value], head: bytes = b"") -> Chunks:
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
