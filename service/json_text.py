"""DICOM JSON as text: of a long object an attribute or item is found, and read, without the rest of it.

An object that is a hundred megabytes as text is a gigabyte in memory. In the text of a long one each
attribute of the top level therefore begins a line, and each item of its sequences stands behind a tab: JSON
takes both for blanks, and neither can be within a value. Whoever reads such a text gets values that are read
when they are looked at, item by item, and forgotten.
"""

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, overload

import orjson

LATER_FROM = 4096  # bytes of an attribute from which its values are read later

_LONG = 2**18  # bytes of an object from which it is written in lines
_OPENING, _NEXT_LINE, _NEXT_ITEM = b"{\n", b",\n", b",\t"
_VALUE = b'"Value":['
_HEAD_BYTES = 40  # of a line, in which its values begin


class Later(Sequence[Any]):
    """Values that are kept as text, and read whenever they are looked at.

    Args:
        text: of the values, without the brackets of their array.
        are_items: they are items of a sequence, with tabs between them.
    """

    __slots__ = ("_are_items", "_starts", "_text")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, text: bytes, *, are_items: bool) -> None:
        self._text = text
        self._are_items = are_items
        self._starts: array[int] | None = None  # of the items, once somebody wants to know

    def __iter__(self) -> Iterator[Any]:
        """Read the values; items one after the other."""
        return map(self._item, range(len(self))) if self._are_items else iter(self._values())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._places()) if self._are_items else len(self._values())

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        """Return one value, or a list of some."""
        if not self._are_items:
            return self._values()[index]
        numbers = range(len(self))[index]
        return self._item(numbers) if isinstance(numbers, int) else [self._item(number) for number in numbers]

    def __eq__(self, other: object) -> bool:
        """Tell whether the other values are the same."""
        return isinstance(other, list | Later) and list(self) == list(other)

    def as_text(self) -> bytes:
        """Return the array of the values as text, with tabs between items."""
        return b"[%b]" % self._text

    def as_plain_text(self) -> bytes:
        """Return the array of the values as text, without tabs."""
        return self.as_text().replace(_NEXT_ITEM, b",") if self._are_items else self.as_text()

    def _values(self) -> list[Any]:
        values: list[Any] = orjson.loads(self.as_text())
        return values

    def _item(self, number: int) -> Any:
        starts = self._places()
        is_last = number + 1 == len(starts)
        end = len(self._text) if is_last else starts[number + 1] - len(_NEXT_ITEM)
        return orjson.loads(self._text[starts[number] : end])

    def _places(self) -> "array[int]":
        if self._starts is None:
            ends = (separator.end() for separator in re.finditer(_NEXT_ITEM, self._text))
            self._starts = array("Q", chain((0,), ends) if self._text else ())
        return self._starts


def dumped(value: object) -> bytes:
    """Return a value of DICOM JSON as text."""
    return orjson.dumps(value, default=_fragment)


def _fragment(value: object) -> orjson.Fragment:
    if isinstance(value, Later):
        return orjson.Fragment(value.as_plain_text())
    raise TypeError(type(value).__name__)


def later(values: Sequence[Any]) -> Later:
    """Return the values of an attribute as some that are read later."""
    return Later(dumped(values)[1:-1], are_items=False)


def later_items(items: Iterable[Any]) -> Later:
    """Return the items of a sequence as some that are read later; no two of them are in memory together."""
    text = bytearray()
    for item in items:
        text += dumped(item) + _NEXT_ITEM
    return Later(bytes(text[: -len(_NEXT_ITEM)]), are_items=True)


def written(attributes: Mapping[str, Any]) -> bytes:
    """Return an object as text; a long one in lines."""
    text = dumped(dict(attributes))
    if len(text) <= _LONG:
        return text
    del text
    return _OPENING + _NEXT_LINE.join(_line(*attribute) for attribute in attributes.items()) + b"}"


def _line(tag: str, element: Any) -> bytes:
    if element["vr"] == "SQ" and "Value" in element:
        values = element["Value"]
        items = values if isinstance(values, Later) else later_items(values)
        element = {"vr": "SQ", "Value": orjson.Fragment(items.as_text())}
    return b'"%b":%b' % (tag.encode(), dumped(element))


def read(text: bytes) -> dict[str, Any]:
    """Return the object of a text; the long values of one in lines are `Later`."""
    if not text.startswith(_OPENING):
        attributes: dict[str, Any] = orjson.loads(text)
        return attributes
    lines = text[len(_OPENING) : -1].split(_NEXT_LINE)
    return {line[1:9].decode(): _element(line[11:]) for line in lines if line}


def _element(text: bytes) -> Any:
    """Return one attribute of the top level."""
    head, separator, _ = text[:_HEAD_BYTES].partition(_VALUE)
    if len(text) <= LATER_FROM or not separator:
        return orjson.loads(text)
    start = len(head) + len(separator)
    element = orjson.loads(head + b'"Value":[]}')
    values = text[start : text.rindex(b"]")]
    return element | {"Value": Later(values, are_items=element["vr"] == "SQ")}
