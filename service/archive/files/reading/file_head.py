"""The head of a stored file as it is there: its group 0002, and the character set that it says it has."""

import zlib

from service.archive.files.blobs import Blobs
from service.archive.files.reading.opened import opened
from service.archive.files.reading.runs import read_now
from service.archive.instance import Instance
from service.dicom.encoding.elements import Malformed
from service.dicom.encoding.part10 import read_file_meta
from service.dicom.json.head import file_meta, own_character_set
from service.dicom_json import DicomJson
from service.errors import DamagedFile
from service.transfer_syntaxes import DEFLATED

_HEAD_BYTES = 2**16
_INFLATED_BYTES = 4096


def read_head(blobs: Blobs, instance: Instance) -> DicomJson:
    """Return group 0002 and Specific Character Set of a file; what it has not of them is left out.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
        DamagedFile: the file is not what was stored.
        Unavailable: the system does not let it be read.
    """
    with opened(blobs, instance) as file:
        head = read_now(file, 0, min(instance.size, _HEAD_BYTES))
    try:
        meta = read_file_meta(head)
        data_set, start = head, meta.dataset_offset
        if meta.transfer_syntax == DEFLATED:
            deflated = head[start:]
            data_set, start = zlib.decompressobj(-zlib.MAX_WBITS).decompress(deflated, _INFLATED_BYTES), 0
        return file_meta(head) | own_character_set(data_set, start, meta.encoding)
    except (Malformed, zlib.error) as error:
        raise DamagedFile("its head cannot be read") from error
