"""Files that are put together here, of pieces and of runs of what has arrived. For worker threads."""

from collections.abc import Sequence

from service.archive.files.blobs import Blobs
from service.archive.files.reading.converted import JOINED_BYTES, value_chunks
from service.archive.files.spool import Spool
from service.dicom.encoding.elements import Buffer
from service.dicom.encoding.explicit import Value
from service.dicom.instance import TOO_LARGE
from service.errors import Refusal


def assemble(blobs: Blobs, buffer: Buffer, pieces: Sequence[bytes | Value], max_bytes: int) -> Spool:
    """Return a spool that holds the pieces, one after the other.

    Args:
        blobs: which have room for it.
        buffer: where the values lie; little of it is in memory at a time.
        pieces: bytes, and values in the buffer.
        max_bytes: of all of them.

    Raises:
        Refusal: they are more.
        Unavailable: the disk is full.
    """
    size = sum(piece.length if isinstance(piece, Value) else len(piece) for piece in pieces)
    if size > max_bytes:
        message = f"the instance would have {size} bytes: this server takes up to {max_bytes}"
        raise Refusal(message, TOO_LARGE)
    spool = blobs.spool()
    try:
        _write(spool, buffer, pieces)
    except BaseException:
        spool.discard()
        raise
    return spool


def _write(spool: Spool, buffer: Buffer, pieces: Sequence[bytes | Value]) -> None:
    buffered = bytearray()
    for piece in pieces:
        for chunk in value_chunks(buffer, piece):
            buffered += chunk
            if len(buffered) >= JOINED_BYTES:
                spool.write(bytes(buffered))
                buffered.clear()
                if spool.wants_flush:
                    spool.flush()
    spool.write(bytes(buffered))
