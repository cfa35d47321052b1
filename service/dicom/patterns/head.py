"""What stands before the pixels of a file, element by element, and how it differs from another file."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from service.dicom.encoding.elements import UNDEFINED, Element, Encoding
from service.dicom.encoding.explicit import LONG_HEADERS
from service.dicom.encoding.vr import is_creator
from service.dicom_json import DicomJson

_CONTEXTUAL = frozenset((0x00080005, 0x00280103))  # what the elements after them mean depends on them
_IDENTIFYING = frozenset((0x00080016, 0x00080018, 0x0020000D, 0x0020000E))


class Head(NamedTuple):
    """What stands before the pixels of a file that was read in full.

    Attributes:
        content: its bytes.
        start: where they lay in the file.
        elements: in them.
        attributes: that they are, as DICOM JSON, ascending if the elements are.
    """

    content: bytes
    start: int
    elements: Sequence[Element]
    attributes: DicomJson

    def encoded(self, encoding: Encoding) -> Sequence[bytes]:
        """Return its elements with their headers."""
        starts = [offset - _header_size(vr, encoding) - self.start for _, vr, offset, *_ in self.elements]
        return [self.content[start:end] for start, end in pairwise((*starts, len(self.content)))]


def end_of(before: Sequence[Element], after: Sequence[Element], encoding: Encoding) -> int:
    """Return where the elements before the pixels end; 0 if that is not known."""
    if after:
        return after[0].offset - _header_size(after[0].vr, encoding)
    return before[-1].offset + before[-1].length if before and before[-1].length != UNDEFINED else 0


def _header_size(vr: str, encoding: Encoding) -> int:
    return 12 if not encoding.implicit and vr in LONG_HEADERS else 8


def have_same_elements(one: Head, other: Head) -> bool:
    """Tell whether two files have elements of the same tags and VRs, whatever their values."""
    return len(one.elements) == len(other.elements) and all(
        ours[:2] == theirs[:2] for ours, theirs in zip(one.elements, other.elements, strict=True)
    )


def differing_tags(one: Head, other: Head, encoding: Encoding) -> frozenset[int] | None:
    """Return the tags of elements that differ in two files; None if the files have not the same elements.

    Nor have they if they differ in what decides the meaning of others.
    """
    if not have_same_elements(one, other):
        return None
    both = zip(one.elements, one.encoded(encoding), other.encoded(encoding), strict=True)
    tags = frozenset(element[0] for element, ours, theirs in both if ours != theirs)
    return None if any(map(is_contextual, tags)) else tags


def is_regular(elements: Iterable[Element], encoding: Encoding) -> bool:
    """Tell whether elements ascend, and all say in the same way what they are, also those in items."""
    last = -1
    for tag, vr, _, _, items, _ in elements:
        if tag <= last or not (vr or encoding.implicit) or (items is not None and is_told(tag)):
            return False
        last = tag
        for item in items or ():
            if item.encoding != encoding or not is_regular(item.elements, encoding):
                return False
    return True


def is_contextual(tag: int) -> bool:
    """Tell whether the meaning of other elements depends on one."""
    return tag in _CONTEXTUAL or is_creator(tag)


@lru_cache(maxsize=16384)
def is_told(tag: int) -> bool:
    """Tell whether an element is read in each file, be it the same or not."""
    return tag in _IDENTIFYING or is_contextual(tag)
