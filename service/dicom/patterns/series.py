"""The patterns of the series that came last."""

from collections.abc import Iterable, Sequence, Set
from itertools import takewhile
from threading import Lock
from typing import NamedTuple

from service.dicom.dictionary import tag_name
from service.dicom.encoding.elements import Buffer, Element, Encoding, Malformed
from service.dicom.encoding.headers import encoding_at
from service.dicom.patterns.head import Head, differing_tags, end_of, have_same_elements
from service.dicom.patterns.pattern import PIXELS, Pattern, pattern_of
from service.dicom_json import DicomJson

_SERIES = b"\x20\x00\x0e\x00"  # (0020,000E) in little endian
_MAX_HEAD_BYTES = 2**17  # before the pixels
_MAX_READ_BYTES = 2**14  # of them, without what is left out: for each eight there may be an element in memory
_MAX_SERIES = 16
_MAX_PATTERNS = 2  # of a series

_Series = tuple[bool, bytes]
_patterns: dict[_Series, Sequence[Pattern]] = {}  # the latest last
_learning = Lock()


class Alike(NamedTuple):
    """A file that was read by the pattern of its series.

    Attributes:
        known: the attributes before its pixels, ascending; those of `elements` are another file's.
        elements: that are to be converted, in file order.
    """

    known: DicomJson
    elements: list[Element]


def read_alike(buffer: Buffer, start: int, encoding: Encoding) -> Alike | None:
    """Return a file as a pattern of its series reads it; None if there is none that fits.

    Args:
        buffer: the file, or of a deflated one the inflated data set.
        start: where the data set begins in the buffer.
        encoding: of the data set, as it is stated.
    """
    series = _series(buffer, start, encoding)
    for pattern in _patterns.get(series, ()) if series else ():
        try:
            elements = pattern.elements(buffer, start, encoding) if pattern.parts else None
        except Malformed:
            return None
        if elements is not None:
            return Alike(pattern.head.attributes, elements)
    return None


def learn(
    buffer: Buffer,
    start: int,
    encoding: Encoding,
    elements: Sequence[Element],
    attributes: DicomJson,
    bulkdata: Iterable[str],
) -> None:
    """Remember a file that was read in full and is flawless, for those of its series that come after it.

    Args:
        buffer: the file, or of a deflated one the inflated data set.
        start: where the data set begins in the buffer.
        encoding: of the data set, as it is stated.
        elements: all of its top level.
        attributes: its DICOM JSON object.
        bulkdata: paths of the values that this leaves out.
    """
    series = _series(buffer, start, encoding)
    before = list(takewhile(lambda element: element[0] < PIXELS, elements))
    end = end_of(before, elements[len(before) :], encoding)
    left_out = {int(path[:8], 16) for path in bulkdata}
    left_out_bytes = sum(
        element.length
        for element in before
        if element.tag in left_out and element.items is None and element.fragments is None
    )
    if not series or not 0 < end - start <= min(_MAX_HEAD_BYTES, _MAX_READ_BYTES + left_out_bytes):
        return
    if encoding_at(buffer, start, len(buffer), encoding) != encoding:
        return
    names = (tag_name(element.tag) for element in before)
    known = {name: attributes[name] for name in names if name in attributes}
    head = Head(buffer[start:end], start, before, known)
    with _learning:
        learned = _learned(head, _patterns.pop(series, ()), left_out, encoding)
        if learned:
            _patterns[series] = learned[:_MAX_PATTERNS]
        if len(_patterns) > _MAX_SERIES:
            del _patterns[next(iter(_patterns))]


def _learned(
    head: Head, patterns: Sequence[Pattern], left_out: Set[int], encoding: Encoding
) -> Sequence[Pattern]:
    """Return the patterns of a series with that of one more file, the latest first.

    A series begins with what is open in another one whose files have the same elements.
    """
    for pattern in patterns:
        differing = differing_tags(pattern.head, head, encoding)
        if differing is not None:
            others = [other for other in patterns if other is not pattern]
            made = pattern_of(head, pattern.open_tags | differing | left_out, encoding)
            return [made, *others] if made else others
    like = (one for several in reversed(_patterns.values()) for one in several if one.parts)
    open_tags = next((one.open_tags for one in like if have_same_elements(one.head, head)), None)
    made = Pattern(head) if open_tags is None else pattern_of(head, open_tags | left_out, encoding)
    return [made, *patterns] if made else patterns


def _series(buffer: Buffer, start: int, encoding: Encoding) -> _Series | None:
    """Return what tells a series from others, nearly always: the first Series Instance UID, as encoded."""
    place = buffer.find(_SERIES, start, start + _MAX_HEAD_BYTES)
    if not encoding.little_endian or not start <= place < len(buffer) - 8:
        return None
    length = buffer[place + (4 if encoding.implicit else 6)]
    return encoding.implicit, buffer[place : place + 8 + length]
