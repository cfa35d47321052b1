"""Stored files on their way out in another transfer syntax. Their frames are made elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.archive.files.blobs import Blobs
from service.archive.files.reading.converted import joined_chunks, stored_data_set
from service.archive.instance import Instance
from service.dicom.encoding.explicit import file_head
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
        yield joined_chunks(buffer, before, head), joined_chunks(buffer, after)
