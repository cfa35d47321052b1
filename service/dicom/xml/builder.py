"""The Native DICOM Model, element by element → the DICOM JSON Model. PS3.19 A.1.5, PS3.18 Annex F.

Which element may lie in which is a table, so that only items can be nested, and those no deeper than in a
file. What writers leave out is tolerated: a VR that the dictionary knows, numbers of values, empty values.
"""

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from service.dicom.dictionary import tag_name
from service.dicom.encoding.elements import MAX_DEPTH
from service.dicom.encoding.vr import Context, is_private, resolve
from service.dicom.encoding.words import WORD_SIZES
from service.dicom.xml.private_blocks import Attribute, in_blocks
from service.dicom.xml.values import VALUE_READERS
from service.dicom.xml.writer import NAME_COMPONENTS
from service.dicom_json import NAME_GROUPS, DicomJson
from service.errors import InvalidXml, shorten

MAX_XML_ELEMENTS = 2**18  # values that were left out count too

_TAG = re.compile(r"[0-9A-F]{8}", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)

# Element → those that may lie in it; for a DicomAttribute its VR decides.
_CHILDREN = {
    "": ("NativeDicomModel",),
    "NativeDicomModel": ("DicomAttribute",),
    "Item": ("DicomAttribute",),
    "PersonName": NAME_GROUPS,
    **dict.fromkeys(NAME_GROUPS, NAME_COMPONENTS),
}
_CONTENT = {
    **dict.fromkeys(VALUE_READERS, ("Value", "BulkData")),
    **dict.fromkeys(WORD_SIZES, ("InlineBinary", "BulkData")),
    "PN": ("PersonName",),
    "SQ": ("Item",),
}
_TEXTUAL = ("Value", "InlineBinary", *NAME_COMPONENTS)


class NativeModel:
    """Puts a data set together from the elements of a document, in their order.

    What it refuses is named by the attributes that are open, as in 00081110/00081155.

    Attributes:
        data_set: the last that was closed; that of the document when all are.
    """

    def __init__(self) -> None:
        self.data_set: DicomJson = {}
        self._room = MAX_XML_ELEMENTS
        self._open = [""]  # the outermost first
        self._data_sets: list[list[Attribute]] = []  # that are open, with what they have so far
        self._components: dict[tuple[str, str], str] = {}  # of the last PersonName, by group and component

    def begin(self, name: str, xml_attributes: Mapping[str, str]) -> None:
        """Take the start of an element, with its XML attributes.

        Raises:
            InvalidXml: it cannot be here, or its attributes are not those of PS3.19 Table A.1.5-2.
        """
        expected = self._expected()
        if name not in expected:
            place = self._open[-1] or "the document"
            self._refuse(
                f"found {shorten(name)} in {place}, expected {' or '.join(expected) or 'no element'}"
            )
        self._open.append(name)
        self._take_room(1)
        if begin := _BEGIN.get(name):
            begin(self, xml_attributes)

    def end(self, text: str) -> None:
        """Take the end of the innermost element, and the text before it.

        Raises:
            InvalidXml: it is not what the element can hold.
        """
        name = self._open.pop()
        if name not in _TEXTUAL and text.strip():
            self._refuse(f"found text in {name}, expected none")
        if end := _END.get(name):
            end(self, name, text)

    def _refuse(self, message: str) -> NoReturn:
        place = "/".join(tag_name(data_set[-1].tag) for data_set in self._data_sets if data_set)
        raise InvalidXml(f"{shorten(place)}: {message}" if place else message)

    @property
    def _element(self) -> DicomJson:
        """The DICOM JSON of the innermost attribute."""
        return self._data_sets[-1][-1].element

    def _expected(self) -> tuple[str, ...]:
        """Return the elements that may come next."""
        if self._open[-1] != "DicomAttribute":
            return _CHILDREN.get(self._open[-1], ())
        kinds = _CONTENT[self._element["vr"]]
        if self._element.keys() == {"vr"}:
            return kinds
        return kinds[:1] if "Value" in self._element else ()

    def _take_room(self, elements: int) -> None:
        self._room -= elements
        if self._room < 0:
            self._refuse(f"found more than {MAX_XML_ELEMENTS} elements, expected no more")

    def _begin_data_set(self, _: Mapping[str, str]) -> None:
        if len(self._data_sets) > MAX_DEPTH:
            self._refuse(f"found sequences nested more than {MAX_DEPTH} deep, expected no more")
        self._data_sets.append([])

    def _begin_attribute(self, xml_attributes: Mapping[str, str]) -> None:
        name = xml_attributes.get("tag", "")
        if not _TAG.fullmatch(name):
            description = f"the tag {shorten(name)}" if name else "a DicomAttribute without tag"
            self._refuse(f"found {description}, expected eight hexadecimal digits")
        tag = int(name, 16)
        creator = xml_attributes.get("privateCreator", "").strip() if is_private(tag) else ""
        if creator and not tag & 0xFF00:
            tag |= 0x1000
        vr = xml_attributes.get("vr") or resolve(tag, "", Context(creators={tag >> 8: creator}))
        if vr not in _CONTENT:
            self._refuse(f"found the VR {shorten(vr)} of {name}, expected one of PS3.5 6.2")
        self._data_sets[-1].append(Attribute(tag, creator, {"vr": vr}))

    def _begin_value(self, xml_attributes: Mapping[str, str]) -> None:
        present: list[Any] = self._element.setdefault("Value", [])
        number, expected = xml_attributes.get("number"), str(len(present) + 1)
        if number is None or number == expected:
            return
        if not _NUMBER.fullmatch(number) or int(number) <= len(present):
            self._refuse(f"found the number {shorten(number)}, expected {expected}")
        left_out = range(len(present) + 1, int(number))
        self._take_room(len(left_out))
        present.extend({} if self._open[-1] == "Item" else None for _ in left_out)

    def _begin_item(self, xml_attributes: Mapping[str, str]) -> None:
        self._begin_value(xml_attributes)
        self._begin_data_set(xml_attributes)

    def _begin_name(self, xml_attributes: Mapping[str, str]) -> None:
        self._begin_value(xml_attributes)
        self._components.clear()

    def _begin_bulk_data(self, xml_attributes: Mapping[str, str]) -> None:
        if not xml_attributes.get("uri"):
            self._refuse("found BulkData without uri, expected one")
        self._element["BulkDataURI"] = xml_attributes["uri"]

    def _end_data_set(self, *_: str) -> None:
        try:
            self.data_set = in_blocks(self._data_sets.pop())
        except ValueError as error:
            self._refuse(str(error))

    def _end_item(self, *_: str) -> None:
        self._end_data_set()
        self._element["Value"].append(self.data_set)

    def _end_attribute(self, *_: str) -> None:
        if all(value is None for value in self._element.get("Value", ())):
            self._element.pop("Value", None)

    def _end_value(self, _: str, text: str) -> None:
        vr = self._element["vr"]
        try:
            self._element["Value"].append(VALUE_READERS[vr](text))
        except ValueError as error:
            self._refuse(f"found a Value that is {error}, expected one of VR {vr}")

    def _end_binary(self, _: str, text: str) -> None:
        try:
            encoded = text.encode("ascii").translate(None, b" \t\r\n")
            b64decode(encoded, validate=True)
        except ValueError:
            self._refuse("found an InlineBinary that cannot be decoded, expected base64")
        if encoded:
            self._element["InlineBinary"] = encoded.decode("ascii")

    def _end_name(self, *_: str) -> None:
        name = {group: self._name_group(group) for group in NAME_GROUPS}
        self._element["Value"].append({group: text for group, text in name.items() if text} or None)

    def _name_group(self, group: str) -> str:
        return "^".join(self._components.get((group, component), "") for component in NAME_COMPONENTS).rstrip(
            "^ "
        )

    def _end_component(self, name: str, text: str) -> None:
        self._components[self._open[-1], name] = text


_BEGIN: dict[str, Callable[[NativeModel, Mapping[str, str]], None]] = {
    "NativeDicomModel": NativeModel._begin_data_set,
    "DicomAttribute": NativeModel._begin_attribute,
    "Value": NativeModel._begin_value,
    "PersonName": NativeModel._begin_name,
    "Item": NativeModel._begin_item,
    "BulkData": NativeModel._begin_bulk_data,
}
_END: dict[str, Callable[[NativeModel, str, str], None]] = {
    "NativeDicomModel": NativeModel._end_data_set,
    "DicomAttribute": NativeModel._end_attribute,
    "Value": NativeModel._end_value,
    "InlineBinary": NativeModel._end_binary,
    "PersonName": NativeModel._end_name,
    **dict.fromkeys(NAME_COMPONENTS, NativeModel._end_component),
    "Item": NativeModel._end_item,
}
