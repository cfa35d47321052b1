"""Plain values, taken out of the text of a DICOM JSON object without parsing it.

Most attributes have one string, name or number, or some strings. An expression that knows which attributes
there can be takes those that are wanted in a tenth of the time that reading all of them takes. It accepts a
whole object or none of it, and whoever has one that it does not accept reads that: one with a character that
JSON escapes, other attributes, another VR than the dictionary's, another order, other kinds of values.

The text has to be as it is written here: without blanks, each element with its VR first.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from service.dicom.dictionary import has_one_value, vr_of
from service.dicom_json import NAME_GROUPS

Raw = str | None
"""The inner text of a Value; None for no value, or no such attribute."""

_TEXT, _SEVERAL = r'"([^"]*)"', r'"([^"]*(?:","[^"]*)*)"'
_NAME = r'\{"Alphabetic":"([^"=]*(?:","(?:Ideographic|Phonetic)":"[^"=]*)*)"\}'
_WHOLE = "-?[0-9]+"
# As both orjson and Python write them: neither with an exponent, nor with more digits than a double has.
_DECIMAL = r"-?(?:0|[1-9][0-9]{0,14})(?:\.(?!0000)[0-9]{1,17})?"

_STRINGS = frozenset(("AE", "AS", "CS", "DA", "DT", "LO", "SH", "TM", "UC", "UI"))
_TEXTS = frozenset(("LT", "ST", "UR", "UT"))
_WHOLE_NUMBERS = frozenset(("IS", "SL", "SS", "UL", "US"))
_DECIMALS = frozenset(("DS", "FD", "FL"))
# Some, of which none is given back if the rest does not match; Python before 3.11.5 then took halves of them.
_ALL_OF = "*+" if sys.version_info >= (3, 11, 5) else "*"
_DEEPEST = 2  # sequences within a sequence that is passed over

_ALPHABETIC = NAME_GROUPS[0]


def is_plain(tag: str, *, as_text: bool = False) -> bool:
    """Tell whether the values of an attribute can be taken out of a text.

    Args:
        tag: of the attribute.
        as_text: the text of an item is enough: where all that a text may have besides is known.
    """
    return len(tag) == 8 and bool(_value(tag)) and (as_text or vr_of(tag) != "SQ")


def plain_values(
    wanted: Iterable[str], known: Iterable[str], missing: Raw = None
) -> Callable[[Iterable[str]], Iterator[tuple[Raw, ...] | None]]:
    """Return what takes the values of attributes out of texts, in the order of their tags; None of others.

    Args:
        wanted: tags, all of them of plain attributes.
        known: tags that a text may have besides.
        missing: what stands for no value.
    """
    expression = _expression(wanted, known)
    compiled = cache(lambda: re.compile(expression))  # by who reads the first text: it takes milliseconds

    def values(texts: Iterable[str]) -> Iterator[tuple[Raw, ...] | None]:
        for found in map(compiled().fullmatch, texts):
            yield None if found is None or "\\" in found.string else found.groups(missing)

    return values


def plain_bytes(
    wanted: Iterable[str], known: Iterable[str]
) -> Callable[[Iterable[bytes]], list[tuple[bytes, ...] | None]]:
    """Return the same for texts in UTF-8; nothing stands for no value."""
    match = re.compile(_expression(wanted, known).encode()).fullmatch

    def values(texts: Iterable[bytes]) -> list[tuple[bytes, ...] | None]:
        return [
            None if found is None or b"\\" in found.string else found.groups(b"")
            for found in map(match, texts)
        ]

    return values


def plain_values_anywhere(
    wanted: Iterable[str], missing: Raw = None
) -> Callable[[Iterable[str]], Iterator[tuple[Raw, ...] | None]]:
    """Return the same for texts of which nobody knows which attributes they have: attribute by attribute."""
    elements = [(f'"{tag}', re.compile(_wanted(tag)).match) for tag in sorted(wanted)]

    def taken(text: str) -> tuple[Raw, ...] | None:
        plain = None if "\\" in text else _without_sequences(text)
        if plain is None:
            return None
        values, end = [], 0
        for start, match in elements:
            place = plain.find(start, end)  # most texts are ascending
            if place < 0:
                place = plain.find(start, 0, end)
            found = None if place < 0 else match(plain, place)
            if found is None and place >= 0:  # another value begins so, or it is a sequence
                return None
            end = found.end() if found else end
            raw = found[1] if found else None
            values.append(missing if raw is None else raw)
        return tuple(values)

    return lambda texts: map(taken, texts)


def _without_sequences(text: str) -> str | None:
    """Return a text without its sequences, so that all tags in it are those of the object itself.

    None where that cannot be told: the text is in lines, or a sequence is odd, or has others deep within.
    """
    if not text.startswith('{"'):
        return None
    pieces, start = [], 0
    while (place := text.find(_SEQUENCE_START, start)) >= 0:
        sequence = _SEQUENCE(text, place)
        if sequence is None:
            return None
        pieces.append(text[start:place])
        start = sequence.end()
    pieces.append(text[start:])
    return "".join(pieces)


def separator_in(tag: str) -> str:
    """Return what stands in the raw value of a plain attribute that has several, or groups of a name."""
    vr = vr_of(tag)
    if vr == "PN" or (vr in _STRINGS and not has_one_value(tag)):
        return '","'
    return "" if has_one_value(tag) else ","


def values_in(tag: str) -> Callable[[str], list[Any]]:
    """Return what makes the values of a plain attribute, as DICOM JSON has them, of its raw ones."""
    vr = vr_of(tag)
    if vr == "PN":
        return lambda raw: [_name_in(raw)]
    if vr in _WHOLE_NUMBERS:
        return lambda raw: list(map(int, raw.split(",")))
    if vr in _DECIMALS:
        return lambda raw: list(map(_number, raw.split(",")))
    if vr in _STRINGS and not has_one_value(tag):
        return _strings_in
    return lambda raw: [raw]


def _number(raw: str) -> float:
    return float(raw) if "." in raw else int(raw)


def _strings_in(raw: str) -> list[str]:
    return raw.split('","')


def _name_in(raw: str) -> dict[str, str]:
    alphabetic, *others = raw.split('","')
    return {_ALPHABETIC: alphabetic, **dict(other.split('":"', 1) for other in others)}


def _expression(wanted: Iterable[str], known: Iterable[str]) -> str:
    tags = frozenset(wanted)
    elements = (_wanted(tag) if tag in tags else _passed(tag) for tag in sorted({*tags, *known}))
    return r"\{" + "".join(f"(?:{element},?|)" for element in elements) + r"\}"


def _wanted(tag: str) -> str:
    """Return the expression of an element; one that can have several values has one, if it is there."""
    values = rf',"Value":\[{_value(tag)}\]'
    return rf'"{tag}":\{{"vr":"{vr_of(tag)}"{f"(?:{values}|)" if has_one_value(tag) else values}\}}'


def _value(tag: str) -> str:
    """Return the expression of a plain attribute's values; empty where it is none."""
    vr = vr_of(tag)
    if vr in _STRINGS and not has_one_value(tag):
        return _SEVERAL
    if vr in _STRINGS | _TEXTS:
        return _TEXT
    if vr == "PN":
        return _NAME
    if vr == "SQ":
        return f"({_item(_DEEPEST)})"
    number = _WHOLE if vr in _WHOLE_NUMBERS else _DECIMAL if vr in _DECIMALS else ""
    several = f"(?:,{number})*" if number and not has_one_value(tag) else ""
    return f"({number}{several})" if number else ""


def _item(depth: int) -> str:
    """Return the expression of an item with nothing but strings: of numbers there may be several texts."""
    strings = rf'"[^"]*"(?:,"[^"]*"){_ALL_OF}'
    inner = f"|{_item(depth - 1)}(?:,{_item(depth - 1)}){_ALL_OF}" if depth else ""
    element = rf'"[0-9A-F]{{8}}":\{{"vr":"[A-Z]{{2}}"(?:,"Value":\[(?:{strings}{inner})\])?\}}'
    return rf"\{{(?:{element}(?:,{element}){_ALL_OF})?\}}"


def _passed(tag: str) -> str:
    """Return the expression of an element that nobody wants.

    A brace within a string is none: what comes after the element's own one begins with a quotation mark
    that is followed by a tag, or ends the text.
    """
    vr = vr_of(tag)
    if vr == "SQ":
        return f'"{tag}":{_sequence(_DEEPEST)}'
    return f'"{tag}":{_PASSED_NAME if vr == "PN" else _PASSED_VALUE}'


_PASSED_VALUE = r'\{"vr":"(?!SQ|PN)[^}]*\}'
_PASSED_NAME = r'\{"vr":"PN"[^}]*\}(?:\]\}|)'


def _sequence(depth: int) -> str:
    inner = f"|{_sequence(depth - 1)}" if depth else ""
    element = f'"[0-9A-F]{{8}}":(?:{_PASSED_VALUE}|{_PASSED_NAME}{inner})'
    item = rf"\{{(?:{element},?){_ALL_OF}\}}"
    return rf'\{{"vr":"SQ"(?:,"Value":\[(?:{item},?){_ALL_OF}\]|)\}}'


_SEQUENCE_START = '":{"vr":"SQ"'
# What follows it shows that it has not ended within a string, after which no tag comes.
_SEQUENCE = re.compile(rf'":{_sequence(_DEEPEST + 1)}(?=,"[0-9A-F]{{8}}":|\}}\Z)').match
