"""What is wrong with a value that is kept all the same: who sent it is told, by name and never by content.

A value that is not of its VR does not spoil the data set, yet nobody should take it for one that is.
Standard: PS3.5 6.1.2, 6.2.
"""

import math
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from service.dicom.encoding.charset import DEFAULT, Charset
from service.dicom.encoding.words import NUMBER_SIZES

_DATE = re.compile(r"([0-9]{4})(\.?)(0[1-9]|1[0-2])\2([0-3][0-9])", re.ASCII)
_OF_DAY = r"([01][0-9]|2[0-3])(%s[0-5][0-9](%s([0-5][0-9]|60)(\.[0-9]{1,6})?)?)?"
_TIME = re.compile(f"{_OF_DAY % ('', '')}|{_OF_DAY % (':', ':')}", re.ASCII)
_DATE_TIME = re.compile(
    rf"[0-9]{{4}}((0[1-9]|1[0-2])(([0-3][0-9])({_OF_DAY % ('', '')})?)?)?([+-][01][0-9][0-5][0-9])?", re.ASCII
)
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?[0-9]{1,12}", re.ASCII)

_NO_TEXT = ("\N{REPLACEMENT CHARACTER}", "\x1b")


def _is_date(value: str) -> bool:
    match = _DATE.fullmatch(value)
    return match is not None and _is_day(f"{match[1]}{match[3]}{match[4]}")


def _is_date_time(value: str) -> bool:
    return _DATE_TIME.fullmatch(value) is not None and (not value[:8].isdigit() or _is_day(value[:8]))


def _is_day(digits: str) -> bool:
    if len(digits) < 8:
        return True
    try:
        return bool(date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])))
    except ValueError:
        return False


def _is_decimal(value: str) -> bool:
    return _DECIMAL.fullmatch(value) is not None and math.isfinite(float(value))


def _is_integer(value: str) -> bool:
    return _INTEGER.fullmatch(value) is not None and -(2**31) <= int(value) < 2**31


_KINDS: dict[str, tuple[Callable[[str], bool], str]] = {
    "DA": (_is_date, "no date (DA)"),
    "DS": (_is_decimal, "no decimal number (DS)"),
    "DT": (_is_date_time, "no date and time (DT)"),
    "IS": (_is_integer, "not written as a whole number of 32 bits (IS)"),
    "TM": (lambda value: _TIME.fullmatch(value) is not None, "no time (TM)"),
}
"""VR → whether a value is of it, and what it is if not."""


def flaw(name: str, raw: bytes, charset: Charset, contents: list[Any]) -> str:
    """Return what is wrong with a value; empty if nothing.

    Args:
        name: its VR.
        raw: as it is encoded.
        charset: that holds for it.
        contents: what DICOM JSON has for it.
    """
    if kind := _KINDS.get(name):
        is_one, is_none = kind
        values = (value.strip(" \0") for value in raw.decode("latin-1").split("\\"))
        return "" if all(not value or is_one(value) for value in values) else is_none
    if size := NUMBER_SIZES.get(name):
        return f"{len(raw)} bytes where values have {size} each ({name})" if len(raw) % size else ""
    if raw.isascii() and b"\x1b" not in raw:
        return ""
    if charset[0] == DEFAULT[0] and b"\x1b" not in raw:
        return "text outside the default character set"
    texts = (text for content in contents for text in _texts(content))
    is_spoilt = any(mark in text for text in texts for mark in _NO_TEXT)
    return "text that is not of its character set" if is_spoilt else ""


def _texts(content: Any) -> list[str]:
    """Return the text of one value of DICOM JSON: a name has several."""
    if isinstance(content, dict):
        return list(content.values())
    return [content] if isinstance(content, str) else []
