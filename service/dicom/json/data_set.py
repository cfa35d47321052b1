"""DICOM JSON → a data set in memory, in the encoding and character set that whoever gets it wants.

What answers searches of DIMSE: few short attributes, many times. Values that lie elsewhere, and those that
their VR cannot hold, become empty. Character sets with code extensions are not written: UTF-8 has all of
them. Standard: PS3.18 Annex F, PS3.5 6.1, 7.1.
"""

import struct
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

from service.dicom.encoding.charset import character_set
from service.dicom.encoding.elements import Malformed
from service.dicom.encoding.explicit import LONG_HEADERS, header
from service.dicom.encoding.words import ITEM_TAG
from service.dicom.json.value_bytes import ENCODERS
from service.dicom_json import Attributes

SPECIFIC_CHARACTER_SET = "00080005"

TEXT_VRS = frozenset(("LO", "LT", "PN", "SH", "ST", "UC", "UT"))
"""Whose values are in the character set that a data set tells of."""

# Whose text is one codec's from beginning to end, and has ASCII in its place.
_PLAIN_SETS = (
    *(f"ISO_IR {number}" for number in (100, 101, 109, 110, 126, 127, 138, 144, 148, 166, 203)),
    "GB18030",
    "GBK",
)
_STRINGS = TEXT_VRS - {"PN"} | {"AE", "AS", "CS", "DA", "DT", "TM", "UI"}  # that are in JSON as they are
_PADDED_WITH_NUL = frozenset(("OB", "UI", "UN"))
_MAX_SHORT = 2**16 - 1  # bytes of a value, as most VRs tell it
_LONG, _SHORT = struct.Struct("<L").pack, struct.Struct("<H").pack


class Text(NamedTuple):
    """How text is written.

    Attributes:
        term: of Specific Character Set; empty for ASCII.
        codec: of Python.
    """

    term: str
    codec: str


ASCII, UTF_8 = Text("", "ascii"), Text("ISO_IR 192", "utf-8")


def encoded(attributes: Attributes, wanted: str = "", *, implicit: bool) -> bytes:
    """Return a data set in little endian, its elements ascending; it says how its text is written.

    Text that is ASCII is written plainly, other text in the character set that is wanted, or else in UTF-8.

    Args:
        attributes: of the data set.
        wanted: a Specific Character Set, as it was sent; several terms with backslashes between them.
        implicit: VRs are not written.
    """
    for text in (ASCII, text_of(wanted)):
        with suppress(UnicodeEncodeError):
            return _told(attributes, text, implicit=implicit)
    return _told(attributes, UTF_8, implicit=implicit)


def text_of(wanted: str) -> Text:
    """Return how text is written, if it can be, for who wants a Specific Character Set; UTF-8 for others."""
    return Text(wanted, character_set(wanted.encode())[0]) if wanted in _PLAIN_SETS else UTF_8


def _told(attributes: Attributes, text: Text, *, implicit: bool) -> bytes:
    """Return a data set that says how its text is written.

    Raises:
        UnicodeEncodeError: its text cannot be written so.
    """
    if text.term or SPECIFIC_CHARACTER_SET in attributes:
        term = {"vr": "CS", "Value": [text.term]} if text.term else {"vr": "CS"}
        attributes = {**attributes, SPECIFIC_CHARACTER_SET: term}
    return _data_set(attributes, text.codec, implicit=implicit)


def _data_set(attributes: Attributes, codec: str, *, implicit: bool) -> bytes:
    elements = [_element(tag, attributes[tag], codec, implicit=implicit) for tag in sorted(attributes)]
    return b"".join(elements)


def _element(tag: str, element: Any, codec: str, *, implicit: bool) -> bytes:
    vr, values = element["vr"], element.get("Value")
    if not values and "InlineBinary" not in element:
        value = b""
    elif vr in _STRINGS and len(values) == 1 and type(values[0]) is str:
        value = values[0].encode(codec)
    elif vr == "SQ":
        items = (item for item in values if isinstance(item, Mapping))
        value = b"".join(_item(_data_set(item, codec, implicit=implicit)) for item in items)
    else:
        value = _value(vr, element, codec)
    if len(value) % 2:
        value += padding(vr)
    return element_head(tag, vr, len(value), implicit=implicit) + value


def padding(vr: str) -> bytes:
    """Return what makes the length of a value even. PS3.5 6.2."""
    return b"\0" if vr in _PADDED_WITH_NUL else b" "


def element_head(tag: str, vr: str, length: int, *, implicit: bool) -> bytes:
    """Return what comes before a value of so many bytes."""
    if implicit:
        return _tag(tag) + _LONG(length)
    if vr in LONG_HEADERS or length > _MAX_SHORT:
        return header(int(tag, 16), vr, length)
    return _start(tag, vr) + _SHORT(length)


@lru_cache(maxsize=4096)
def _tag(tag: str) -> bytes:
    return struct.pack("<HH", int(tag[:4], 16), int(tag[4:], 16))


@lru_cache(maxsize=4096)
def _start(tag: str, vr: str) -> bytes:
    return _tag(tag) + vr.encode()


def _item(content: bytes) -> bytes:
    return b"".join((ITEM_TAG, _LONG(len(content)), content))


def _value(vr: str, element: Any, codec: str) -> bytes:
    """Return a value; what its VR cannot hold is empty.

    Raises:
        UnicodeEncodeError: its text cannot be written so.
    """
    try:
        if "InlineBinary" in element:
            return b64decode(element["InlineBinary"])
        if vr not in ENCODERS:
            return b""
        value = ENCODERS[vr](list(element["Value"]))
    except (Malformed, ValueError, OverflowError, struct.error):
        return b""
    return value.decode().encode(codec) if vr in TEXT_VRS and codec != UTF_8.codec else value
