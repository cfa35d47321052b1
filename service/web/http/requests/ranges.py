"""Range requests: which bytes of a representation are asked for (RFC 9110 14).

One range is answered with 206. Several ranges, another unit or bad syntax are no error: the field is then
ignored and the whole representation sent, as the RFC allows.
"""

import re
from dataclasses import dataclass

from service.errors import RangeNotSatisfiable

_BYTE_RANGE = re.compile(r"bytes\s*=\s*(\d{0,100})\s*-\s*(\d{0,100})\s*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """A run of bytes of a representation.

    Attributes:
        offset: bytes before it.
        length: its bytes, at least 1.
        size: bytes of the whole representation.
    """

    offset: int
    length: int
    size: int

    @property
    def content_range(self) -> str:
        """The Content-Range of the answer."""
        return f"bytes {self.offset}-{self.offset + self.length - 1}/{self.size}"


def requested_range(header: str | None, if_range: str | None, etag: str, size: int) -> ByteRange | None:
    """Return the run of bytes asked for, None for the whole.

    Args:
        header: the Range field.
        if_range: the If-Range field; a range is given only while it names the current etag.
        etag: strong tag of the representation.
        size: bytes of the representation.

    Raises:
        RangeNotSatisfiable: it begins after the last byte.
    """
    match = _BYTE_RANGE.fullmatch(header.strip()) if header else None
    if match is None or (if_range is not None and if_range.strip() != etag):
        return None
    first, last = match.groups()
    if not first:
        return _suffix(int(last), size) if last else None
    return _run(int(first), int(last) if last else size - 1, size, open_ended=not last)


def _suffix(length: int, size: int) -> ByteRange:
    if not length or not size:
        raise RangeNotSatisfiable(size)
    length = min(length, size)
    return ByteRange(size - length, length, size)


def _run(first: int, last: int, size: int, *, open_ended: bool) -> ByteRange | None:
    if last < first and not open_ended:
        return None
    if first >= size:
        raise RangeNotSatisfiable(size)
    return ByteRange(first, min(last, size - 1) - first + 1, size)
