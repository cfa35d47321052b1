"""All attributes of an instance as lines that people read: tag, VR, keyword, value, items below.

Long values are shortened and binary ones are told by their size, so that an outline stays a page and not a
dump; of very many lines only the first ones are there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydicom.config import IGNORE
from pydicom.datadict import keyword_for_tag, private_dictionary_description
from pydicom.uid import UID

from service.dicom_json import NAME_GROUPS, DicomJson, first_value

MAX_LINES = 4000
MAX_SHOWN_CHARACTERS = 240  # of a value
_MAX_VALUES = 64  # of one attribute that are looked at


@dataclass(frozen=True, slots=True)
class AttributeLine:
    """One attribute.

    Attributes:
        tag: as in (0010,0010).
        vr: its VR.
        keyword: of PS3.6; for a private attribute its creator and, where known, what it is.
        value: as text, shortened; empty for an empty one.
        bulkdata: URI of a value that is not here; empty for others.
        items: of a sequence.
    """

    tag: str
    vr: str
    keyword: str
    value: str
    bulkdata: str = ""
    items: "tuple[tuple[AttributeLine, ...], ...]" = ()

    def has(self, text: str) -> bool:
        """Tell whether a text, in lower case, is part of the line itself."""
        plain = self.tag.strip("()").replace(",", "")
        return any(text in column.lower() for column in (self.tag, plain, self.vr, self.keyword, self.value))


@dataclass(frozen=True, slots=True)
class Outline:
    """The lines of an instance.

    Attributes:
        lines: of the top level.
        is_cut: there are more than `MAX_LINES`, which were left out.
    """

    lines: tuple[AttributeLine, ...]
    is_cut: bool


def outline(attributes: DicomJson, text: str = "") -> Outline:
    """Return the lines of an instance's metadata.

    Args:
        attributes: a DICOM JSON object.
        text: keep the lines that have it in one of their columns, and those that lead to them.
    """
    room = _Room(MAX_LINES)
    lines = tuple(_lines(attributes, text.strip().lower(), room))
    return Outline(lines, room.is_full)


@dataclass(slots=True)
class _Room:
    """How many lines may still be written, and whether one found no room."""

    left: int
    is_full: bool = False

    def take(self) -> bool:
        self.is_full = not self.left
        self.left -= not self.is_full
        return not self.is_full


def _lines(attributes: DicomJson, text: str, room: _Room) -> Iterator[AttributeLine]:
    creators = _creators(attributes)
    for tag, element in attributes.items():
        if room.is_full:
            return
        line = _line(tag, element, creators)
        if line.has(text):
            if room.take():
                yield replace(line, items=_below(element, "", room))
        elif any(items := _below(element, text, room)) and room.take():
            yield replace(line, items=items)


def _below(element: DicomJson, text: str, room: _Room) -> tuple[tuple[AttributeLine, ...], ...]:
    items = element.get("Value", ()) if element.get("vr") == "SQ" else ()
    return tuple(tuple(_lines(item, text, room)) for item in items if not room.is_full)


def _line(tag: str, element: DicomJson, creators: dict[str, str]) -> AttributeLine:
    vr = str(element.get("vr", ""))
    return AttributeLine(
        f"({tag[:4]},{tag[4:]})", vr, _keyword(tag, creators), _value(element), element.get("BulkDataURI", "")
    )


def _creators(attributes: DicomJson) -> dict[str, str]:
    """Return the private creators, by the first six digits of the tags that are theirs. PS3.5 7.8.1."""
    reserved = (tag for tag in attributes if int(tag[3], 16) % 2 and tag[4:6] == "00" and tag[6:] >= "10")
    return {tag[:4] + tag[6:]: str(first_value(attributes, tag) or "") for tag in reserved}


def _keyword(tag: str, creators: dict[str, str]) -> str:
    if creator := creators.get(tag[:6]):
        return f"{creator}: {_private_name(tag, creator)}".removesuffix(": ")
    if int(tag[3], 16) % 2:
        return "PrivateCreator" if tag[4:6] == "00" else ""
    return keyword_for_tag(int(tag, 16))


def _private_name(tag: str, creator: str) -> str:
    try:
        return private_dictionary_description(int(tag, 16), creator)
    except KeyError:
        return ""


def _value(element: DicomJson) -> str:
    if "InlineBinary" in element:
        return f"{_decoded_length(element['InlineBinary'])} bytes"
    values: Sequence[Any] = element.get("Value", ())
    if element.get("vr") == "SQ":
        return f"{len(values)} item{'' if len(values) == 1 else 's'}"
    written = "\\".join(_written(value, str(element.get("vr"))) for value in values[:_MAX_VALUES])
    if len(written) <= MAX_SHOWN_CHARACTERS and len(values) <= _MAX_VALUES:
        return written
    count = f" ({len(values)} values)" if len(values) > 1 else f" ({len(written)} characters)"
    return f"{written[:MAX_SHOWN_CHARACTERS]}…{count}"


def _written(value: Any, vr: str) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return "=".join(str(value.get(group, "")) for group in NAME_GROUPS).rstrip("=")
    if vr == "UI":
        return " ".join(dict.fromkeys((value, UID(value, IGNORE).name)))
    if vr == "AT":
        return f"({value[:4]},{value[4:]})"
    return str(value)


def _decoded_length(base64: str) -> int:
    return len(base64) * 3 // 4 - base64[-2:].count("=")
