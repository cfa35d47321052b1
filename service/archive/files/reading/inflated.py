"""Deflated data sets: PS3.5 A.5. Inflated once on arrival to be read, and as far as needed when asked for."""

import mmap
import zlib
from collections.abc import Iterable, Iterator

from service.archive.files.spool import Spool
from service.dicom.encoding.elements import Buffer
from service.dicom.encoding.part10 import read_file_meta
from service.dicom.frames import Span
from service.dicom.instance import CANNOT_UNDERSTAND
from service.errors import Refusal

_INFLATED_BYTES = 2**18  # at a time, in and out
_ALWAYS_ALLOWED = 2**28  # bytes inflated, whatever the ratio
_RATIO = 100  # beyond them, what a data set may grow to: pictures stay far below


def inflate(buffer: Buffer, offset: int, spool: Spool) -> None:
    """Write the inflated data set into a spool.

    Raises:
        Refusal: the stream is broken or ends early, or it grows beyond all reason.
    """
    limit = max(_ALWAYS_ALLOWED, _RATIO * len(buffer))
    chunks = (
        buffer[start : start + _INFLATED_BYTES] for start in range(offset, len(buffer), _INFLATED_BYTES)
    )
    try:
        for chunk in _inflated(chunks):
            spool.write(chunk)
            if spool.wants_flush:
                spool.flush()
            if spool.size > limit:
                raise Refusal(f"the deflated data set grows beyond {limit} bytes", CANNOT_UNDERSTAND)
    except (zlib.error, EOFError) as error:
        raise Refusal("the deflated data set is broken or cut short", CANNOT_UNDERSTAND) from error


def inflated_chunks(descriptor: int, span: Span) -> Iterator[bytes]:
    """Yield a run of bytes of an open, deflated file's data set, inflating no further than its end.

    Raises:
        EOFError: the data set ends before.
    """
    with open(descriptor, "rb", closefd=False) as file:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            file.seek(read_file_meta(mapped).dataset_offset)
        position, end = 0, span.offset + span.length
        for chunk in _inflated(iter(lambda: file.read(_INFLATED_BYTES), b"")):
            part = chunk[max(0, span.offset - position) : max(0, end - position)]
            if part:
                yield part
            position += len(chunk)
            if position >= end:
                return
        raise EOFError


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for chunk in chunks:
        rest = chunk
        while rest and not inflater.eof:
            yield inflater.decompress(rest, _INFLATED_BYTES)
            rest = inflater.unconsumed_tail
    while not inflater.eof:
        chunk = inflater.decompress(inflater.unconsumed_tail, _INFLATED_BYTES)
        if not chunk:
            raise EOFError
        yield chunk
