"""Encapsulated pixel data, PS3.5 A.4: where each fragment lies."""

from service.dicom.encoding.elements import (
    ITEM,
    SEQUENCE_DELIMITATION,
    UNDEFINED,
    Buffer,
    Fragment,
    Malformed,
    TooMany,
    Truncated,
)
from service.dicom.encoding.headers import item_header
from service.dicom.encoding.words import ITEM_HEADER


def fragments_at(buffer: Buffer, start: int, end: int, limit: int) -> tuple[list[Fragment], int]:
    """Return the fragments of an element, and the position after their delimiter.

    Args:
        buffer: that the element lies in.
        start: of its first item.
        end: of what holds the element.
        limit: of fragments that memory should be given to.

    Raises:
        Truncated: the buffer or what holds the element ends before the delimiter.
        TooMany: there are more than the limit.
        Malformed: something else than a fragment stands among them.
    """
    fragments: list[Fragment] = []
    position = start
    while len(fragments) <= limit:
        tag, length = item_header(buffer, position, end, little_endian=True)
        position += ITEM_HEADER
        if tag == SEQUENCE_DELIMITATION:
            return fragments, position
        if tag != ITEM or length == UNDEFINED:
            raise Malformed(f"a fragment was expected at byte {position - ITEM_HEADER}, found tag {tag:08X}")
        if position + length > end:
            raise Truncated(f"a fragment says {length} bytes, and {end - position} are there")
        fragments.append(Fragment(position, length))
        position += length
    raise TooMany(f"there are more than {limit} elements, items and fragments")
