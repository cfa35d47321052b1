"""Headers of data elements, one reader per encoding: PS3.5 7.1."""

import struct
from collections.abc import Callable

from service.dicom.encoding.elements import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    UNDEFINED,
    Buffer,
    Encoding,
    Truncated,
)
from service.dicom.encoding.words import ITEM_HEADER

_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_NAMES = {vr: vr.decode("ascii") for vr in _LONG_VRS | _SHORT_VRS}
VALUE_REPRESENTATIONS = frozenset(_NAMES.values())
_LITTLE_ITEM, _BIG_ITEM = struct.Struct("<HHL").unpack_from, struct.Struct(">HHL").unpack_from
_MAX_HEADS = 2**14
_PLACEHOLDERS = frozenset((b"??", b"--", b"  "))  # that writers put where they know no VR


def encoding_at(buffer: Buffer, position: int, end: int, encoding: Encoding) -> Encoding:
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
    if vr in _NAMES or (vr.isalpha() and vr.isupper()) or not _has_no_vr(buffer, position, end, encoding):
        return encoding
    return Encoding(implicit=True, little_endian=encoding.little_endian)


def _has_no_vr(buffer: Buffer, position: int, end: int, encoding: Encoding) -> bool:
    """Tell whether the element has a length of four bytes where none of the VRs stands."""
    raw = buffer[position + 4 : position + 8]
    length = int.from_bytes(raw, "little" if encoding.little_endian else "big")
    return length in (0, UNDEFINED) or length <= end - position - ITEM_HEADER


_Header = tuple[int, str, int, int]
Reader = Callable[[Buffer, int], _Header]


def _explicit_reader(order: str) -> Reader:
    """Return the reader of explicit VR.

    What has no VR at all has a length of four bytes, as in implicit VR. Where two bytes that are no capital
    letters stand for a VR, the length is in the two after them: as DCMTK reads them.
    """
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
        long_length: int = long(buffer, position + 4)[0]
        if vr in _PLACEHOLDERS or UNDEFINED > long_length > len(buffer) - position - 8:
            return group << 16 | element, "", position + 8, length
        return group << 16 | element, "", position + 8, long_length

    return read


def _implicit_reader(order: str) -> Reader:
    unpack = struct.Struct(f"{order}HHL").unpack_from

    def read(buffer: Buffer, position: int) -> _Header:
        group, element, length = unpack(buffer, position)
        return group << 16 | element, "", position + 8, length

    return read


HEADER_READERS: dict[Encoding, Reader] = {
    EXPLICIT_LITTLE: _explicit_reader("<"),
    EXPLICIT_BIG: _explicit_reader(">"),
    IMPLICIT_LITTLE: _implicit_reader("<"),
    Encoding(implicit=True, little_endian=False): _implicit_reader(">"),
}


KNOWN_HEADS: dict[bytes, tuple[int, str]] = {}
"""Tag and VR in explicit VR little endian, where a length of two bytes follows → tag and name of the VR."""


def know_head(encoded: bytes, tag: int, vr: str) -> None:
    """Remember how such a tag and VR are encoded; files have nearly the same ones."""
    if len(KNOWN_HEADS) < _MAX_HEADS:
        KNOWN_HEADS[encoded] = tag, vr


def item_header(buffer: Buffer, position: int, end: int, little_endian: bool) -> tuple[int, int]:
    """Return the tag and the length of an item or a delimiter. PS3.5 7.5.

    Raises:
        Truncated: what holds it ends before.
    """
    if position + ITEM_HEADER > end:
        raise Truncated(f"a sequence reaches beyond what holds it, which ends at byte {end}")
    group, element, length = (_LITTLE_ITEM if little_endian else _BIG_ITEM)(buffer, position)
    return group << 16 | element, length
