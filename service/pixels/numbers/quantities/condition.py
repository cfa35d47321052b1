r"""Which frames are meant: an attribute, and the values that it may have.

`2`, `1-5`, `4.6,9.2`, `ORIGINAL`, `MR*`, `ORIGINAL\PRIMARY` for these values in this order, `""` for none.
"""

import re
from dataclasses import dataclass
from fnmatch import translate

from service.pixels.numbers.geometry.frame_values import Found, Path

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?"
_SINGLE = re.compile(_NUMBER, re.ASCII)
_RANGE = re.compile(f"({_NUMBER})-({_NUMBER})?", re.ASCII)
_DIGITS = re.compile(r"\d+(\.\d+)?", re.ASCII)  # a date, a time
_EMPTY = '""'


@dataclass(frozen=True, slots=True)
class Condition:
    """What an attribute must be.

    Attributes:
        name: as the client wrote it.
        path: of the attribute.
        text: the values that it may have.
    """

    name: str
    path: Path
    text: str

    def accepts(self, values: Found) -> bool:
        """Tell whether a frame with these values is meant: one of them is as it must be, or all in order."""
        if self.text == _EMPTY:
            return not values
        return any(
            self._is_list(alternative, values) or any(_is_like(alternative, value) for value in values)
            for alternative in dict.fromkeys((self.text, *self.text.split(",")))
        )

    @staticmethod
    def _is_list(text: str, values: Found) -> bool:
        parts = text.split("\\")
        alike = (_is_like(part, value) for part, value in zip(parts, values, strict=False))
        return len(parts) == len(values) > 1 and all(alike)


def written(value: object) -> str:
    """Return the text of a condition that a value meets, and those of other frames do not."""
    if value is None:
        return _EMPTY
    return "\\".join(
        "" if part is None else str(part) for part in (value if isinstance(value, tuple) else (value,))
    )


def _is_like(text: str, value: str | int | float | None) -> bool:
    if value is None:
        return text == ""
    span = _RANGE.fullmatch(text)
    if isinstance(value, str):
        value = value.strip(" \0")
        return value == text or _matches(text, value) or bool(span and _is_between(value, *span.groups()))
    if span:
        low, high = span.groups()
        return float(low) <= value and (high is None or value <= float(high))
    return bool(_SINGLE.fullmatch(text)) and float(text) == value


def _matches(pattern: str, value: str) -> bool:
    if "*" not in pattern and "?" not in pattern:
        return False
    return re.match(translate(pattern.replace("[", "[[]")), value) is not None


def _is_between(value: str, low: str, high: str | None) -> bool:
    """Compare dates and times: an end that says less means all that begins like it."""
    if not _DIGITS.fullmatch(value):
        return False
    return low <= value[: len(low)] and (high is None or value[: len(high)] <= high)
