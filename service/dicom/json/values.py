"""Bytes of one value → what DICOM JSON holds for it. PS3.5 6.2, PS3.18 F.2.3.

A value that is not of its VR never spoils the data set: a number that is none stays the text it is.
"""

import math
import re
import struct
from collections.abc import Callable
from typing import Any

from service.dicom.encoding.charset import Charset
from service.dicom.encoding.charset import decode as charset_decode
from service.dicom_json import NAME_GROUPS

_MAX_INTEGER = 20  # characters of an IS that is worth reading
_MAX_SAFE_INTEGER = 2**53 - 1  # beyond it JavaScript loses digits
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"([+-]?\d+)(\.0*)?", re.ASCII)
_TEXT_DELIMITERS = frozenset(b"\n\r\t\f\\")
_NAME_DELIMITERS = _TEXT_DELIMITERS | frozenset(b"^=")


def decode(raw: bytes, charset: Charset, delimiters: frozenset[int] = _TEXT_DELIMITERS) -> str:
    """Return text; bytes that are not of the character set become U+FFFD. PS3.5 6.1.2."""
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    return charset_decode(raw, charset, delimiters)


def strings(raw: bytes, charset: Charset) -> list[Any]:
    """AE CS LO SH, and DA TM DT UI: spaces around a value mean nothing; an empty one is null."""
    return [value.strip(" \0") or None for value in decode(raw, charset).split("\\")]


def unlimited(raw: bytes, charset: Charset) -> list[Any]:
    """UC: leading spaces are significant."""
    return [value.rstrip(" \0") or None for value in decode(raw, charset).split("\\")]


def text(raw: bytes, charset: Charset) -> list[Any]:
    """LT ST UT UR: one value, in which a backslash is data."""
    return [decode(raw, charset, _TEXT_DELIMITERS - {0x5C}).rstrip(" \0") or None]


def names(raw: bytes, charset: Charset) -> list[Any]:
    """PN: component groups by name, empty groups left out. PS3.18 F.2.2."""
    return [_name(value) for value in decode(raw, charset, _NAME_DELIMITERS).split("\\")]


def _name(value: str) -> dict[str, str] | None:
    groups = zip(NAME_GROUPS, value.rstrip(" \0").split("="), strict=False)
    return {group: part for group, components in groups if (part := components.rstrip(" \0"))} or None


def decimals(raw: bytes, charset: Charset) -> list[Any]:
    """DS: a number; the text itself where it is none, or one that JSON readers would round."""
    return [_decimal(value) if value else None for value in strings(raw, charset)]


def _decimal(value: str) -> float | int | str:
    if not _NUMBER.fullmatch(value):
        return value
    number = float(value)
    if not number.is_integer():
        return number if math.isfinite(number) else value
    return int(number) if abs(number) <= _MAX_SAFE_INTEGER else value


def integers(raw: bytes, charset: Charset) -> list[Any]:
    """IS: a number (3.0 is three); the text itself where it is none, or one that JSON readers would round."""
    return [_integer(value) if value else None for value in strings(raw, charset)]


def _integer(value: str) -> int | str:
    match = _INTEGER.fullmatch(value)
    if not match or len(value) > _MAX_INTEGER:
        return value
    return _safe(int(match[1]))


def _safe(number: int) -> int | str:
    return number if abs(number) <= _MAX_SAFE_INTEGER else str(number)


def binary_numbers(code: str, size: int) -> Callable[[bytes, bool], list[Any]]:
    """Return the decoder of an array of binary numbers: SS US SL UL FL FD.

    NaN and the infinities have no JSON form; orjson writes them as null.
    """

    def numbers(raw: bytes, little_endian: bool) -> list[Any]:
        count = len(raw) // size
        return list(struct.unpack_from(f"{'<' if little_endian else '>'}{count}{code}", raw))

    return numbers


def long_integers(code: str) -> Callable[[bytes, bool], list[Any]]:
    """Return the decoder of SV or UV: text beyond 2^53."""
    numbers = binary_numbers(code, 8)
    return lambda raw, little_endian: [_safe(number) for number in numbers(raw, little_endian)]


def tags(raw: bytes, little_endian: bool) -> list[Any]:
    """AT: eight hexadecimal digits."""
    numbers = _words(raw, little_endian)
    return [f"{group:04X}{element:04X}" for group, element in zip(numbers[::2], numbers[1::2], strict=False)]


_words = binary_numbers("H", 2)

TEXT_DECODERS: dict[str, Callable[[bytes, Charset], list[Any]]] = {
    **dict.fromkeys(("AE", "AS", "CS", "DA", "DT", "LO", "SH", "TM", "UI"), strings),
    **dict.fromkeys(("LT", "ST", "UR", "UT"), text),
    "DS": decimals,
    "IS": integers,
    "PN": names,
    "UC": unlimited,
}

NUMBER_DECODERS: dict[str, Callable[[bytes, bool], list[Any]]] = {
    "AT": tags,
    "FD": binary_numbers("d", 8),
    "FL": binary_numbers("f", 4),
    "SL": binary_numbers("l", 4),
    "SS": binary_numbers("h", 2),
    "SV": long_integers("q"),
    "UL": binary_numbers("L", 4),
    "US": binary_numbers("H", 2),
    "UV": long_integers("Q"),
}
