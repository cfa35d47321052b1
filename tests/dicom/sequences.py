"""Encoded elements and sequences, byte by byte."""

import struct

from pydicom import Dataset

from service.dicom.encoding.elements import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE
from tests.builders import BIG_ENDIAN, EXPLICIT, IMPLICIT, ct_image, item

ENCODINGS = {EXPLICIT: EXPLICIT_LITTLE, IMPLICIT: IMPLICIT_LITTLE, BIG_ENDIAN: EXPLICIT_BIG}

UNDEFINED = b"\xff\xff\xff\xff"
ITEM, ITEM_END, SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0", b"\xfe\xff\xdd\xe0"
NAME = b"\x10\x00\x10\x00PN\x04\x00A^B "
SEQUENCE = b"\x40\x00\x75\x02SQ\x00\x00"
OPEN = SEQUENCE + UNDEFINED + ITEM + UNDEFINED
CLOSE = ITEM_END + bytes(4) + SEQUENCE_END + bytes(4)


def sequence(content: bytes, length: int | None = None) -> bytes:
    return SEQUENCE + struct.pack("<L", len(content) if length is None else length) + content


def undefined_item(content: bytes) -> bytes:
    return ITEM + UNDEFINED + content + ITEM_END + bytes(4)


def nested(depth: int) -> bytes:
    return OPEN * depth + NAME + CLOSE * depth


def nested_with_lengths(depth: int) -> bytes:
    content = NAME
    for _ in range(depth):
        content = sequence(item(content))
    return content


def image_with_sequences() -> Dataset:
    """Sequences inside each other, with and without lengths, an empty one, one with an empty item."""
    inner = Dataset()
    inner.CodeValue = "A1"
    request = Dataset()
    request.ScheduledProcedureStepID = "S1"
    request.ScheduledProtocolCodeSequence = [inner, Dataset()]
    instance = ct_image(RequestAttributesSequence=[request], ReferencedStudySequence=[])
    instance["RequestAttributesSequence"].is_undefined_length = True
    request.is_undefined_length_sequence_item = True
    return instance
