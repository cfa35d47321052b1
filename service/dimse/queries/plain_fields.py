"""Elements of answers, made of the raw values that plain attributes of many matches have."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

from service.dicom.dictionary import has_one_value, vr_of
from service.dicom.json.data_set import TEXT_VRS, element_head, encoded, padding
from service.dicom.json.plain import RawBytes, values_in

_BINARY = frozenset(("FD", "FL", "SL", "SS", "UL", "US"))
_FEW = frozenset(("AS", "CS", "DA", "IS"))
"""VRs of which the same values come again and again."""
_MOST_ELEMENTS = 256  # of an attribute, that are kept
_IMPLICIT_HEAD = 8  # bytes
_USUAL_LENGTH = 128  # bytes of a value, up to which something is kept for the next one
_MAX_DECIMAL = 16  # characters of a DS: a longer one has to be rounded


class PlainField:
    """An element of answers that has the value of an attribute.

    Args:
        tag: of both.
        before: elements that come before it.
        implicit: VRs are not written.
    """

    def __init__(self, tag: str, before: bytes, *, implicit: bool) -> None:
        self._tag, self._vr = tag, vr_of(tag)
        start = partial(element_head, tag, self._vr, implicit=implicit)
        self._frames = _Frames(start, before, padding(self._vr))
        self._elements = _Elements(self._frames) if self._vr in _FEW else None
        # A text of which just one can be there, and those in the character set, can be other than ASCII.
        self._is_text = self._vr in TEXT_VRS or (has_one_value(tag) and self._vr != "UR")

    def can_be(self, raw: RawBytes, *, is_ascii: bool) -> bool:
        """Tell whether an element can be made of a raw value."""
        if raw is None:
            return True
        if self._vr == "DS" and len(raw) > _MAX_DECIMAL:
            return False
        return is_ascii or self._is_text or raw.isascii()

    def elements(self, raws: Sequence[RawBytes]) -> list[bytes]:
        """Return elements, each with what comes before it, of the raw values of many matches."""
        values = self._values([raw or b"" for raw in raws] if None in raws else raws)
        if self._elements is not None:
            elements = self._elements
            return [elements[value] for value in values]
        frames = self._frames
        return [frames[len(value)] % value for value in values]

    def _values(self, raws: Sequence[Any]) -> Sequence[bytes]:
        if self._vr in _BINARY:
            return [_binary(self._tag, raw) for raw in raws]
        if self._vr == "PN":
            return [_name(raw) if b'"' in raw else raw for raw in raws]
        return raws if has_one_value(self._tag) else [raw.replace(b'","', b"\\") for raw in raws]


class _Frames(dict[int, bytes]):
    """An element, and what comes before it, by the length of its value, for which a place is left.

    Args:
        start: makes of the length of a padded value what comes before it.
        before: elements that come before that.
        pad: what makes a length even.
    """

    def __init__(self, start: Callable[[int], bytes], before: bytes, pad: bytes) -> None:
        super().__init__()
        self._start, self._before, self._pad = start, before, pad

    def __missing__(self, length: int) -> bytes:
        head = (self._before + self._start(length + length % 2)).replace(b"%", b"%%")
        frame = head + b"%b" + self._pad * (length % 2)
        if length <= _USUAL_LENGTH:
            self[length] = frame
        return frame


class _Elements(dict[bytes, bytes]):
    """Elements by their values, of which there are few."""

    def __init__(self, frames: _Frames) -> None:
        super().__init__()
        self._frames = frames

    def __missing__(self, value: bytes) -> bytes:
        element = self._frames[len(value)] % value
        if len(value) <= _USUAL_LENGTH:
            if len(self) >= _MOST_ELEMENTS:
                self.clear()
            self[value] = element
        return element


@lru_cache(maxsize=4096)
def _binary(tag: str, raw: bytes) -> bytes:
    if not raw:
        return b""
    element = {"vr": vr_of(tag), "Value": values_in(tag)(raw.decode())}
    return encoded({tag: element}, implicit=True)[_IMPLICIT_HEAD:]


def _name(raw: bytes) -> bytes:
    """Return a name as a data set has it. In all character sets here its delimiters are those of ASCII."""
    alphabetic, *others = raw.split(b'","')
    groups = dict(other.split(b'":"', 1) for other in others)
    return b"=".join((alphabetic, groups.get(b"Ideographic", b""), groups.get(b"Phonetic", b""))).rstrip(b"=")
