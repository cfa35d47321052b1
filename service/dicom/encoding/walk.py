"""The walk over encoded data elements: where each value lies, at every depth, before anything is decoded.

pydicom knows what values mean; this walk is ours because it must do three things a reader for trusted
files does not: stop at a bounded depth without recursing, refuse a file that ends inside a value, and
know the place of every value, also inside sequences, so that bulk data can be served as a range of bytes.
It reads headers only. Values stay where they are, in memory or in a mapped file.

A slide describes each of its 180,000 frames in an item of its own. When much is in memory already, an item
that has been read is forgotten but for its place, and walked again by whoever wants to know more.
"""

from collections.abc import Iterator
from typing import NamedTuple

from service.dicom.encoding.elements import (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    ITEM,
    ITEM_DELIMITATION,
    MAX_DEPTH,
    MAX_ELEMENTS,
    PIXEL_DATA,
    SEQUENCE_DELIMITATION,
    UNDEFINED,
    Buffer,
    Element,
    Encoding,
    Item,
    Malformed,
    TooDeep,
    TooMany,
    Truncated,
)
from service.dicom.encoding.fragments import fragments_at
from service.dicom.encoding.headers import (
    HEADER_READERS,
    KNOWN_HEADS,
    VALUE_REPRESENTATIONS,
    encoding_at,
    item_header,
    know_head,
)
from service.dicom.encoding.limits import check_number_of_items, too_many
from service.dicom.encoding.vr import dictionary_vr
from service.dicom.encoding.words import ITEM_HEADER, ITEM_TAG

_new = tuple.__new__  # at a third of what it costs to call the class
_PLAIN = VALUE_REPRESENTATIONS - {"SQ", "UN"}
_REMEMBERED = 2**16  # elements, items and fragments, beyond which items are forgotten
_FORGOTTEN = 2**18  # that any file may have
_UNSUSPECTED = 2**12  # elements and items of a file that is not looked through for them
_BYTES_PER_ELEMENT = 16  # of a file, at least, for each that is forgotten beyond these


class _DataSet(NamedTuple):
    """A data set whose end has not been reached: that of the file, or an item of a sequence."""

    elements: list[Element]
    end: int
    delimited: bool
    encoding: Encoding


class _Sequence(NamedTuple):
    """A sequence whose end has not been reached."""

    items: list[Item]
    end: int
    delimited: bool
    encoding: Encoding


class DistantElements:
    """The elements of an item that has been walked and forgotten: they are walked again each time."""

    __slots__ = ("_buffer", "_encoding", "_end", "_start")

    def __init__(self, buffer: Buffer, start: int, end: int, encoding: Encoding) -> None:
        self._buffer = buffer
        self._start = start
        self._end = end
        self._encoding = encoding

    def __iter__(self) -> Iterator[Element]:
        """Walk the item."""
        item = _DataSet([], self._end, delimited=False, encoding=self._encoding)
        _Walk(self._buffer, self._start, item, is_item=True).to_the_end()
        return iter(item.elements)


def walk(buffer: Buffer, start: int, encoding: Encoding) -> list[Element]:
    """Return the data elements from `start` to the end of the buffer, in file order.

    Raises:
        Truncated: the buffer ends inside an element, an item or a sequence.
        TooDeep: sequences are nested more than `MAX_DEPTH` deep.
        TooMany: there are more than `MAX_ELEMENTS` elements at a time, or more than suit the buffer's size.
        Malformed: an item or a delimiter stands where none belongs.

    Standard: PS3.5 7.1, 7.5.
    """
    elements: list[Element] = []
    try:
        walk_on(buffer, start, encoding_at(buffer, start, len(buffer), encoding), elements)
    except Malformed as error:
        error.read = elements
        raise
    return elements


def walk_on(buffer: Buffer, position: int, encoding: Encoding, elements: list[Element]) -> None:
    """Append the data elements from `position` to the end of the buffer to those before them.

    Raises:
        Malformed: as `walk` does.
    """
    top = _DataSet(elements, len(buffer), delimited=False, encoding=encoding)
    _Walk(buffer, position, top).to_the_end()


def element_at(buffer: Buffer, position: int, encoding: Encoding) -> tuple[Element, int]:
    """Return one element of a data set, which is none of its delimiters, and the position after it.

    Raises:
        Malformed: as `walk` does.
    """
    size = len(buffer)
    if position + 8 > size:
        raise Truncated(f"the data set ends inside an element header at byte {position}")
    tag, vr, offset, length = HEADER_READERS[encoding](buffer, position)
    if vr in _PLAIN and length <= size - offset and length != UNDEFINED:
        return Element(tag, vr, offset, length), offset + length
    walk = _Walk(buffer, position, _DataSet([], size, delimited=False, encoding=encoding))
    return walk.through(tag, vr, offset, length)


class _Walk:
    """A walk over one data set.

    Attributes:
        buffer: that the data set lies in, to its end.
        position: of the next byte to be read.
        levels: what has not ended yet: the data set first, the innermost item or sequence last.
        count: of elements, items and fragments that are remembered.
        forgotten: how many are not.
        open_item: of the top level: where it begins, the count until there, whether a delimiter ends it.
        is_item: the data set is an item of another.
        is_suspect: whether it is still to be looked whether the buffer is full of items.
    """

    __slots__ = ("buffer", "count", "forgotten", "is_item", "is_suspect", "levels", "open_item", "position")

    def __init__(self, buffer: Buffer, start: int, top: _DataSet, *, is_item: bool = False) -> None:
        self.buffer = buffer
        self.position = start
        self.levels: list[_DataSet | _Sequence] = [top]
        self.count = 0
        self.forgotten = 0
        self.open_item = (0, 0, False)
        self.is_item = is_item
        self.is_suspect = not is_item

    def to_the_end(self) -> None:
        """Read all elements."""
        self._until(0)

    def through(self, tag: int, vr: str, offset: int, length: int) -> tuple[Element, int]:
        """Return the first element, whose header has been read, and the position after it."""
        top = self.levels[0]
        assert isinstance(top, _DataSet)
        self.position = self._note(top, tag, vr, offset, length)
        self._until(1)
        return top.elements[0], self.position

    def _until(self, depth: int) -> None:
        """Read on until so many levels are open."""
        levels = self.levels
        while len(levels) > depth:
            level = levels[-1]
            if self.position >= level.end and not level.delimited:
                levels.pop()
                self.position = max(self.position, level.end)
            elif isinstance(level, _DataSet):
                self._next_elements(level)
            else:
                self._next_item(level)
            if self.count > MAX_ELEMENTS:
                raise too_many()
            if self.is_suspect and self.count > _UNSUSPECTED:
                check_number_of_items(self.buffer)
                self.is_suspect = False
            if self.forgotten > _FORGOTTEN + len(self.buffer) // _BYTES_PER_ELEMENT:
                raise TooMany(f"there are more than {self.forgotten} elements in {len(self.buffer)} bytes")

    def _next_item(self, level: _Sequence) -> None:
        """Open the next item of the innermost sequence, or close the sequence."""
        items, end, delimited, encoding = level
        if len(self.levels) == 2:
            self._forget_last(items)
        start, position = self.position, self.position + ITEM_HEADER
        tag, length = item_header(self.buffer, start, end, encoding.little_endian)
        self.count += 1
        if tag == SEQUENCE_DELIMITATION:
            self.levels.pop()
            self.position = position if delimited else end
            return
        if tag != ITEM:
            raise Malformed(f"an item was expected at byte {start}, found tag {tag:08X}")
        if length != UNDEFINED and position + length > end:
            raise Truncated(f"an item at byte {start} is longer than what holds it")
        item_end = end if length == UNDEFINED else position + length
        elements: list[Element] = []
        item = Item(elements, encoding_at(self.buffer, position, item_end, encoding))
        items.append(item)
        if len(self.levels) == 2:
            self.open_item = position, self.count, length == UNDEFINED
        self.levels.append(_new(_DataSet, (elements, item_end, length == UNDEFINED, item.encoding)))
        self.position = position

    def _forget_last(self, items: list[Item]) -> None:
        """Keep of the item that ends here only its place, if it is of the top level and memory is short.

        What is walked for the second time is kept: else all would be walked again for each level of nesting.
        """
        if self.is_item or not items or self.count <= _REMEMBERED:
            return
        start, count, delimited = self.open_item
        end = self.position - ITEM_HEADER * delimited
        encoding = items[-1].encoding
        items[-1] = Item(DistantElements(self.buffer, start, end, encoding), encoding)
        self.forgotten += self.count - count
        self.count = count

    def _next_elements(self, level: _DataSet) -> None:
        """Read elements of the innermost data set until it ends, a sequence opens or one has fragments."""
        elements, end, delimited, encoding = level
        buffer, position, read, known = self.buffer, self.position, HEADER_READERS[encoding], len(elements)
        nested = self.is_item or len(self.levels) > 1
        heads = KNOWN_HEADS if encoding == EXPLICIT_LITTLE else {}
        while (position < end or delimited) and len(elements) <= MAX_ELEMENTS:
            if head := heads.get(buffer[position : position + 6]):  # most
                offset = position + 8
                length = buffer[offset - 2] | buffer[offset - 1] << 8 if offset <= end else UNDEFINED
                if length <= end - offset:
                    elements.append(_new(Element, (*head, offset, length, None, None)))
                    position = offset + length
                    continue
            if position + 8 > end:
                position = _ending(buffer, position, end, nested=nested)
                break
            tag, vr, offset, length = read(buffer, position)
            if vr in _PLAIN and length <= end - offset and length != UNDEFINED:
                elements.append(Element(tag, vr, offset, length))
                if encoding == EXPLICIT_LITTLE and offset == position + 8:
                    know_head(buffer[position : position + 6], tag, vr)
                position = offset + length
                continue
            if tag >> 16 == 0xFFFE:
                position = self._close_item(level, tag, offset)
                break
            if tag == 0 and not nested:
                position = _padding(buffer, position)
                break
            position = self._note(level, tag, vr, offset, length)
            if length == UNDEFINED or self.levels[-1] is not level:
                break
        self.position = position
        self.count += len(elements) - known

    def _close_item(self, level: _DataSet, tag: int, position: int) -> int:
        if tag != ITEM_DELIMITATION or not level.delimited:
            raise Malformed(f"a delimiter at byte {position - ITEM_HEADER} stands outside any sequence")
        self.levels.pop()
        return position

    def _note(self, level: _DataSet, tag: int, vr: str, offset: int, length: int) -> int:
        """Note any element, open what it holds, and return the position after it or where that begins."""
        if length == UNDEFINED:
            return self._open_undefined(level, tag, vr, offset)
        if length > level.end - offset:
            raise _cut_short(tag, length, max(0, level.end - offset))
        if vr == "SQ" or ((not vr or vr == "UN") and _is_sequence(self.buffer, tag, offset, length)):
            return self._open_sequence(level, tag, vr, offset, length)
        level.elements.append(Element(tag, vr, offset, length))
        return offset + length

    def _open_undefined(self, level: _DataSet, tag: int, vr: str, offset: int) -> int:
        """Note an element of undefined length: it has fragments, or is a sequence. PS3.5 A.4, 7.5.1."""
        if tag == PIXEL_DATA or vr in ("OB", "OW"):
            return self._add_fragments(level, tag, vr, offset)
        return self._open_sequence(level, tag, vr, offset, UNDEFINED)

    def _open_sequence(self, level: _DataSet, tag: int, vr: str, offset: int, length: int) -> int:
        """Note a sequence and make it the innermost level. Undefined UN is implicit VR, PS3.5 6.2.2."""
        if len(self.levels) > 2 * MAX_DEPTH:
            raise TooDeep(f"sequences are nested more than {MAX_DEPTH} deep at byte {offset}")
        items: list[Item] = []
        level.elements.append(Element(tag, "SQ", offset, length, items))
        encoding = IMPLICIT_LITTLE if vr == "UN" else level.encoding
        delimited = length == UNDEFINED
        end = level.end if delimited else offset + length
        self.levels.append(_Sequence(items, end, delimited, encoding))
        return offset

    def _add_fragments(self, level: _DataSet, tag: int, vr: str, start: int) -> int:
        """Note an element made of fragments. PS3.5 A.4."""
        if not level.encoding.little_endian:
            raise Malformed(f"fragments at byte {start} of a big endian data set, which has none")
        fragments, end = fragments_at(self.buffer, start, level.end, MAX_ELEMENTS)
        name = "OW" if vr == "OW" else "OB"
        level.elements.append(Element(tag, name, start, end - start, None, fragments))
        self.count += len(fragments)
        return end


def _cut_short(tag: int, length: int, available: int) -> Truncated:
    return Truncated(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) says {length} bytes, and {available} are there")


def _is_sequence(buffer: Buffer, tag: int, offset: int, length: int) -> bool:
    """Tell whether an element whose encoding names no VR is a sequence."""
    return (not length or buffer[offset : offset + 4] == ITEM_TAG) and dictionary_vr(tag) == "SQ"


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
