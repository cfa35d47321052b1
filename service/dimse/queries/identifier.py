"""The identifier of a request: what it looks for, at which level, in which character set. PS3.4 C.4.1.1.3.

It is read as files are, so that what it says in any character set means what it means there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from service.dicom.dictionary import keyword_of
from service.dicom.encoding.elements import (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    Element,
    Malformed,
)
from service.dicom.encoding.walk import walk
from service.dicom.json.data_set import SPECIFIC_CHARACTER_SET
from service.dicom.json.writer import JsonModel
from service.dicom.query.levels import creator_of
from service.dicom_json import NAME_GROUPS, DicomJson, first_value
from service.dimse.network.failures import IDENTIFIER_UNREADABLE, Failure
from service.dimse.network.statuses import DOES_NOT_MATCH_SOP_CLASS
from service.dimse.queries.information_models import QueryLevel, Root
from service.transfer_syntaxes import IMPLICIT_VR_LITTLE_ENDIAN

LEVEL, RETRIEVE_AE_TITLE = "00080052", "00080054"
INSTANCE_AVAILABILITY, FILE_SET_ID, FILE_SET_UID = "00080056", "00880130", "00880140"
TIMEZONE = "00080201"

# What an identifier has besides keys, or is answered by this service itself.
NO_KEYS = frozenset((SPECIFIC_CHARACTER_SET, LEVEL, RETRIEVE_AE_TITLE, INSTANCE_AVAILABILITY, TIMEZONE))
NO_KEYS |= {FILE_SET_ID, FILE_SET_UID}

MAX_BYTES = 2**22  # a list of 60,000 UIDs


@dataclass(frozen=True, slots=True)
class Identifier:
    """What a request looks for.

    Attributes:
        root: of the information model.
        level: of what is looked for.
        attributes: all of it, as DICOM JSON.
        character_set: Specific Character Set, as it was sent.
    """

    root: Root
    level: QueryLevel
    attributes: DicomJson
    character_set: str

    def text(self, tag: str) -> str:
        """Return the value of a key as one text; several values have backslashes between them."""
        return text_of(self.attributes.get(tag, {}))

    def keys(self) -> Iterator[tuple[str, str]]:
        """Yield the names of keys, dotted within sequences, and their values; none of empty ones."""
        yield from _keys(self.attributes, "")

    def names(self) -> dict[str, str]:
        """Return the keys of the top level: their tags, and how they are named to the index."""
        return {
            tag: name_of(self.attributes, tag)
            for tag in self.attributes
            if tag not in NO_KEYS and not _is_creator(tag)
        }

    def levels_above(self) -> list[QueryLevel]:
        """Return the levels of the model above the one of the request."""
        return [level for level in QueryLevel if self.root.highest <= level < self.level]


def read_identifier(raw: bytes, transfer_syntax: str, root: Root) -> Identifier:
    """Read an identifier.

    Raises:
        Failure: it is no data set, or of no level of the model.
    """
    if len(raw) > MAX_BYTES:
        raise Failure(IDENTIFIER_UNREADABLE, f"an identifier of {len(raw)} bytes is too long")
    encoding = IMPLICIT_LITTLE if transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN else EXPLICIT_LITTLE
    try:
        elements = walk(raw, 0, encoding)
        attributes = JsonModel(raw).convert(elements, encoding)
    except Malformed as error:
        raise Failure(IDENTIFIER_UNREADABLE, "the identifier is no data set") from error
    name = first_value(attributes, LEVEL)
    level = QueryLevel.__members__.get(str(name).strip())
    if level is None or level < root.highest:
        expected = ", ".join(each.name for each in QueryLevel if each >= root.highest)
        raise Failure(DOES_NOT_MATCH_SOP_CLASS, f"Query/Retrieve Level: expected one of {expected}")
    return Identifier(root, level, attributes, _character_set(raw, elements))


def _character_set(raw: bytes, elements: Iterable[Element]) -> str:
    """Return Specific Character Set as it was sent; in the attributes there is what they are in now."""
    values = (
        raw[element.offset : element.offset + element.length]
        for element in elements
        if element.tag == int(SPECIFIC_CHARACTER_SET, 16)
    )
    return next(values, b"").decode("ascii", "replace").strip(" \0")


def check_unique_keys(identifier: Identifier) -> None:
    """Return if the levels above are told as a hierarchical search has it. PS3.4 C.4.1.2.1.

    Raises:
        Failure: one of the unique keys is missing, or has wild cards.
    """
    for level in identifier.levels_above():
        value = identifier.text(level.unique_key)
        if not value or "*" in value or "?" in value:
            keyword = keyword_of(level.unique_key)
            raise Failure(DOES_NOT_MATCH_SOP_CLASS, f"{keyword}: a single value is missing at this level")


def name_of(attributes: DicomJson, tag: str) -> str:
    """Return how the index is asked for an attribute: a private one by its creator."""
    creator = first_value(attributes, creator_of(tag)) if creator_of(tag) else None
    return f"{tag[:4]}xx{tag[6:]}:{str(creator).strip()}" if creator else tag


def text_of(element: DicomJson) -> str:
    """Return the values of an element as one text."""
    return "\\".join(map(_text, element.get("Value") or ())).strip()


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "=".join(str(value.get(group) or "") for group in NAME_GROUPS).rstrip("=")
    return "" if value is None else str(value)


def _keys(attributes: DicomJson, path: str) -> Iterator[tuple[str, str]]:
    for tag, element in attributes.items():
        if tag in NO_KEYS or _is_creator(tag):
            continue
        name = f"{path}{name_of(attributes, tag)}"
        if element["vr"] == "SQ":
            for item in list(element.get("Value") or ())[:1]:
                yield from _keys(item, f"{name}.")
        elif value := text_of(element):
            yield name, value


def _is_creator(tag: str) -> bool:
    return int(tag[3], 16) % 2 == 1 and tag[4:6] == "00" and tag[6:] >= "10"
