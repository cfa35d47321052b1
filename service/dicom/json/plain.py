"""Plain values, taken out of the text of a DICOM JSON object without parsing it.

Most attributes have one string, name or number, or some strings. An expression that knows which attributes
there can be takes those that are wanted in a tenth of the time that reading all of them takes. It accepts a
whole object or none of it, and whoever has one that it does not accept reads that: one with a character that
JSON escapes, other attributes, another VR than the dictionary's, another order, other kinds of values.

The text has to be as it is written here: without blanks, each element with its VR first.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from service.dicom.dictionary import has_one_value, vr_of
from service.dicom_json import NAME_GROUPS

Raw = str | None
"""The inner text of a Value; None for no value, or no such attribute."""
RawBytes = bytes | None

_TEXT, _SEVERAL = r'"([^"]*)"', r'"([^"]*(?:","[^"]*)*)"'
_NAME = r'\{"Alphabetic":"([^"=]*(?:","(?:Ideographic|Phonetic)":"[^"=]*)*)"\}'
_WHOLE = "-?[0-9]+"
# As both orjson and Python write them: neither with an exponent, nor with more digits than a double has.
_DECIMAL = r"-?(?:0|[1-9][0-9]{0,14})(?:\.(?!0000)[0-9]{1,17})?"

_STRINGS = frozenset(("AE", "AS", "CS", "DA", "DT", "LO", "SH", "TM", "UC", "UI"))
_TEXTS = frozenset(("LT", "ST", "UR", "UT"))
_WHOLE_NUMBERS = frozenset(("IS", "SL", "SS", "UL", "US"))
_DECIMALS = frozenset(("DS", "FD", "FL"))
_DEEPEST = 2  # sequences within a sequence that is passed over

_ALPHABETIC = NAME_GROUPS[0]


def is_plain(tag: str) -> bool:
    """Tell whether the values of an attribute can be taken out of a text."""
    return len(tag) == 8 and bool(_value(tag))


def plain_values(
    wanted: Iterable[str], known: Iterable[str], missing: Raw = None
) -> Callable[[Iterable[str]], Iterator[tuple[Raw, ...] | None]]:
    """Return what takes the values of attributes out of texts, in the order of their tags; None of others.

    Args:
        wanted: tags, all of them of plain attributes.
        known: tags that a text may have besides.
        missing: what stands for no value.
    """
    match = re.compile(_expression(wanted, known)).fullmatch

    def values(texts: Iterable[str]) -> Iterator[tuple[Raw, ...] | None]:
        for found in map(match, texts):
            yield None if found is None or "\\" in found.string else found.groups(missing)

    return values


def plain_bytes(
    wanted: Iterable[str], known: Iterable[str]
) -> Callable[[Iterable[bytes]], Iterator[tuple[RawBytes, ...] | None]]:
    """Return the same for texts in UTF-8."""
    match = re.compile(_expression(wanted, known).encode()).fullmatch

    def values(texts: Iterable[bytes]) -> Iterator[tuple[RawBytes, ...] | None]:
        for found in map(match, texts):
            yield None if found is None or b"\\" in found.string else found.groups()

    return values


def can_be_several(tag: str) -> bool:
    """Tell whether the raw values of a plain attribute can be several, or the groups of a name."""
    vr = vr_of(tag)
    return vr == "PN" or (vr in _STRINGS and not has_one_value(tag))


def values_in(tag: str) -> Callable[[str], list[Any]]:
    """Return what makes the values of a plain attribute, as DICOM JSON has them, of its raw ones."""
    vr = vr_of(tag)
    if vr == "PN":
        return lambda raw: [_name_in(raw)]
    if vr in _WHOLE_NUMBERS:
        return lambda raw: [int(raw)]
    if vr in _DECIMALS:
        return lambda raw: [float(raw) if "." in raw else int(raw)]
    if vr in _STRINGS and not has_one_value(tag):
        return _strings_in
    return lambda raw: [raw]


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
    if vr in _WHOLE_NUMBERS:
        return f"({_WHOLE})"
    return f"({_DECIMAL})" if vr in _DECIMALS else ""


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
    item = rf"\{{(?:{element},?)*+\}}"
    return rf'\{{"vr":"SQ"(?:,"Value":\[(?:{item},?)*+\]|)\}}'
