"""The normal forms in which values are compared, the same in the index, in keys and without an index.

Dates are YYYYMMDD and times HHMMSS.FFFFFF, so that they compare as text. Person names lose case and accents,
and the empty components at their end, which mean nothing (PS3.5 6.2.1.2). A value that is not of its kind has
no normal form: it is kept and returned, but never matched.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from service.dicom_json import NAME_GROUPS
from service.json_text import Later

Interval = tuple[str, str]

_ACCENTS = re.compile("[\u0300-\u036f]")
_DATE = re.compile(r"(\d{4})(\.?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3])(?::?([0-5]\d)(?::?([0-5]\d|60)(?:\.(\d{1,6}))?)?)?", re.ASCII)
_DATE_TIME = re.compile(
    r"(\d{4})(?:(0[1-9]|1[0-2])(?:(0[1-9]|[12]\d|3[01])(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6}))?)?)?)?)?)?"
    r"(?:[+-]\d{4})?",
    re.ASCII,
)
_MAX_NUMBER_CHARACTERS = 64


def date_interval(text: str) -> Interval | None:
    """Return the first and last date of a DA value: the day itself. PS3.5 6.2; YYYY.MM.DD too."""
    match = _DATE.fullmatch(text)
    if not match or int(match[4]) > monthrange(int(match[1]) or 4, int(match[3]))[1]:
        return None
    day = "".join(match.group(1, 3, 4))
    return day, day


def time_interval(text: str) -> Interval | None:
    """Return the first and last time that a TM value stands for; HH is all of the hour. PS3.5 6.2."""
    match = _TIME.fullmatch(text)
    if not match:
        return None
    hour, minute, second, fraction = match.groups(default="")
    first = f"{hour}{minute or '00'}{second or '00'}.{fraction:0<6}"
    return first, f"{hour}{minute or '59'}{second or '59'}.{fraction:9<6}"


def date_time_interval(text: str) -> Interval | None:
    """Return the first and last moment of a DT value. An offset from UTC is accepted, not applied."""
    match = _DATE_TIME.fullmatch(text)
    if not match:
        return None
    year, *middle, fraction = match.groups(default="")
    first = "".join(part or least for part, least in zip(middle, ("01", "01", "00", "00", "00"), strict=True))
    last = "".join(part or most for part, most in zip(middle, ("12", "31", "23", "59", "59"), strict=True))
    return f"{year}{first}.{fraction:0<6}", f"{year}{last}.{fraction:9<6}"


INTERVALS: dict[str, Callable[[str], Interval | None]] = {
    "DA": date_interval,
    "TM": time_interval,
    "DT": date_time_interval,
}


def fold(name: str) -> str:
    """Return one component group of a person name without case, accents and what is empty at its end."""
    if not name.isascii():
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
        name = unicodedata.normalize("NFC", _ACCENTS.sub("", plain))
    return "^".join(component.strip() for component in name.lower().split("^")).rstrip("^")


def name(value: Any) -> tuple[str, ...] | None:
    """Return the three folded component groups of a DICOM JSON person name, "" for one that is missing."""
    if not isinstance(value, dict):
        return None
    groups = tuple(fold(text(value.get(group)) or "") for group in NAME_GROUPS)
    return groups if any(groups) else None


def text(value: Any) -> str | None:
    """Return the text without padding."""
    if not isinstance(value, str | int | float):
        return None
    return str(value).replace("\0", "").strip() or None


def number(value: Any) -> Decimal | None:
    """Return what DS, IS or a binary number stands for."""
    written = text(value)
    if not written or len(written) > _MAX_NUMBER_CHARACTERS:
        return None
    try:
        parsed = Decimal(written)
    except InvalidOperation:
        return None
    return parsed if parsed.is_finite() else None


def integer(value: Decimal) -> int | None:
    """Return the number as a database keeps it: whole and of 64 bits; None for any other."""
    return int(value) if abs(value) < 2**63 and value == value.to_integral_value() else None


def _beginning_of(interval: Callable[[str], Interval | None]) -> Callable[[Any], str | None]:
    def first(value: Any) -> str | None:
        ends = interval(text(value) or "")
        return ends[0] if ends else None

    return first


NUMBER_VRS = ("DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV")

NORMAL: dict[str, Callable[[Any], Any]] = {
    **{vr: _beginning_of(interval) for vr, interval in INTERVALS.items()},
    **dict.fromkeys(NUMBER_VRS, number),
    "PN": name,
}


def values(element: Any, vr: str) -> list[Any]:
    """Return the normal forms of an element's values, [] for one that is missing or empty."""
    raw = element.get("Value") if isinstance(element, dict) else None
    if not isinstance(raw, list | Later):
        return []
    normal: Callable[[Any], Any] = NORMAL.get(vr, text)
    return [form for value in raw if (form := normal(value)) is not None]


def first(forms: Iterable[Any]) -> Any:
    """Return the first one, None if there is none."""
    return next(iter(forms), None)
