"""Read the values of a DICOM JSON object, whatever they turn out to be.

What rendering needs was taken from real files, so a number may be a string, null, absent or of the
wrong kind. Every function here answers with what can be used, or with nothing: it never raises.

Standard: PS3.18 Annex F.2.
"""

import base64
import binascii
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.json_text import Later

DicomJson = dict[str, Any]
Attributes = Mapping[str, Any]

NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
"""The component groups of a person name, PS3.18 F.2.2."""

SHARED_GROUPS, PER_FRAME_GROUPS = "52009229", "52009230"
"""The Sequences of functional groups, PS3.3 C.7.6.16."""


def first_value(attributes: Attributes, tag: str) -> Any:
    """Return the first value of an attribute, whatever it is; None where there is none."""
    return next(iter(_values(attributes, tag)), None)


def numbers(attributes: Attributes, tag: str) -> list[float | None]:
    """Return the values of a numeric attribute in their places, None where one is not a finite number."""
    return [_finite(value) for value in _values(attributes, tag)]


def number(attributes: Attributes, tag: str) -> float | None:
    """Return the first value of a numeric attribute."""
    return _finite(first_value(attributes, tag))


def integer(attributes: Attributes, tag: str) -> int | None:
    """Return the first value of an integer attribute."""
    value = number(attributes, tag)
    return None if value is None else int(value)


def text(attributes: Attributes, tag: str) -> str:
    """Return the first value of a text attribute without its padding; "" when there is none."""
    value = first_value(attributes, tag)
    return value.strip(" \0") if isinstance(value, str) else ""


def texts(attributes: Attributes, tag: str) -> list[str]:
    """Return the values of a text attribute in their places, without padding; "" where one is no text."""
    values = _values(attributes, tag)
    return [value.strip(" \0") if isinstance(value, str) else "" for value in values]


def items(attributes: Attributes, tag: str) -> Sequence[Attributes]:
    """Return the items of a sequence in their places, empty where one is not an object."""
    values = _values(attributes, tag)
    if isinstance(values, Later):
        return values
    return [item if isinstance(item, Mapping) else {} for item in values]


def scopes(image: Attributes, frame_number: int, macro: str) -> Iterator[Attributes]:
    """Yield the places where an attribute of a frame may stand, the nearest to the frame first.

    Args:
        image: DICOM JSON object of the instance.
        frame_number: counted from 1.
        macro: tag of the functional group's sequence.

    Standard: PS3.3 C.7.6.16.1.
    """
    per_frame, shared = _values(image, PER_FRAME_GROUPS), _values(image, SHARED_GROUPS)
    for group in (*per_frame[frame_number - 1 : frame_number], *shared[:1]):
        if isinstance(group, Mapping):
            yield from items(group, macro)[:1]
    yield image


def binary(attributes: Attributes, tag: str) -> bytes:
    """Return the bytes of an inline binary attribute; none when there are none."""
    element = attributes.get(tag)
    encoded = element.get("InlineBinary") if isinstance(element, Mapping) else None
    if not isinstance(encoded, str):
        return b""
    try:
        return base64.b64decode(encoded)
    except (binascii.Error, ValueError):
        return b""


def _values(attributes: Attributes, tag: str) -> Sequence[Any]:
    element = attributes.get(tag)
    values = element.get("Value") if isinstance(element, Mapping) else None
    return values if isinstance(values, list | Later) else []


def _finite(value: Any) -> float | None:
    if isinstance(value, str) and "_" in value:  # Python reads 1_000, PS3.5 6.2 does not
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
