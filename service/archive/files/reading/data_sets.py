"""Data sets of stored files on their way out without a head, as DIMSE sends them. Blocking: for its threads.

As they are stored, byte for byte; or those without encapsulated pixels in little endian, with or without VRs.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from service.archive.files.blobs import Blobs
from service.archive.files.file_run import RUN_BYTES
from service.archive.files.reading.converted import joined_chunks, stored_data_set
from service.archive.files.reading.opened import opened
from service.archive.files.reading.runs import read_now
from service.archive.instance import Instance
from service.dicom.encoding.elements import EXPLICIT_LITTLE
from service.dicom.encoding.explicit import to_explicit_little_endian, to_implicit_little_endian
from service.dicom.encoding.part10 import read_file_meta
from service.dicom.encoding.walk import walk

_HEAD_BYTES = 2**16


@contextmanager
def as_stored(blobs: Blobs, instance: Instance) -> Iterator[Iterator[bytes]]:
    """Lend the chunks of a data set as it is stored.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
        DamagedFile: it is not what was stored.
    """
    with opened(blobs, instance) as file:
        head = read_now(file, 0, min(instance.size, _HEAD_BYTES))
        start = read_file_meta(head).dataset_offset

        def chunks() -> Iterator[bytes]:
            yield head[start:]
            for offset in range(len(head), instance.size, RUN_BYTES):
                yield read_now(file, offset, min(RUN_BYTES, instance.size - offset))

        yield chunks()


@contextmanager
def in_little_endian(blobs: Blobs, instance: Instance, *, implicit: bool) -> Iterator[Iterator[bytes]]:
    """Lend the chunks of a data set that has no encapsulated pixels, in little endian.

    Raises:
        InstanceGone, DamagedFile: as `as_stored` does.
    """
    convert = to_implicit_little_endian if implicit else to_explicit_little_endian
    with stored_data_set(blobs, instance) as (buffer, offset, meta):
        pieces = convert(buffer, walk(buffer, offset, meta.encoding), meta.encoding)
        yield joined_chunks(buffer, pieces)


@contextmanager
def without_vrs(blobs: Blobs, explicit: Iterable[bytes]) -> Iterator[Iterator[bytes]]:
    """Lend the chunks of a data set without VRs, given those in Explicit VR Little Endian."""
    spool = blobs.spool()
    try:
        for chunk in explicit:
            spool.write(chunk)
            if spool.wants_flush:
                spool.flush()
        with spool.buffer() as buffer:
            elements = walk(buffer, 0, EXPLICIT_LITTLE)
            yield joined_chunks(buffer, to_implicit_little_endian(buffer, elements, EXPLICIT_LITTLE))
    finally:
        spool.discard()
