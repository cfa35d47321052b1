"""What DICOM JSON leaves out or writes anew, as it is in the file: group 0002, and Specific Character Set.

For people who want to know how a file is encoded. All text of DICOM JSON is UTF-8 (PS3.18 F.2), and so is
what it says of the character set.
"""

from base64 import b64encode
from collections.abc import Iterator

from service.dicom.dictionary import tag_name
from service.dicom.encoding.elements import Buffer, Element, Encoding
from service.dicom.encoding.group import walk_group
from service.dicom.encoding.headers import HEADER_READERS, encoding_at
from service.dicom.encoding.part10 import PREAMBLE
from service.dicom_json import DicomJson

SPECIFIC_CHARACTER_SET = "00080005"
_SPECIFIC_CHARACTER_SET = 0x00080005
_NUMBERS = ("UL", "US")
_BYTES = ("OB", "UN", "")


def file_meta(buffer: Buffer) -> DicomJson:
    """Return the elements of group 0002 of a file, or of its beginning; none of what has none.

    Raises:
        Malformed: they cannot be read.
    """
    start = PREAMBLE + 4 if buffer[PREAMBLE : PREAMBLE + 4] == b"DICM" else 0
    if buffer[start : start + 2] != b"\x02\x00":
        return {}
    elements, _ = walk_group(buffer, start, 0x0002)
    return {tag_name(element.tag): _attribute(buffer, element) for element in elements}


def own_character_set(buffer: Buffer, start: int, encoding: Encoding) -> DicomJson:
    """Return Specific Character Set of a data set as it is there, or nothing if it has none.

    Args:
        buffer: with the data set, or its beginning.
        start: where it begins.
        encoding: of its elements.

    Raises:
        Malformed: its first elements cannot be read.
    """
    for element in _first_elements(buffer, start, encoding):
        if element.tag == _SPECIFIC_CHARACTER_SET:
            return {SPECIFIC_CHARACTER_SET: _attribute(buffer, element._replace(vr="CS"))}
    return {}


def _first_elements(buffer: Buffer, start: int, encoding: Encoding) -> Iterator[Element]:
    """Yield elements up to Specific Character Set, whose place is before all text."""
    read = HEADER_READERS[encoding_at(buffer, start, len(buffer), encoding)]
    while start + 8 <= len(buffer):
        tag, vr, offset, length = read(buffer, start)
        if tag > _SPECIFIC_CHARACTER_SET or offset + length > len(buffer):
            return
        yield Element(tag, vr, offset, length)
        start = offset + length


def _attribute(buffer: Buffer, element: Element) -> DicomJson:
    raw = bytes(buffer[element.offset : element.offset + element.length])
    if element.vr in _BYTES:
        return {"vr": element.vr or "UN", "InlineBinary": b64encode(raw).decode()}
    if element.vr in _NUMBERS:
        size = 4 if element.vr == "UL" else 2
        numbers = [int.from_bytes(raw[at : at + size], "little") for at in range(0, len(raw), size)]
        return {"vr": element.vr, "Value": numbers}
    text = raw.decode("latin-1").rstrip("\0 ")
    return {"vr": element.vr, "Value": text.split("\\")} if text else {"vr": element.vr}
