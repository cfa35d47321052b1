"""The walk over encoded data elements: where each value lies, at every depth, before anything is decoded.

pydicom knows what values mean; this walk is ours because it must do three things a reader for trusted
files does not: stop at a bounded depth without recursing, refuse a file that ends inside a value, and
know the place of every value, also inside sequences, so that bulk data can be served as a range of bytes.
It reads headers only. Values stay where they are, in memory or in a mapped file.
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from service.dicom.encoding.elements import (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    MAX_DEPTH,
    MAX_ELEMENTS,
    PIXEL_DATA,
    UNDEFINED,
    Buffer,
    Element,
    Encoding,
    Fragment,
    Item,
    Malformed,
    TooDeep,
    TooMany,
    Truncated,
)
from service.dicom.encoding.headers import READERS, VALUE_REPRESENTATIONS, encoding_at
from service.dicom.encoding.vr import dictionary_vr
from service.dicom.encoding.words import ITEM_TAG

_PLAIN = VALUE_REPRESENTATIONS - {"SQ", "UN"}
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD


class _Level(NamedTuple):
    """A data set or a sequence whose end has not been reached. Exactly one of the lists is set."""

    elements: list[Element] | None
    items: list[Item] | None
    end: int
    delimited: bool
    encoding: Encoding


def walk(buffer: Buffer, start: int, encoding: Encoding) -> list[Element]:
    """Return the data elements from `start` to the end of the buffer, in file order.

    Raises:
        Truncated: the buffer ends inside an element, an item or a sequence.
        TooDeep: sequences are nested more than `MAX_DEPTH` deep.
        TooMany: there are more than `MAX_ELEMENTS` elements.
        Malformed: an item or a delimiter stands where none belongs.

    Standard: PS3.5 7.1, 7.5.
    """
    top: list[Element] = []
    try:
        _walk(buffer, start, encoding, top)
    except Malformed as error:
        error.read = top
        raise
    return top


def _walk(buffer: Buffer, start: int, encoding: Encoding, top: list[Element]) -> None:
    size = len(buffer)
    levels = [_Level(top, None, size, delimited=False, encoding=encoding_at(buffer, start, size, encoding))]
    position, count = start, 0
    while count <= MAX_ELEMENTS:
        level = levels[-1]
        if position >= level.end and not level.delimited:
            levels.pop()
            if not levels:
                return
            position = max(position, level.end)
        elif level.elements is None:
            position = _next_item(buffer, position, levels)
            count += 1
        else:
            known = len(level.elements)
            position = _next_elements(buffer, position, levels)
            count += _count(level.elements, known)
    raise _too_many()


def _too_many() -> TooMany:
    return TooMany(f"there are more than {MAX_ELEMENTS} elements, items and fragments")


def _count(elements: Sequence[Element], known: int) -> int:
    """Return how many elements there are besides those known, with the fragments of the last one."""
    new = len(elements) - known
    return new + len(elements[-1].fragments or ()) if new else 0


def walk_group(buffer: Buffer, start: int, group: int) -> tuple[list[Element], int]:
    """Return the elements of one leading group, as of group 0002, and the position after them.

    Raises:
        Truncated: the buffer ends inside an element.
    """
    encoding = encoding_at(buffer, start, len(buffer), EXPLICIT_LITTLE)
    elements: list[Element] = []
    read, position = READERS[encoding], start
    while position + 8 <= len(buffer):
        tag, vr, offset, length = read(buffer, position)
        if tag >> 16 != group:
            break
        position = offset + length
        if len(elements) > MAX_ELEMENTS:
            raise _too_many()
        if position > len(buffer):
            raise Truncated(f"the file ends inside ({group:04X},{tag & 0xFFFF:04X})")
        elements.append(Element(tag, vr, offset, length))
    return elements, position


def _next_item(buffer: Buffer, position: int, levels: list[_Level]) -> int:
    """Open the next item of the innermost sequence, or close the sequence."""
    _, items, end, delimited, encoding = levels[-1]
    assert items is not None
    tag, length = _item_header(buffer, position, end, encoding.little_endian)
    position += 8
    if tag == _SEQUENCE_END:
        levels.pop()
        return position if delimited else end
    if tag != _ITEM:
        raise Malformed(f"an item was expected at byte {position - 8}, found tag {tag:08X}")
    if length != UNDEFINED and position + length > end:
        raise Truncated(f"an item at byte {position - 8} is longer than what holds it")
    item_end = end if length == UNDEFINED else position + length
    item = Item([], encoding_at(buffer, position, item_end, encoding))
    items.append(item)
    levels.append(_Level(item.elements, None, item_end, length == UNDEFINED, item.encoding))
    return position


def _next_elements(buffer: Buffer, position: int, levels: list[_Level]) -> int:
    """Read elements of the innermost data set until it ends, a sequence opens or one has fragments."""
    elements, _, end, delimited, encoding = levels[-1]
    assert elements is not None
    read = READERS[encoding]
    nested = len(levels) > 1
    while (position < end or delimited) and len(elements) <= MAX_ELEMENTS:
        if position + 8 > end:
            return _ending(buffer, position, end, nested=nested)
        tag, vr, offset, length = read(buffer, position)
        if vr in _PLAIN and length <= end - offset:  # most elements; an undefined length is never that short
            elements.append(Element(tag, vr, offset, length))
            position = offset + length
            continue
        if tag >> 16 == 0xFFFE:
            if tag == _ITEM_END and delimited:
                levels.pop()
                return offset
            raise Malformed(f"a delimiter at byte {position} stands outside any sequence")
        if tag == 0 and not nested:
            return _padding(buffer, position)
        if length == UNDEFINED:
            if tag == PIXEL_DATA or vr in ("OB", "OW"):
                element, position = _encapsulated(buffer, tag, vr, offset, end, encoding)
                elements.append(element)
                return position
            return _open_sequence(levels, tag, vr, offset, length)
        position = offset + length
        if position > end:
            found = max(0, end - offset)
            raise Truncated(
                f"({tag >> 16:04X},{tag & 0xFFFF:04X}) says {length} bytes, and {found} are there"
            )
        if vr == "SQ" or ((not vr or vr == "UN") and _is_sequence(buffer, tag, offset, length)):
            return _open_sequence(levels, tag, vr, offset, length)
        elements.append(Element(tag, vr, offset, length))
    return position


def _is_sequence(buffer: Buffer, tag: int, offset: int, length: int) -> bool:
    """Tell whether an element whose encoding names no VR is a sequence."""
    return (not length or buffer[offset : offset + 4] == ITEM_TAG) and dictionary_vr(tag) == "SQ"


def _open_sequence(levels: list[_Level], tag: int, vr: str, offset: int, length: int) -> int:
    """Note a sequence and make it the innermost level. Undefined UN is implicit VR, PS3.5 6.2.2."""
    if len(levels) > 2 * MAX_DEPTH:
        raise TooDeep(f"sequences are nested more than {MAX_DEPTH} deep at byte {offset}")
    elements, _, end, _, encoding = levels[-1]
    assert elements is not None
    items: list[Item] = []
    elements.append(Element(tag, "SQ", offset, length, items))
    inner = IMPLICIT_LITTLE if vr == "UN" else encoding
    delimited = length == UNDEFINED
    levels.append(_Level(None, items, end if delimited else offset + length, delimited, inner))
    return offset


def _encapsulated(
    buffer: Buffer, tag: int, vr: str, start: int, end: int, encoding: Encoding
) -> tuple[Element, int]:
    """Return an element made of fragments, and the position after its delimiter: PS3.5 A.4."""
    if not encoding.little_endian:
        raise Malformed(f"fragments at byte {start} of a big endian data set, which has none")
    fragments: list[Fragment] = []
    position = start
    while True:
        found, length = _item_header(buffer, position, end, little_endian=True)
        position += 8
        if found == _SEQUENCE_END:
            name = "OW" if vr == "OW" else "OB"
            return Element(tag, name, start, position - start, None, fragments), position
        if found != _ITEM or length == UNDEFINED:
            raise Malformed(f"a fragment was expected at byte {position - 8}, found tag {found:08X}")
        if position + length > end:
            raise Truncated(f"a fragment says {length} bytes, and {end - position} are there")
        fragments.append(Fragment(position, length))
        if len(fragments) > MAX_ELEMENTS:
            raise _too_many()
        position += length


def _item_header(buffer: Buffer, position: int, end: int, little_endian: bool) -> tuple[int, int]:
    if position + 8 > end:
        raise Truncated(f"a sequence reaches beyond what holds it, which ends at byte {end}")
    group, element, length = struct.unpack_from("<HHL" if little_endian else ">HHL", buffer, position)
    return group << 16 | element, length


def _ending(buffer: Buffer, position: int, end: int, *, nested: bool) -> int:
    """Accept less than an element header at the very end only if it is padding."""
    if nested or any(buffer[position:end]):
        raise Truncated(f"the data set ends inside an element header at byte {position}")
    return end


def _padding(buffer: Buffer, position: int) -> int:
    """Accept zeros after the last element, if there is nothing else to the end of the file."""
    chunks = (buffer[start : start + 65536] for start in range(position, len(buffer), 65536))
    if any(chunk.count(0) < len(chunk) for chunk in chunks):
        raise Malformed(f"zeros at byte {position} stand where an element was expected")
    return len(buffer)
