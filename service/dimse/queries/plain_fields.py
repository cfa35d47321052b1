"""Elements of answers, made of the raw values that plain attributes of many matches have."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from operator import mod

from service.dicom.dictionary import has_one_value, vr_of
from service.dicom.json.data_set import TEXT_VRS, element_head, encoded, padding
from service.dicom.json.plain import values_in

_BINARY = frozenset(("FD", "FL", "SL", "SS", "UL", "US"))
_FEW = frozenset(("AS", "CS", "DA", "IS"))
"""VRs of which the same values come again and again."""
_MOST_ELEMENTS = 256  # of an attribute, that are kept
_IMPLICIT_HEAD = 8  # bytes
_USUAL_LENGTH = 128  # bytes of a value, up to which something is kept for the next one
MAX_DECIMAL = 16
"""Characters of a DS: a longer one has to be rounded."""


class PlainField:
    """An element of answers that has the value of an attribute.

    Args:
        tag: of both.
        before: elements that come before it.
        implicit: VRs are not written.

    Attributes:
        is_text: a value can have other characters than those of ASCII.
        is_decimal: a value can be longer than MAX_DECIMAL, and then no element is made of it here.
    """

    def __init__(self, tag: str, before: bytes, *, implicit: bool) -> None:
        self._tag, self._vr = tag, vr_of(tag)
        start = partial(element_head, tag, self._vr, implicit=implicit)
        self._frames = _Frames(start, before, padding(self._vr))
        self._elements = _Elements(self._frames) if self._vr in _FEW else None
        # Texts in the character set, and those of which just one can be there.
        self.is_text = self._vr in TEXT_VRS or (has_one_value(tag) and self._vr != "UR")
        self.is_decimal = self._vr == "DS"

    def elements(self, raws: Sequence[bytes]) -> Iterable[bytes]:
        """Return elements, each with what comes before it, of the raw values of many matches."""
        values = self._values(raws)
        if self._elements is not None:
            return map(self._elements.__getitem__, values)
        return map(mod, map(self._frames.__getitem__, map(len, values)), values)

    def _values(self, raws: Sequence[bytes]) -> Sequence[bytes]:
        if self._vr in _BINARY:
            return [_binary(self._tag, raw) for raw in raws]
        if (self._vr != "PN" and has_one_value(self._tag)) or b'"' not in b"".join(raws):
            return raws
        if self._vr == "PN":
            return [_name(raw) if b'"' in raw else raw for raw in raws]
        return [raw.replace(b'","', b"\\") for raw in raws]


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
