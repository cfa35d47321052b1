"""Data elements → the DICOM JSON Model, PS3.18 Annex F.

Straight from the encoded bytes, once, when an instance arrives. Values that are long or are pixels stay
where they are: the JSON gets a Bulkdata URI, and `Bulkdata` notes which bytes it stands for.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from service.dicom.dictionary import tag_name
from service.dicom.encoding import vr
from service.dicom.encoding.charset import DEFAULT, Charset, character_set, is_known
from service.dicom.encoding.elements import PIXEL_DATA, Buffer, Element, Encoding, Item, TooMany
from service.dicom.encoding.vr import Context
from service.dicom.encoding.walk import DistantElements
from service.dicom.encoding.words import NUMBER_SIZES, WORD_SIZES
from service.dicom.json.attribute import attribute_of
from service.dicom.json.known_values import LONGEST, known_values
from service.dicom.json.room import ATTRIBUTE_ROOM, ITEM_ROOM, Room, room_of
from service.dicom_json import DicomJson
from service.json_text import LATER_FROM, later, later_items

MAX_INLINE_BYTES = 1024
MAX_METADATA_BYTES = 2**26  # of all values together that are not bulk data
MAX_TABLE_BYTES = 2**20  # of a value that rendering needs
MAX_INLINE_TEXT_BYTES = 65536  # of text and numbers, for which a Bulkdata URI is allowed too

_SPECIFIC_CHARACTER_SET, _PIXEL_REPRESENTATION = 0x00080005, 0x00280103
_PIXELS = frozenset((PIXEL_DATA, 0x7FE00008, 0x7FE00009))
_OFFSET_TABLES = frozenset((0x7FE00001, 0x7FE00002, 0x7FE00003))  # of the encoding, not of the instance
_PADDING = 0xFFFCFFFC
_CONTEXTUAL = frozenset((_SPECIFIC_CHARACTER_SET, _PIXEL_REPRESENTATION))
_FEW_ITEMS = 64  # of a sequence within another, beyond which nobody reads the items before they are stored
_TOP_ITEM = 2  # slashes in the path of an item of the top level
BULKDATA_VRS = (
    frozenset(["DS", "FD", "FL", "IS", "LT", "SL", "SS", "ST", "SV", "UC", "UL", "US", "UT", "UV"])
    | WORD_SIZES.keys()
)


class Bulkdata(NamedTuple):
    """Where a value that was left out of the JSON lies.

    Attributes:
        offset: of the value in the data set's buffer.
        length: in bytes.
        word_size: of the words whose bytes have to be reversed; 1 for little endian.
        encapsulated: the value is made of fragments, in items.
    """

    offset: int
    length: int
    word_size: int = 1
    encapsulated: bool = False

    def to_row(self) -> tuple[int, int, int]:
        """Return what the index keeps of it: fragments are words without size."""
        return self.offset, self.length, 0 if self.encapsulated else self.word_size

    @classmethod
    def from_row(cls, row: Sequence[int]) -> "Bulkdata":
        """Return the place that `to_row` wrote."""
        offset, length, word_size = row
        return cls(offset, length, word_size or 1, encapsulated=not word_size)


class Scope(NamedTuple):
    """What holds for the elements of a data set from some place on.

    Attributes:
        encoding: how they are laid out.
        charset: Python codecs of Specific Character Set.
        context: what decides VRs.
    """

    encoding: Encoding
    charset: Charset
    context: Context


@dataclass(slots=True)
class JsonModel:
    """Converts the elements of one instance, and gathers the bulk data it leaves out.

    Attributes:
        buffer: which the elements' offsets refer to.
        url: what a Bulkdata URI begins with; the attribute's path is appended.
        only: tags to convert; None for all. Their binary values are then all inline.
        bulkdata: attribute path → place, as in 54000100/1/54001010: items are counted from 1.
        inline_bytes: of the longer values converted so far.
        room: for what has not been converted yet; that of a file of the buffer's size.
        flaws: tag → what is wrong with a value of it, in the order of the file.
    """

    buffer: Buffer
    url: str = ""
    only: Collection[int] | None = None
    bulkdata: dict[str, Bulkdata] = field(default_factory=dict)
    inline_bytes: int = 0
    flaws: dict[int, str] = field(default_factory=dict)
    room: Room = field(init=False)

    def __post_init__(self) -> None:
        self.room = Room(len(self.buffer))

    def convert(self, elements: Iterable[Element], encoding: Encoding) -> DicomJson:
        """Return the attributes as a DICOM JSON object, ascending. PS3.18 F.2.2."""
        return self._data_set(elements, Scope(encoding, DEFAULT, Context()), "")

    def _data_set(self, elements: Iterable[Element], scope: Scope, path: str) -> DicomJson:
        attributes: dict[int, DicomJson] = {}
        creators: dict[int, str] = {}
        scope = Scope(scope.encoding, scope.charset, Context(scope.context.signed, creators))
        known = known_values(scope.charset, scope.encoding.little_endian)
        buffer, only, room = self.buffer, self.only, self.room
        room.take(ITEM_ROOM)
        for element in elements:
            tag, name, offset, length, items, fragments = element
            if only is not None and tag not in only:
                continue
            raw = buffer[offset : offset + length] if length <= LONGEST else None
            if kept := known.get((tag, name, raw)):  # most
                attributes[tag], size = kept
                room.left -= size
                continue
            if not path:
                room.begin()
            if not _is_plain(tag):
                if is_encoding(tag):
                    continue
                scope = self._within(scope, element, creators)
                known = known_values(scope.charset, scope.encoding.little_endian)
            if not name or name == "UN":
                name = self._resolved(tag, name, scope)
            if not length or (raw is not None and items is None and fragments is None and tag not in _PIXELS):
                attributes[tag] = self._short(tag, name, raw or b"", scope)
            else:
                attributes[tag] = self._attribute(element, name, scope, path)
        if not path:
            room.begin()
        room.take(0)  # what was known has taken some without being asked
        if _SPECIFIC_CHARACTER_SET in attributes and len(attributes[_SPECIFIC_CHARACTER_SET]) > 1:
            attributes[_SPECIFIC_CHARACTER_SET] = {"vr": "CS", "Value": ["ISO_IR 192"]}
        return {tag_name(tag): attributes[tag] for tag in sorted(attributes)}

    def _short(self, tag: int, name: str, raw: bytes, scope: Scope) -> DicomJson:
        """Return the attribute of a short value, and remember one that would always be the same."""
        key, encoding = (tag, name, raw), scope.encoding
        known = known_values(scope.charset, encoding.little_endian)
        attribute, size = known.get(key, (None, 0))
        if attribute is None:
            attribute, wrong, size = attribute_of(name, raw, scope.charset, encoding.little_endian)
            if wrong:
                self.flaws.setdefault(tag, wrong)
            elif name != "UN" and _is_plain(tag):
                known.keep(key, attribute, size)
        self.room.left -= size
        return attribute

    def _resolved(self, tag: int, name: str, scope: Scope) -> str:
        """Return the VR of an element that is encoded without one, or as UN."""
        if not name and not scope.encoding.implicit:
            self.flaws.setdefault(tag, "no VR is written with it, that of the dictionary is taken")
        return vr.resolve(tag, name, scope.context)

    def _within(self, scope: Scope, element: Element, creators: dict[int, str]) -> Scope:
        """Return the scope that begins with an element which the meaning of those after it depends on."""
        raw = self._start(element)
        if element.tag not in _CONTEXTUAL:
            creators[vr.block_of_creator(element.tag)] = raw.decode("latin-1").strip(" \0")
            return scope
        if element.tag == _SPECIFIC_CHARACTER_SET:
            if not is_known(raw):
                self.flaws.setdefault(element.tag, "a character set that is not known")
            return scope._replace(charset=character_set(raw))
        return scope._replace(context=Context(raw in (b"\1\0", b"\0\1"), scope.context.creators))

    def _start(self, element: Element) -> bytes:
        """Return as much of a value as tells what the elements after it mean."""
        return bytes(self.buffer[element.offset : element.offset + min(element.length, 256)])

    def _attribute(self, element: Element, name: str, scope: Scope, path: str) -> DicomJson:
        self.room.take(ATTRIBUTE_ROOM)
        if element.items is not None:
            return self._sequence(element, scope, path)
        tag, offset, length = element.tag, element.offset, element.length
        inline = self.only is not None and element.fragments is None
        if not inline and (tag in _PIXELS or element.fragments is not None or _is_long(name, length)):
            return self._by_reference(element, name, scope.encoding, path)
        if inline and length > MAX_TABLE_BYTES:
            return {"vr": name}
        self.inline_bytes += length
        if self.inline_bytes > MAX_METADATA_BYTES:
            raise TooMany(f"the attributes besides bulk data take more than {MAX_METADATA_BYTES} bytes")
        raw = bytes(self.buffer[offset : offset + length])
        self.room.take(room_of(name, raw))
        attribute, wrong, _ = attribute_of(name, raw, scope.charset, scope.encoding.little_endian)
        if wrong:
            self.flaws.setdefault(tag, wrong)
        if self.only is None and length > LATER_FROM and "Value" in attribute:
            attribute["Value"] = later(attribute["Value"])
        return attribute

    def _sequence(self, element: Element, scope: Scope, path: str) -> DicomJson:
        if not element.items:
            return {"vr": "SQ"}
        inside = f"{path}{element.tag:08X}/"
        items = (
            self._item(item, scope, f"{inside}{number}/") for number, item in enumerate(element.items, 1)
        )
        are_many = (path and len(element.items) > _FEW_ITEMS) or any(
            isinstance(item.elements, DistantElements) for item in element.items
        )
        return {"vr": "SQ", "Value": later_items(items) if are_many else list(items)}

    def _item(self, item: Item, scope: Scope, path: str) -> DicomJson:
        if path.count("/") == _TOP_ITEM:
            self.room.begin()
        if item.encoding != scope.encoding:
            scope = scope._replace(encoding=item.encoding)
        return self._data_set(item.elements, scope, path)

    def _by_reference(self, element: Element, name: str, encoding: Encoding, path: str) -> DicomJson:
        path = f"{path}{element.tag:08X}"
        word_size = 1 if encoding.little_endian else WORD_SIZES.get(name) or NUMBER_SIZES.get(name, 1)
        encapsulated = element.fragments is not None
        self.bulkdata[path] = Bulkdata(element.offset, element.length, word_size, encapsulated)
        return {"vr": name, "BulkDataURI": self.url + path}


def is_encoding(tag: int) -> bool:
    """Tell group lengths, group 0002 and what else belongs to the encoding alone. PS3.18 F.2.2."""
    return not tag & 0xFFFF or tag >> 16 <= 0x0002 or tag in _OFFSET_TABLES or tag == _PADDING


@lru_cache(maxsize=16384)
def _is_plain(tag: int) -> bool:
    """Tell whether an element is of the instance, and the meaning of no other depends on it: most are."""
    return not (is_encoding(tag) or tag in _CONTEXTUAL or vr.is_creator(tag))


def _is_long(name: str, length: int) -> bool:
    if name in WORD_SIZES:
        return length > MAX_INLINE_BYTES
    return length > MAX_INLINE_TEXT_BYTES and name in BULKDATA_VRS
