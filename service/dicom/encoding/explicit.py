"""A stored data set → Explicit VR Little Endian, piece by piece: PS3.18 8.7.3, PS3.5 A.2. Or Implicit, A.1.

What Implicit VR, Big Endian and Deflated files are turned into on their way out. Every value keeps its
bytes (their order aside); long ones are named by their place, for the caller to read in pieces.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from service.dicom.encoding import vr
from service.dicom.encoding.elements import PIXEL_DATA, UNDEFINED, Buffer, Element, Encoding
from service.dicom.encoding.vr import Context
from service.dicom.encoding.words import (
    ITEM_END,
    ITEM_TAG,
    NUMBER_SIZES,
    PIXEL_SIZES,
    SEQUENCE_END,
    WORD_SIZES,
    swapped,
)
from service.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN

_PREFIX = bytes(128) + b"DICM"
LONG_HEADERS = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"))
_ITEM_OPEN = ITEM_TAG + b"\xff\xff\xff\xff"  # of undefined length
IMPLEMENTATION_CLASS_UID = "2.25.331288187206412254312466230424612087321"
_PADDED_WITH_NUL = frozenset(("OB", "UI", "UN"))
_LARGE = 65536
_PIXEL_REPRESENTATION, _BITS_ALLOCATED = 0x00280103, 0x00280100

Header = Callable[[int, str, int], bytes]
"""Tag, VR and length of a value → what comes before it."""


class Value(NamedTuple):
    """A value left where it is: `length` bytes at `offset`, in words of `word_size` to be reversed."""

    offset: int
    length: int
    word_size: int


def file_head(
    sop_class_uid: str, sop_instance_uid: str, transfer_syntax: str = EXPLICIT_VR_LITTLE_ENDIAN
) -> bytes:
    """Return preamble and group 0002 of a file. PS3.10 7.1."""
    meta = b"".join(
        (
            encoded(0x00020001, "OB", b"\x00\x01"),
            encoded(0x00020002, "UI", sop_class_uid.encode()),
            encoded(0x00020003, "UI", sop_instance_uid.encode()),
            encoded(0x00020010, "UI", transfer_syntax.encode()),
            encoded(0x00020012, "UI", IMPLEMENTATION_CLASS_UID.encode()),
        )
    )
    return _PREFIX + encoded(0x00020000, "UL", struct.pack("<L", len(meta))) + meta


def encoded(tag: int, name: str, value: bytes) -> bytes:
    """Return an element in Explicit VR Little Endian, its value padded to even length. PS3.5 6.2, 7.1.2."""
    padding = b"\0" if name in _PADDED_WITH_NUL else b" "
    value += padding * (len(value) % 2)
    return header(tag, name, len(value)) + value


def header(tag: int, name: str, length: int) -> bytes:
    """Return what comes before a value in Explicit VR Little Endian. PS3.5 7.1.2."""
    if name in LONG_HEADERS:
        return _tag(tag) + name.encode() + b"\0\0" + struct.pack("<L", length)
    if length > 0xFFFF:  # PS3.5 6.2.2 note 5: a value too long for its VR's header goes as UN
        return _tag(tag) + b"UN\0\0" + struct.pack("<L", length)
    return _tag(tag) + name.encode() + struct.pack("<H", length)


def implicit_header(tag: int, _name: str, length: int) -> bytes:
    """Return what comes before a value in Implicit VR Little Endian. PS3.5 7.1.3."""
    return _tag(tag) + struct.pack("<L", length)


def sequence(
    tag: int, items: Iterable[Iterable[bytes | Value]], header_of: Header = header
) -> Iterator[bytes | Value]:
    """Yield a sequence, and its items, of undefined length. PS3.5 7.5.1."""
    yield header_of(tag, "SQ", UNDEFINED)
    for item in items:
        yield _ITEM_OPEN
        yield from item
        yield ITEM_END
    yield SEQUENCE_END


def to_explicit_little_endian(
    buffer: Buffer, elements: Iterable[Element], encoding: Encoding
) -> Iterator[bytes | Value]:
    """Yield the data set in Explicit VR Little Endian: headers and short values as bytes, long ones by place.

    Sequences get undefined lengths, group lengths are left out.
    """
    for _, pieces in elements_in_explicit_little_endian(buffer, elements, encoding, Context()):
        yield from pieces


def to_implicit_little_endian(
    buffer: Buffer, elements: Iterable[Element], encoding: Encoding
) -> Iterator[bytes | Value]:
    """Yield a data set without encapsulated pixels in Implicit VR Little Endian, in the same way."""
    for _, pieces in elements_in_explicit_little_endian(
        buffer, elements, encoding, Context(), implicit_header
    ):
        yield from pieces


def elements_in_explicit_little_endian(
    buffer: Buffer,
    elements: Iterable[Element],
    encoding: Encoding,
    context: Context,
    header_of: Header = header,
) -> Iterator[tuple[int, Iterator[bytes | Value]]]:
    """Yield the tag of each element and, as `to_explicit_little_endian` does, what it is made of."""
    creators: dict[int, str] = {}
    context, allocated = Context(context.signed, creators), 0
    for element in elements:
        tag = element.tag
        if not tag & 0xFFFF:
            continue
        if tag == _PIXEL_REPRESENTATION:
            context = Context(_number(buffer, element, encoding) == 1, creators)
        elif tag == _BITS_ALLOCATED:
            allocated = _number(buffer, element, encoding)
        elif vr.is_creator(tag):
            raw = buffer[element.offset : element.offset + min(element.length, 64)]
            creators[vr.block_of_creator(tag)] = raw.decode("latin-1").strip(" \0")
        name = vr.resolve(tag, element.vr, context)
        if element.items is not None:
            yield tag, _sequence(buffer, element, context, header_of)
        else:
            yield tag, _value(buffer, element, name, encoding, allocated, header_of)


def _sequence(
    buffer: Buffer, element: Element, context: Context, header_of: Header
) -> Iterator[bytes | Value]:
    data_sets = (
        elements_in_explicit_little_endian(buffer, item.elements, item.encoding, context, header_of)
        for item in element.items or []
    )
    items = ((piece for _, pieces in data_set for piece in pieces) for data_set in data_sets)
    return sequence(element.tag, items, header_of)


def _value(
    buffer: Buffer, element: Element, name: str, encoding: Encoding, allocated: int, header_of: Header
) -> Iterator[bytes | Value]:
    tag, length = element.tag, element.length
    if element.fragments is not None:
        yield header_of(tag, "OB", UNDEFINED)
        yield Value(element.offset, length, 1)
        return
    word_size = 1 if encoding.little_endian else _word_size(name, tag, allocated)
    padding = b"\0" * (length % 2)
    yield header_of(tag, name, length + len(padding))
    if length > _LARGE:
        yield Value(element.offset, length, word_size)
    else:
        yield swapped(bytes(buffer[element.offset : element.offset + length]), word_size)
    yield padding


def _word_size(name: str, tag: int, allocated: int) -> int:
    """Return the size of the words that big endian holds the other way round."""
    if name == "OW" and tag == PIXEL_DATA:
        return PIXEL_SIZES.get(allocated, 2)
    return WORD_SIZES.get(name) or NUMBER_SIZES.get(name, 1)


def _tag(tag: int) -> bytes:
    return struct.pack("<HH", tag >> 16, tag & 0xFFFF)


def _number(buffer: Buffer, element: Element, encoding: Encoding) -> int:
    raw = buffer[element.offset : element.offset + 2]
    return int.from_bytes(raw, "little" if encoding.little_endian else "big")
