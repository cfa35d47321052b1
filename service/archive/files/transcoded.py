"""Stored files on their way out in another transfer syntax. Their frames are made elsewhere."""

from collections.abc import Iterator

from service.archive.files.blobs import LocalBlobs
from service.archive.files.converted import stored_data_set, value_chunks
from service.archive.instance import Instance
from service.dicom.encoding.explicit import file_head
from service.dicom.encoding.repixelled import FRAMES, PixelEncoding, transcoded
from service.dicom.encoding.walk import walk

_CHUNK = 2**18  # short pieces are joined to about this size


def transcoded_chunks(blobs: LocalBlobs, instance: Instance, pixels: PixelEncoding) -> Iterator[bytes | None]:
    """Yield the file, and None where its frames belong. Blocking: for worker threads.

    Raises:
        InstanceNotFound: it was deleted meanwhile.
    """
    uid = pixels.lossy.sop_instance_uid if pixels.lossy else instance.uids.instance
    waiting = bytearray(file_head(instance.sop_class_uid, uid, pixels.transfer_syntax))
    with stored_data_set(blobs, instance) as (buffer, offset, meta):
        elements = walk(buffer, offset, meta.encoding)
        for piece in transcoded(buffer, elements, meta.encoding, pixels):
            if piece is FRAMES:
                yield bytes(waiting)
                yield None
                waiting.clear()
                continue
            for chunk in value_chunks(buffer, piece):
                waiting += chunk
                if len(waiting) >= _CHUNK:
                    yield bytes(waiting)
                    waiting.clear()
    yield bytes(waiting)
