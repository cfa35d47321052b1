"""The walk over encoded data elements: where each value lies, at every depth, before anything is decoded.

pydicom knows what values mean; this walk is ours because it must do three things a reader for trusted
files does not: stop at a bounded depth without recursing, refuse a file that ends inside a value, and
know the place of every value, also inside sequences, so that bulk data can be served as a range of bytes.
It reads headers only. Values stay where they are, in memory or in a mapped file.
"""

import mmap
import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

from service.dicom.vr import dictionary_vr

Buffer = bytes | mmap.mmap

MAX_DEPTH = 64
MAX_ELEMENTS = 2**21  # with items and fragments: eight bytes of a file cost some 400 in memory
UNDEFINED = 0xFFFFFFFF

PIXEL_DATA = 0x7FE00010
_ITEM_TAG = b"\xfe\xff\x00\xe0"
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD

_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_NAMES = {vr: vr.decode("ascii") for vr in _LONG_VRS | _SHORT_VRS}


class Encoding(NamedTuple):
    """How data elements are laid out: PS3.5 7.1."""

    implicit: bool
    little_endian: bool


IMPLICIT_LITTLE = Encoding(implicit=True, little_endian=True)
EXPLICIT_LITTLE = Encoding(implicit=False, little_endian=True)
EXPLICIT_BIG = Encoding(implicit=False, little_endian=False)


class Element(NamedTuple):
    """One data element, its value not yet read.

    Attributes:
        tag: group and element as one number.
        vr: as encoded; empty when the encoding has none.
        offset: of the first byte of the value, from the start of the buffer.
        length: of the value in bytes; of encapsulated pixel data, all items with their delimiter.
        items: a sequence's items.
        fragments: encapsulated pixel data's items, the Basic Offset Table first.
    """

    tag: int
    vr: str
    offset: int
    length: int
    items: "list[Item] | None" = None
    fragments: "list[Fragment] | None" = None


class Item(NamedTuple):
    """One item of a sequence."""

    elements: list[Element]
    encoding: Encoding


class Fragment(NamedTuple):
    """The value of one item of encapsulated pixel data; its 8-byte item header lies before it."""

    offset: int
    length: int


class Malformed(ValueError):
    """The bytes are not a data set; the message says where and why.

    Attributes:
        read: the elements of the top level before the place in question.
    """

    read: Sequence[Element] = ()


class Truncated(Malformed):
    """The bytes end inside a value."""


class TooDeep(Malformed):
    """Sequences lie inside each other beyond `MAX_DEPTH`."""


class TooMany(Malformed):
    """There are more elements, items and fragments than `MAX_ELEMENTS`."""

    def __init__(self) -> None:
        super().__init__(f"there are more than {MAX_ELEMENTS} elements, items and fragments")


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
    levels = [_Level(top, None, size, delimited=False, encoding=_encoding_at(buffer, start, size, encoding))]
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
    raise TooMany


def _count(elements: Sequence[Element], known: int) -> int:
    """Return how many elements there are besides those known, with the fragments of the last one."""
    new = len(elements) - known
    return new + len(elements[-1].fragments or ()) if new else 0


def walk_group(buffer: Buffer, start: int, group: int) -> tuple[list[Element], int]:
    """Return the elements of one leading group, as of group 0002, and the position after them.

    Raises:
        Truncated: the buffer ends inside an element.
    """
    encoding = _encoding_at(buffer, start, len(buffer), EXPLICIT_LITTLE)
    elements: list[Element] = []
    read, position = _READERS[encoding], start
    while position + 8 <= len(buffer):
        tag, vr, offset, length = read(buffer, position)
        if tag >> 16 != group:
            break
        position = offset + length
        if len(elements) > MAX_ELEMENTS:
            raise TooMany
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
    item = Item([], _encoding_at(buffer, position, item_end, encoding))
    items.append(item)
    levels.append(_Level(item.elements, None, item_end, length == UNDEFINED, item.encoding))
    return position


def _next_elements(buffer: Buffer, position: int, levels: list[_Level]) -> int:
    """Read elements of the innermost data set until it ends, a sequence opens or one has fragments."""
    elements, _, end, delimited, encoding = levels[-1]
    assert elements is not None
    read = _READERS[encoding]
    nested = len(levels) > 1
    while (position < end or delimited) and len(elements) <= MAX_ELEMENTS:
        if position + 8 > end:
            return _ending(buffer, position, end, nested=nested)
        tag, vr, offset, length = read(buffer, position)
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
    return (not length or buffer[offset : offset + 4] == _ITEM_TAG) and dictionary_vr(tag) == "SQ"


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
            raise TooMany
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


def _encoding_at(buffer: Buffer, position: int, end: int, encoding: Encoding) -> Encoding:
    """Return implicit VR where an explicit one was announced and the first element has none.

    Some writers leave implicit VR items inside explicit VR data sets.
    """
    if (
        encoding.implicit
        or position + 8 > end
        or bytes(buffer[position : position + 2]) in (b"\xfe\xff", b"\xff\xfe")
    ):
        return encoding
    vr = bytes(buffer[position + 4 : position + 6])
    if vr in _NAMES or (vr.isalpha() and vr.isupper()):
        return encoding
    return Encoding(implicit=True, little_endian=encoding.little_endian)


_Header = tuple[int, str, int, int]
_Reader = Callable[[Buffer, int], _Header]


def _explicit_reader(order: str) -> _Reader:
    short = struct.Struct(f"{order}HH2sH").unpack_from
    long = struct.Struct(f"{order}L").unpack_from
    names, short_vrs = _NAMES, _SHORT_VRS

    def read(buffer: Buffer, position: int) -> _Header:
        group, element, vr, length = short(buffer, position)
        if vr in short_vrs:
            return group << 16 | element, names[vr], position + 8, length
        if vr in names or (vr.isalpha() and vr.isupper()):
            if position + 12 > len(buffer):
                raise Truncated(f"the data set ends inside an element header at byte {position}")
            return group << 16 | element, names.get(vr, "UN"), position + 12, long(buffer, position + 8)[0]
        return group << 16 | element, "", position + 8, long(buffer, position + 4)[0]

    return read


def _implicit_reader(order: str) -> _Reader:
    unpack = struct.Struct(f"{order}HHL").unpack_from

    def read(buffer: Buffer, position: int) -> _Header:
        group, element, length = unpack(buffer, position)
        return group << 16 | element, "", position + 8, length

    return read


_READERS = {
    EXPLICIT_LITTLE: _explicit_reader("<"),
    EXPLICIT_BIG: _explicit_reader(">"),
    IMPLICIT_LITTLE: _implicit_reader("<"),
    Encoding(implicit=True, little_endian=False): _implicit_reader(">"),
}
