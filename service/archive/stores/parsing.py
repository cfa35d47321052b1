"""A file that has arrived → what the index needs to know of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.archive.files.blobs import Blobs
from service.archive.files.reading.inflated import inflate
from service.archive.files.spool import Arrived
from service.archive.index.schema.stored_json import BASE_URL
from service.dicom.encoding.elements import Buffer, Malformed
from service.dicom.encoding.part10 import FileMeta, read_file_meta
from service.dicom.instance import CANNOT_UNDERSTAND, ParsedInstance, read_instance
from service.errors import Refusal
from service.pixels.description import ATTRIBUTES
from service.transfer_syntaxes import DEFLATED

_IMAGE_TAGS = frozenset(int(tag, 16) for tag in ATTRIBUTES)


def parse(spool: Arrived, blobs: Blobs) -> ParsedInstance:
    """Parse one file, in memory or mapped; a deflated data set is inflated first.

    Raises:
        Refusal: it cannot be kept.
        Unavailable: there is no room to inflate it.
    """
    with spool.buffer() as buffer:
        try:
            meta = read_file_meta(buffer)
        except Malformed as error:
            raise Refusal(str(error), CANNOT_UNDERSTAND) from error
        with _data_set(buffer, meta, blobs) as (data_set, offset):
            return read_instance(data_set, offset, meta, _IMAGE_TAGS, BASE_URL)


@contextmanager
def _data_set(buffer: Buffer, meta: FileMeta, blobs: Blobs) -> Iterator[tuple[Buffer, int]]:
    """Lend the buffer that holds the data set, and where it begins there."""
    if meta.transfer_syntax != DEFLATED:
        yield buffer, meta.dataset_offset
        return
    inflated = blobs.spool()
    try:
        inflate(buffer, meta.dataset_offset, inflated)
        with inflated.buffer() as data_set:
            yield data_set, 0
    finally:
        inflated.discard()
