"""The text of one Value of the Native DICOM Model → what DICOM JSON holds for it. PS3.19 A.1.5.

Text is read as in a file: trimmed, and a DS or IS that is no number stays the text it is. A binary number
cannot be kept so.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from service.dicom.encoding.charset import Charset
from service.dicom.json import values

_UTF_8: Charset = ("utf_8",)
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}", re.ASCII)
_TAG = re.compile(r"[0-9A-F]{8}", re.ASCII | re.IGNORECASE)


def _text(read: Callable[[bytes, Charset], list[Any]], text: str) -> Any:
    if "\\" in text and read is not values.text:
        raise ValueError("several values")
    (value,) = read(text.encode(), _UTF_8)
    return value


def _integer(text: str) -> Any:
    value = _text(values.integers, text)
    if value is not None and not _INTEGER.fullmatch(str(value)):
        raise ValueError("no whole number")
    return value


def _float(text: str) -> Any:
    """Return a number; NaN and the infinities too, which JSON has no form for but files have."""
    value = _text(values.decimals, text)
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError("no number") from None


def _tag(text: str) -> Any:
    value = _text(values.strings, text)
    if value is not None and not _TAG.fullmatch(value):
        raise ValueError("no tag")
    return value and value.upper()


VALUE_READERS: dict[str, Callable[[str], Any]] = {
    **{vr: partial(_text, read) for vr, read in values.TEXT_DECODERS.items() if vr != "PN"},
    **dict.fromkeys(("SL", "SS", "SV", "UL", "US", "UV"), _integer),
    **dict.fromkeys(("FD", "FL"), _float),
    "AT": _tag,
}
"""VR → what reads one Value, None if it is empty; ValueError where it is none of that VR."""
