"""How a key accepts values: single value, wild card, range, list and empty value matching. PS3.4 C.2.2.2.

A match works on the normal forms of `service.dicom.query.normal_forms`. The archive has an SQL expression for
each kind, which means the same; `accepts` decides where no column holds the attribute.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from service.dicom.dictionary import vr_of
from service.dicom.query import normal_forms
from service.dicom.query.levels import Level, Path, tag_in
from service.dicom_json import Attributes, items

_STARS = re.compile(r"\*+")
_WORD_SEPARATORS = re.compile("[ ^-]")


def is_wildcard(pattern: str) -> bool:
    """Tell whether the text has `*`, any run of characters, or `?`, any one."""
    return "*" in pattern or "?" in pattern


@lru_cache(maxsize=256)
def wildcard(pattern: str) -> re.Pattern[str]:
    """Return the pattern as a regular expression whose time grows with the length of the text alone.

    Between two stars the first occurrence is as good as any other: an atomic group never looks for another.
    """
    first, *rest = (re.escape(part).replace(r"\?", ".") for part in _STARS.split(pattern))
    if not rest:
        return re.compile(first, re.DOTALL)
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return re.compile(f"{first}{middle}.*{rest[-1]}", re.DOTALL)


def _fits(pattern: str, text: str) -> bool:
    return bool(wildcard(pattern).fullmatch(text)) if is_wildcard(pattern) else pattern == text


@dataclass(frozen=True, slots=True)
class TextMatch:
    """Any of these texts, each of which may have wild cards. PS3.4 C.2.2.2.1, .2 and .4."""

    patterns: tuple[str, ...]

    def accepts(self, values: Sequence[Any]) -> bool:
        """Tell whether one of the values fits one of the patterns."""
        return any(_fits(pattern, str(value)) for value in values for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class RangeMatch:
    """From `low` to `high` inclusive, "" standing for an open end. PS3.4 C.2.2.2.5."""

    low: str
    high: str

    def accepts(self, values: Sequence[str]) -> bool:
        """Tell whether one of the values lies in the range."""
        return any(self.low <= value and (not self.high or value <= self.high) for value in values if value)


@dataclass(frozen=True, slots=True)
class NumberMatch:
    """This number, however it is written."""

    number: Decimal

    def accepts(self, values: Sequence[Decimal]) -> bool:
        """Tell whether one of the values is equal."""
        return self.number in values


@dataclass(frozen=True, slots=True)
class NumberRangeMatch:
    """From `low` to `high` inclusive, None standing for an open end. Not of the Standard."""

    low: Decimal | None
    high: Decimal | None

    def accepts(self, values: Sequence[Decimal]) -> bool:
        """Tell whether one of the values lies in the range."""
        low, high = self.low, self.high
        return any((low is None or low <= value) and (high is None or value <= high) for value in values)


@dataclass(frozen=True, slots=True)
class UnknownMatch:
    """What a value has to be of an attribute whose VR each data set tells: numbers are compared as such."""

    text: TextMatch
    number: NumberMatch | NumberRangeMatch | None

    def accepts(self, values: Sequence[Any]) -> bool:
        """Tell whether one of the values fits."""
        numbers = [value for value in values if isinstance(value, Decimal)]
        return self.text.accepts(values) or (self.number is not None and self.number.accepts(numbers))


@dataclass(frozen=True, slots=True)
class NameMatch:
    """A person name without regard to case and accents. PS3.4 C.2.2.2.1, PS3.18 8.3.4.2.

    Attributes:
        groups: folded patterns. A single one may be any of the component groups; with several each
            non-empty one is about its own. Each has alternatives.
        words: when fuzzy, the beginnings of words that all occur in the name.
    """

    groups: tuple[tuple[str, ...], ...]
    words: tuple[str, ...] = ()

    def accepts(self, values: Sequence[tuple[str, ...]]) -> bool:
        """Tell whether one of the names fits the patterns, or has all the words."""
        return any(self._is_like(name) or self._has_words(name) for name in values)

    def _is_like(self, name: tuple[str, ...]) -> bool:
        if len(self.groups) == 1:
            return any(_fits(pattern, group) for group in name if group for pattern in self.groups[0])
        pairs = zip(self.groups, name, strict=False)
        return all(
            any(_fits(pattern, group) for pattern in patterns) for patterns, group in pairs if any(patterns)
        )

    def _has_words(self, name: tuple[str, ...]) -> bool:
        whole_words = [word for group in name for word in words(group)]
        return bool(self.words) and all(
            any(word.startswith(beginning) for word in whole_words) for beginning in self.words
        )


@dataclass(frozen=True, slots=True)
class EmptyMatch:
    """No value at all. PS3.4 C.2.2.2.7."""

    def accepts(self, values: Sequence[Any]) -> bool:
        """Tell whether there is none."""
        return not values


Match = TextMatch | RangeMatch | NumberMatch | NumberRangeMatch | UnknownMatch | NameMatch | EmptyMatch


def words(name: str) -> list[str]:
    """Return the words of a folded name."""
    return [word for word in _WORD_SEPARATORS.split(name) if word]


@dataclass(frozen=True, slots=True)
class Key:
    """A key attribute and how it matches.

    Attributes:
        path: tags, the outermost sequence first.
        level: that the attribute belongs to.
        match: what its values have to be.
        time_path: when there, date and time are put together to be compared (PS3.18 8.3.4.1.1).
    """

    path: Path
    level: Level
    match: Match
    time_path: Path = ()

    def values(self, attributes: Attributes) -> list[Any]:
        """Return the normal forms of the key's innermost attribute in the data set that holds it."""
        values = self._values(attributes, self.path[-1])
        if not self.time_path:
            return values
        times = self._values(attributes, self.time_path[-1])
        return [date + normal_forms.first((*times, "")) for date in values]

    @staticmethod
    def _values(attributes: Attributes, tag: str) -> list[Any]:
        element = attributes.get(tag_in(attributes, tag) if ":" in tag else tag) or {}
        vr = vr_of(tag)
        return normal_forms.values(element, element.get("vr", vr) if vr == "UN" else vr)


def matches(attributes: Attributes, keys: Iterable[Key]) -> bool:
    """Tell whether the data set has them all; keys inside a sequence within one item. PS3.4 C.2.2.2.6."""
    return _matches(attributes, [(key.path, key) for key in keys])


def _matches(attributes: Attributes, keys: Iterable[tuple[Path, Key]]) -> bool:
    nested: dict[str, list[tuple[Path, Key]]] = defaultdict(list)
    for (tag, *inner), key in keys:
        if inner:
            nested[tag].append((tuple(inner), key))
        elif not key.match.accepts(key.values(attributes)):
            return False
    return all(
        any(
            _matches(item, inside)
            for item in items(attributes, tag_in(attributes, tag) if ":" in tag else tag)
        )
        for tag, inside in nested.items()
    )
