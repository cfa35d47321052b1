"""One query parameter → the keys it stands for. PS3.18 8.3.4.1, matching by VR as in PS3.4 C.2.2.2.

A value that accepts everything (empty, only stars) stands for no key at all. Specific Character Set is no
key either, since URLs are UTF-8, nor is Timezone Offset From UTC, which is not applied. Messages never repeat
a value: it may be a patient's name, ID or date.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from service.dicom.dictionary import tag_of, vr_of
from service.dicom.query import normal_forms
from service.dicom.query.levels import Path, level_of
from service.dicom.query.matches import (
    EmptyMatch,
    Key,
    Match,
    NameMatch,
    NumberMatch,
    NumberRangeMatch,
    RangeMatch,
    TextMatch,
    UnknownMatch,
    is_wildcard,
    words,
)
from service.errors import InvalidKey

MAX_VALUE_CHARACTERS = 1024  # of a single value
MAX_WILDCARD_CHARACTERS = 256
MAX_WILDCARDS = 64  # values with wild cards in one list
MAX_PATH_LENGTH = 8  # of sequences in a dotted name

_TAG = re.compile(r"[0-9A-Fa-f]{8}", re.ASCII)
_PRIVATE = re.compile(r"([0-9A-Fa-f]{3}[13579BDFbdf])xx([0-9A-Fa-f]{2}):(.*)", re.ASCII)
MAX_CREATOR_CHARACTERS = 64  # of an LO
_UID = re.compile(r"[0-9.*?]{1,64}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_OPEN = "*"  # where the low end of a range of numbers is open: -2 alone is a number
_NUMBER_RANGE = re.compile(rf"(\*|{_NUMBER.pattern})? *- *(\*|{_NUMBER.pattern})?", re.ASCII)
_TRAILING_STARS = re.compile(r"(\^\**)*\^\*+$")
_LISTS = {"UI": re.compile(r"[,\\]"), "CS": re.compile(r"[,\\]")}  # neither VR can hold these characters
_SEVERAL = frozenset(["AE", "AS", "AT", "CS", "LO", "PN", "SH", "UC"])  # PS3.4 C.2.2.2.8
_NOT_MATCHABLE = frozenset(["OB", "OD", "OF", "OL", "OV", "OW", "SQ"])
NEVER_MATCHED = frozenset([("00080005",), ("00080201",)])  # they tell how to read the other keys
_EMPTY = '""'


@dataclass(frozen=True, slots=True)
class Matching:
    """The ways of matching a client can ask for, PS3.18 8.3.4.2, .5 and .6."""

    fuzzy: bool = False
    empty_values: bool = False
    multiple_values: bool = False


@dataclass(frozen=True, slots=True)
class _KeyAttribute:
    """What a value is read for: the attribute as the client named it, its VR, the ways of matching."""

    name: str
    vr: str
    matching: Matching


def path_of(name: str) -> Path | None:
    """Return the tags of a keyword or tag, dotted inside sequences; None for what is neither.

    A private attribute may be named by its creator, as `0019xx0C:SIEMENS MR HEADER`.
    """
    parts = _with_whole_creators(name.split(".")) if ":" in name else name.split(".", MAX_PATH_LENGTH)
    tags = list(map(_tag_of, parts))
    return tuple(tag for tag in tags if tag) if all(tags) and len(tags) <= MAX_PATH_LENGTH + 1 else None


def _tag_of(part: str) -> str | None:
    if private := _PRIVATE.fullmatch(part):
        group, number, creator = private.groups()
        creator = creator.strip()
        return (
            f"{group.upper()}xx{number.upper()}:{creator}"
            if 0 < len(creator) <= MAX_CREATOR_CHARACTERS
            else None
        )
    return part.upper() if _TAG.fullmatch(part) else tag_of(part)


def _with_whole_creators(parts: Iterable[str]) -> list[str]:
    """Return the parts of a dotted name, those together that are of one creator: such names have dots too."""
    whole: list[str] = []
    for part in parts:
        if whole and ":" in whole[-1] and _tag_of(part) is None:
            whole[-1] += f".{part}"
        else:
            whole.append(part)
    return whole


def keys_of(name: str, path: Path, value: str, matching: Matching) -> list[Key]:
    """Return the keys that a parameter stands for; several have to match all.

    Args:
        name: of the attribute as the client wrote it, for messages.
        path: its tags.
        value: as in the URL, percent-decoded.
        matching: the ways of matching asked for.

    Raises:
        InvalidKey: the value is not of the attribute's VR.
    """
    vr, level = vr_of(path[-1]), level_of(path[0])
    if path in NEVER_MATCHED or not value.strip(_universal(vr)):
        return []
    if matching.empty_values and value == _EMPTY:
        return [Key(path, level, EmptyMatch())]
    _check(name, vr, value)
    parts = value.split("\\") if matching.multiple_values and vr in _SEVERAL else [value]
    attribute = _KeyAttribute(name, vr, matching)
    return [
        Key(path, level, _match(part.strip(" "), attribute)) for part in parts if part.strip(_universal(vr))
    ]


def combined(date: Key, time: Key) -> Key | None:
    """Return the key for a range from one date and time to another; None if one of the two is no range."""
    days, times = date.match, time.match
    if not isinstance(days, RangeMatch) or not isinstance(times, RangeMatch):
        return None
    low = days.low and days.low + (times.low or "000000.000000")
    high = days.high and days.high + (times.high or "235959.999999")
    return Key(date.path, date.level, RangeMatch(low, high), time.path)


def _universal(vr: str) -> str:
    """Return the characters that a value of universal matching is made of. PS3.4 C.2.2.2.3."""
    return "* =^" if vr == "PN" else "* "


def _check(name: str, vr: str, value: str) -> None:
    if vr in _NOT_MATCHABLE:
        raise InvalidKey(name, f"an attribute that has values to match; one of VR {vr} has none")
    if "\0" in value:
        raise InvalidKey(name, "text without NUL characters")
    if vr not in _LISTS and len(value) > MAX_VALUE_CHARACTERS:
        raise InvalidKey(name, f"at most {MAX_VALUE_CHARACTERS} characters")
    if vr not in _LISTS and is_wildcard(value) and len(value) > MAX_WILDCARD_CHARACTERS:
        raise InvalidKey(name, f"at most {MAX_WILDCARD_CHARACTERS} characters with wild cards")


def _match(value: str, attribute: _KeyAttribute) -> Match:
    parse = _PARSERS.get(attribute.vr)
    return parse(value, attribute) if parse else TextMatch((value,))


def _list(value: str, attribute: _KeyAttribute) -> Match:
    patterns = tuple(
        dict.fromkeys(part.strip(" ") for part in _LISTS[attribute.vr].split(value) if part.strip(" "))
    )
    if sum(map(is_wildcard, patterns)) > MAX_WILDCARDS:
        raise InvalidKey(attribute.name, f"at most {MAX_WILDCARDS} values with wild cards")
    if attribute.vr == "UI" and not all(map(_UID.fullmatch, patterns)):
        raise InvalidKey(
            attribute.name, "UIDs of digits and dots, at most 64 characters, separated by commas"
        )
    if max(map(len, patterns), default=0) > MAX_WILDCARD_CHARACTERS:
        raise InvalidKey(attribute.name, f"at most {MAX_WILDCARD_CHARACTERS} characters per value")
    return TextMatch(patterns)


def _number(value: str, attribute: _KeyAttribute) -> Match:
    match = _number_match(value)
    if match is None:
        raise InvalidKey(attribute.name, "a number, or a range as in 0-2, 2- or *-2")
    return match


def _unknown(value: str, _: _KeyAttribute) -> Match:
    return UnknownMatch(TextMatch((value,)), _number_match(value))


def _number_match(value: str) -> NumberMatch | NumberRangeMatch | None:
    if len(value) <= 64 and _NUMBER.fullmatch(value):
        return NumberMatch(Decimal(value))
    numbers = _NUMBER_RANGE.fullmatch(value) if len(value) <= 130 else None
    low, high = (_end(numbers[1]), _end(numbers[4])) if numbers else (None, None)
    return None if low is None and high is None else NumberRangeMatch(low, high)


def _end(text: str | None) -> Decimal | None:
    return Decimal(text) if text and text != _OPEN else None


_FORMS = {
    "DA": "a date YYYYMMDD, or a range of two with a hyphen between",
    "TM": "a time HHMMSS.FFFFFF or its beginning, or a range of two with a hyphen between",
    "DT": "a date and time YYYYMMDDHHMMSS.FFFFFF or its beginning, or a range of two with a hyphen between",
}


def _range(value: str, attribute: _KeyAttribute) -> Match:
    interval = normal_forms.INTERVALS[attribute.vr]
    single = interval(value)
    if single:
        return RangeMatch(*single)
    for hyphen in re.finditer("-", value[:128]):
        begin, end = value[: hyphen.start()].strip(" "), value[hyphen.end() :].strip(" ")
        low, high = interval(begin), interval(end)
        if (low or not begin) and (high or not end) and (low or high):
            return RangeMatch(low[0] if low else "", high[1] if high else "")
    raise InvalidKey(attribute.name, _FORMS[attribute.vr])


def _name(value: str, attribute: _KeyAttribute) -> Match:
    groups = [normal_forms.fold(group) for group in value.split("=", 2)]
    fuzzy = words(re.sub(r"[*?,]", " ", " ".join(groups))) if attribute.matching.fuzzy else []
    return NameMatch(tuple(map(_alternatives, groups)), tuple(fuzzy))


def _alternatives(pattern: str) -> tuple[str, ...]:
    """Return what a group may look like: A^* is A too, a name that ends before its last components."""
    if not pattern.strip("*"):
        return ("",)
    short = _TRAILING_STARS.sub("", pattern)
    return (pattern,) if short == pattern else (pattern, short)


_PARSERS: dict[str, Callable[[str, _KeyAttribute], Match]] = {
    **dict.fromkeys(normal_forms.INTERVALS, _range),
    **dict.fromkeys(normal_forms.NUMBER_VRS, _number),
    **dict.fromkeys(_LISTS, _list),
    "PN": _name,
    "UN": _unknown,
}
