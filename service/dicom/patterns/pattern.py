"""The pattern of files of a series that have the same elements."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from service.dicom.encoding.elements import Buffer, Element, Encoding
from service.dicom.encoding.vr import is_creator
from service.dicom.encoding.walk import element_at, walk_on
from service.dicom.patterns.head import Head, is_contextual, is_regular, is_told

PIXELS = 0x7FE00000  # from here on each file is read as if it were alone

_new = tuple.__new__  # at a third of what it costs to call the class


class _Opening(NamedTuple):
    """How an open element begins."""

    tag: int
    vr: str


class _Part(NamedTuple):
    """What files share before an open element, or before the pixels.

    Attributes:
        same: the bytes.
        told: elements of them that are read in each file, their offsets counted from where `same` begins.
        opening: of the open element that follows; None before the pixels.
    """

    same: bytes
    told: Sequence[Element]
    opening: _Opening | None


@dataclass(frozen=True, slots=True)
class Pattern:
    """What is known of files of a series that have the same elements.

    Attributes:
        head: of the last file that was read in full.
        open_tags: of elements that differ.
        parts: of a file; empty as long as one file only is known.
    """

    head: Head
    open_tags: frozenset[int] = frozenset()
    parts: Sequence[_Part] = ()

    def elements(self, buffer: Buffer, position: int, encoding: Encoding) -> list[Element] | None:
        """Return the elements of a file that are not known; None if it is not like the others.

        Args:
            buffer: the file, or of a deflated one the inflated data set.
            position: where the data set begins in the buffer.
            encoding: of the data set.

        Raises:
            Malformed: it cannot be read.
        """
        elements: list[Element] = []
        for same, told, opening in self.parts:
            end = position + len(same)
            if buffer[position:end] != same:
                return None
            for tag, vr, offset, length, _, _ in told:
                elements.append(_new(Element, (tag, vr, position + offset, length, None, None)))
            position = end
            if opening is not None:
                element, position = element_at(buffer, end, encoding)
                if element[:2] != opening:
                    return None
                elements.append(element)
        before = len(elements)
        walk_on(buffer, position, encoding, elements)
        return elements if all(element[0] >= PIXELS for element in elements[before:]) else None


def pattern_of(head: Head, open_tags: frozenset[int], encoding: Encoding) -> Pattern | None:
    """Return the pattern of files like this one; None if they cannot be read by one."""
    if any(map(is_contextual, open_tags)) or not is_regular(head.elements, encoding):
        return None
    return Pattern(head, open_tags, tuple(_parts(head, open_tags, encoding)))


def _parts(head: Head, open_tags: Collection[int], encoding: Encoding) -> Iterator[_Part]:
    """Yield what files like this one share, up to each open element and to the pixels."""
    without_vr = {tag >> 16 for tag, vr, *_ in head.elements if tag in open_tags and vr in ("", "UN")}
    same, told = b"", list[Element]()
    for element, encoded in zip(head.elements, head.encoded(encoding), strict=True):
        tag, vr, _, length, *_ = element
        if tag in open_tags:
            yield _Part(same, told, _Opening(tag, vr))
            same, told = b"", []
            continue
        if is_told(tag) and (not is_creator(tag) or tag >> 16 in without_vr):
            told.append(element._replace(offset=len(same) + len(encoded) - length))
        same += encoded
    yield _Part(same, told, None)
