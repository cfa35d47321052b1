"""The DICOM JSON Model → data elements in Explicit VR Little Endian: the way back from `writer`.

What others send is not trusted. Every value is compared with its VR, and what does not fit is refused with
its place and kind, never with its content. Text becomes UTF-8. What belongs to a file's encoding (group 0002,
group lengths, offset tables) is left out, for whoever writes the file makes it anew.

Standard: PS3.18 Annex F, PS3.5 6.2.
"""

import re
import struct
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from service.dicom.encoding.elements import MAX_DEPTH, PIXEL_DATA, Malformed, TooDeep
from service.dicom.encoding.encapsulation import MAX_VALUE_BYTES, encapsulated
from service.dicom.encoding.explicit import Value, encoded, header, sequence
from service.dicom.encoding.headers import VALUE_REPRESENTATIONS
from service.dicom.encoding.words import WORD_SIZES
from service.dicom.json.value_bytes import ENCODERS, checked
from service.dicom.json.values import TEXT_DECODERS
from service.dicom.json.writer import BULKDATA_VRS, is_encoding
from service.dicom_json import DicomJson

Pieces = Iterator[bytes | Value]
FindBulkdata = Callable[[str], Value]
"""A Bulkdata URI → where its value lies; raises Malformed where nothing answers it."""

_SPECIFIC_CHARACTER_SET = 0x00080005
_UTF_8 = {"vr": "CS", "Value": ["ISO_IR 192"]}
_TAG = re.compile(r"[0-9A-Fa-f]{8}", re.ASCII)
_FIRST_DELIMITER = 0xFFFE0000
_FORMS = ("Value", "BulkDataURI", "InlineBinary")


def data_set(attributes: DicomJson, find_bulkdata: FindBulkdata, frames: Sequence[Value] = ()) -> Pieces:
    """Yield the elements of a data set: headers and short values as bytes, bulk data by place.

    Args:
        attributes: of one instance, as it was sent.
        find_bulkdata: asked for every Bulkdata URI, except that of encapsulated Pixel Data.
        frames: where the code streams lie that Pixel Data is made of; none if it is native.

    Raises:
        Malformed: an attribute is not what the Standard says; the message names it.
        TooDeep: sequences are nested more than `MAX_DEPTH` deep.
    """
    return _data_set(attributes, find_bulkdata, "", frames)


def _data_set(
    attributes: object, find_bulkdata: FindBulkdata, path: str, frames: Sequence[Value] = ()
) -> Pieces:
    if path.count("/") > 2 * MAX_DEPTH:
        raise TooDeep(f"sequences are nested more than {MAX_DEPTH} deep")
    elements = _by_tag(attributes, path)
    if not path or elements.get(_SPECIFIC_CHARACTER_SET, {}).get("Value"):
        elements[_SPECIFIC_CHARACTER_SET] = _UTF_8
    for tag in sorted(elements):
        if tag == PIXEL_DATA and frames:
            yield from encapsulated(frames)
        else:
            yield from _element(tag, elements[tag], find_bulkdata, f"{path}{tag:08X}")


def _by_tag(attributes: object, path: str) -> dict[int, DicomJson]:
    """Return the attributes that are not the encoding's, by tag."""
    place, elements = path or "the instance", {}
    if not isinstance(attributes, dict):
        raise Malformed(f"{place} is no object")
    for name, attribute in attributes.items():
        if not _TAG.fullmatch(name) or (tag := int(name, 16)) >= _FIRST_DELIMITER:
            raise Malformed(f"{place} has an attribute whose name is no tag: expected one as 00100020")
        if not isinstance(attribute, dict):
            raise Malformed(f"{path}{tag:08X} is no object")
        if not is_encoding(tag):
            elements[tag] = attribute
    return elements


def _element(tag: int, attribute: DicomJson, find_bulkdata: FindBulkdata, path: str) -> Pieces:
    name, items = "", None
    try:
        name, form, content = _taken_apart(attribute)
        if name == "SQ" and form == "Value":
            items = enumerate(checked(content, list), 1)
        pieces = () if items else _short_element(tag, name, form, content, find_bulkdata)
    except Malformed as error:
        raise Malformed(f"{path} {error}") from error
    except (ValueError, OverflowError, struct.error) as error:
        raise Malformed(f"{path} has a value that {name} cannot hold") from error
    if items is None:
        yield from pieces
    else:
        yield from sequence(
            tag, (_data_set(item, find_bulkdata, f"{path}/{number}/") for number, item in items)
        )


def _taken_apart(attribute: DicomJson) -> tuple[str, str, Any]:
    """Return VR, the name of the form that the value has, and what is there; both empty without a value."""
    name, forms = attribute.get("vr"), [form for form in _FORMS if form in attribute]
    if not isinstance(name, str) or name not in VALUE_REPRESENTATIONS:
        raise Malformed("has no VR of the Standard")
    if len(forms) > 1:
        raise Malformed(f"has {' and '.join(forms)}: expected one of them")
    return name, forms[0] if forms else "", attribute[forms[0]] if forms else None


def _short_element(
    tag: int, name: str, form: str, content: Any, find_bulkdata: FindBulkdata
) -> tuple[bytes | Value, ...]:
    """Return an element that is no sequence with items."""
    if not form:
        return (encoded(tag, name, b""),)
    if form == "BulkDataURI" and name in BULKDATA_VRS:
        value = find_bulkdata(checked(content, str))
        padding = (b" " if name in TEXT_DECODERS else b"\0") * (value.length % 2)
        if value.length > MAX_VALUE_BYTES:
            raise Malformed(f"has {value.length} bytes: expected up to {MAX_VALUE_BYTES}")
        return header(tag, name, value.length + len(padding)), value, padding
    if form == "InlineBinary" and name in WORD_SIZES:
        raw = b64decode(checked(content, str), validate=True)
        return (encoded(tag, name, raw + b"\0" * (len(raw) % 2)),)
    if form == "Value" and name in ENCODERS:
        return (encoded(tag, name, ENCODERS[name](checked(content, list))),)
    raise Malformed(f"has {form}, which {name} cannot have")
