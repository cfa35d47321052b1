"""Instances as they arrive, without an archive."""

from service.dicom.encoding.part10 import read_file_meta
from service.dicom.instance import ParsedInstance, read_instance

IMAGE_TAGS = frozenset((0x00280010, 0x00280011, 0x00281050, 0x00281201, 0x00283000, 0x00283006))


def parse(file: bytes) -> ParsedInstance:
    meta = read_file_meta(file)
    return read_instance(file, meta.dataset_offset, meta, IMAGE_TAGS, "BASE")
