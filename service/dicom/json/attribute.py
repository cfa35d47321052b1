"""One value, not a sequence → its attribute in the DICOM JSON Model. PS3.18 F.2.2."""

from base64 import b64encode
from typing import Any

from service.dicom.encoding.charset import Charset
from service.dicom.encoding.words import WORD_SIZES, swapped
from service.dicom.json import values
from service.dicom.json.flaws import flaw
from service.dicom.json.room import ATTRIBUTE_ROOM, room_of
from service.dicom_json import DicomJson


def attribute_of(name: str, raw: bytes, charset: Charset, little_endian: bool) -> tuple[DicomJson, str, int]:
    """Return the attribute of a value, what is wrong with it, and the room that it takes."""
    if not raw:
        return {"vr": name}, "", ATTRIBUTE_ROOM
    room = ATTRIBUTE_ROOM + room_of(name, raw)
    if read_text := values.TEXT_DECODERS.get(name):
        contents = read_text(raw, charset)
    elif read_numbers := values.NUMBER_DECODERS.get(name):
        contents = read_numbers(raw, little_endian)
    else:
        binary = raw if little_endian else swapped(raw, WORD_SIZES.get(name, 1))
        return {"vr": name, "InlineBinary": b64encode(binary).decode("ascii")}, "", room
    return _with_values(name, contents), flaw(name, raw, charset, contents), room


def _with_values(name: str, contents: list[Any]) -> DicomJson:
    """Return the attribute; one without a single value has none: PS3.18 F.2.5."""
    if all(value is None for value in contents):
        return {"vr": name}
    return {"vr": name, "Value": contents}
