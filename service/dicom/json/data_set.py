"""DICOM JSON → a data set in memory, in the encoding and character set that whoever gets it wants.

What answers searches of DIMSE: few short attributes, many times. Values that lie elsewhere, and those that
their VR cannot hold, become empty. Character sets with code extensions are not written: UTF-8 has all of
them. Standard: PS3.18 Annex F, PS3.5 6.1, 7.1.
"""

import struct
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, NamedTuple

from service.dicom.encoding.charset import character_set
from service.dicom.encoding.elements import Malformed
from service.dicom.encoding.explicit import encoded as explicit
from service.dicom.json.value_bytes import ENCODERS
from service.dicom_json import Attributes

UTF_8 = "ISO_IR 192"
SPECIFIC_CHARACTER_SET = "00080005"

# Whose text is one codec's from beginning to end, and has ASCII in its place.
_PLAIN_SETS = (
    *(f"ISO_IR {number}" for number in (100, 101, 109, 110, 126, 127, 138, 144, 148, 166, 203)),
    "GB18030",
    "GBK",
)
_TEXT_VRS = frozenset(("LO", "LT", "PN", "SH", "ST", "UC", "UT"))
_PADDED_WITH_NUL = frozenset(("OB", "UI", "UN"))
_MAX_BYTES = 2**16 - 2  # of a value, which the header of any VR can tell
_ITEM = 0xFFFEE000


class Text(NamedTuple):
    """How text is written.

    Attributes:
        term: of Specific Character Set; empty for ASCII.
        codec: of Python.
    """

    term: str
    codec: str


ASCII = Text("", "ascii")


def text_for(attributes: Attributes, wanted: str) -> Text:
    """Return how the text of some attributes is written: plainly, as somebody wants it, or in UTF-8.

    Args:
        attributes: of the data set.
        wanted: a Specific Character Set, as it was sent; several terms with backslashes between them.
    """
    texts = "".join(_texts(attributes))
    if texts.isascii():
        return ASCII
    if wanted in _PLAIN_SETS:
        codec = character_set(wanted.encode())[0]
        try:
            texts.encode(codec)
        except UnicodeEncodeError:
            return Text(UTF_8, "utf-8")
        return Text(wanted, codec)
    return Text(UTF_8, "utf-8")


def encoded(attributes: Attributes, text: Text, *, implicit: bool) -> bytes:
    """Return a data set in little endian, its elements ascending; it says how its text is written."""
    told = {SPECIFIC_CHARACTER_SET: {"vr": "CS", "Value": [text.term] if text.term else []}}
    whole = {**attributes, **told} if text.term or SPECIFIC_CHARACTER_SET in attributes else attributes
    return _data_set(whole, text.codec, implicit=implicit)


def _texts(attributes: Attributes) -> list[str]:
    """Return the text that a character set is needed for."""
    texts: list[str] = []
    for element in attributes.values():
        for value in _values(element):
            if isinstance(value, str):
                texts.append(value)
            elif isinstance(value, Mapping):
                is_item = element["vr"] == "SQ"
                texts += (
                    _texts(value) if is_item else [part for part in value.values() if isinstance(part, str)]
                )
    return texts


def _data_set(attributes: Attributes, codec: str, *, implicit: bool) -> bytes:
    elements = (
        _element(int(tag, 16), element, codec, implicit=implicit)
        for tag, element in sorted(attributes.items())
    )
    return b"".join(elements)


def _element(tag: int, element: Any, codec: str, *, implicit: bool) -> bytes:
    vr = element["vr"]
    if vr == "SQ":
        items = b"".join(
            _item(_data_set(item, codec, implicit=implicit))
            for item in _values(element)
            if isinstance(item, Mapping)
        )
        value = items
    else:
        value = _value(vr, element, codec)
    if implicit:
        value += (b"\0" if vr in _PADDED_WITH_NUL else b" ") * (len(value) % 2)
        return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value)) + value
    return explicit(tag, vr, value)


def _item(content: bytes) -> bytes:
    return struct.pack("<HHL", _ITEM >> 16, _ITEM & 0xFFFF, len(content)) + content


def _value(vr: str, element: Any, codec: str) -> bytes:
    try:
        if "InlineBinary" in element:
            value = b64decode(element["InlineBinary"])
        elif vr in ENCODERS:
            value = ENCODERS[vr](_values(element))
        else:
            return b""
        if vr in _TEXT_VRS and codec != "utf-8":
            value = value.decode().encode(codec, "replace")
    except (Malformed, ValueError, OverflowError, struct.error):
        return b""
    return value if len(value) <= _MAX_BYTES else b""


def _values(element: Any) -> list[Any]:
    return list(element.get("Value") or ())
