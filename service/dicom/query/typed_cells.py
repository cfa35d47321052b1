"""Elements of DICOM JSON as values of a table that has types: by the dictionary's VR, whatever rows hold.

What is not of its column's type, such as a date that is none, is no value there: text has it as it is.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, time
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar

from service.dicom.query.cells import text_cell, text_of
from service.dicom.query.table import Cell, Column, Element
from service.json_text import dumped

T = TypeVar("T")


class Kind(Enum):
    """Of which type the values of a column are."""

    TEXT = "text"
    WHOLE = "whole number"
    WHOLE_UNSIGNED = "whole number of 64 bits without a sign"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    JSON = "JSON of an item"


_KINDS = {
    **dict.fromkeys(("IS", "SL", "SS", "SV", "UL", "US"), Kind.WHOLE),
    "UV": Kind.WHOLE_UNSIGNED,
    **dict.fromkeys(("DS", "FD", "FL"), Kind.NUMBER),
    "DA": Kind.DATE,
    "TM": Kind.TIME,
    "SQ": Kind.JSON,
}
"""VR → kind; all others are text. DT too: its precision and time zone differ from value to value."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,20}", re.ASCII)
_DATE = re.compile(r"([0-9]{4})\.?([0-9]{2})\.?([0-9]{2})", re.ASCII)
_TIME = re.compile(r"([0-9]{2})(?::?([0-9]{2})(?::?([0-9]{2})(?:\.([0-9]{1,6}))?)?)? *", re.ASCII)
_LIMITS = {Kind.WHOLE: (-(2**63), 2**63), Kind.WHOLE_UNSIGNED: (0, 2**64)}


def kind_of(column: Column) -> Kind:
    """Return of which type a column is, or the items of its lists."""
    return _KINDS.get(column.vr, Kind.TEXT)


def is_list(column: Column) -> bool:
    """Tell whether a column has lists: of what may have several values, and of items."""
    return column.is_list or kind_of(column) is Kind.JSON


def typed_cell(column: Column) -> Cell:
    """Return what makes the cells of a column."""
    kind = kind_of(column)
    value_of = _VALUES[kind]
    if is_list(column):
        return lambda element: _list(element, value_of)
    if kind is Kind.TEXT:
        return lambda element: None if element is None else text_cell(element) or None
    return lambda element: _single(element, value_of)


def _list(element: Element | None, value_of: Callable[[Any], Any]) -> list[Any] | None:
    if element is None:
        return None
    values = element.get("Value")
    if values is None:
        return [text] if (text := text_cell(element)) else []
    return [None if value is None else value_of(value) for value in values]


def _single(element: Element | None, value_of: Callable[[Any], Any]) -> Any:
    values = element.get("Value") if element is not None else None
    return value_of(values[0]) if values is not None and len(values) == 1 else None


def _whole(kind: Kind) -> Callable[[Any], int | None]:
    low, end = _LIMITS[kind]

    def value_of(value: Any) -> int | None:
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            value = int(value)
        return value if isinstance(value, int) and low <= value < end else None

    return value_of


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, float | int) else None


@lru_cache(4096)
def _date(value: Any) -> date | None:
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    return _made(date, match.groups()) if match else None


@lru_cache(4096)
def _time(value: Any) -> time | None:
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    *parts, fraction = match.groups()
    return _made(time, [*(part or "0" for part in parts), (fraction or "").ljust(6, "0")])


def _made(kind: Callable[..., T], parts: Iterable[str]) -> T | None:
    try:
        return kind(*map(int, parts))
    except ValueError:
        return None


_VALUES: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: text_of,
    Kind.WHOLE: _whole(Kind.WHOLE),
    Kind.WHOLE_UNSIGNED: _whole(Kind.WHOLE_UNSIGNED),
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.TIME: _time,
    Kind.JSON: lambda item: dumped(item).decode(),
}
