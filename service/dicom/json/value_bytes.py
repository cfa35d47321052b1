"""Values of DICOM JSON → the bytes of one value. PS3.18 F.2.3, PS3.5 6.2. The way back from `values`.

A JSON value of another kind than its VR asks for is refused. Where the Standard leaves the choice between a
number and a string (DS IS SV UV), a string is kept to the letter.
"""

import math
import struct
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from pydicom.valuerep import format_number_as_ds

from service.dicom.encoding.elements import Malformed
from service.dicom_json import NAME_GROUPS

_MAX_DECIMAL = 16  # characters of a DS
_KINDS = {
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def checked(value: Any, kind: type) -> Any:
    """Return a value if it is of this kind of JSON value.

    Raises:
        Malformed: it is of another.
    """
    if not isinstance(value, kind):
        raise Malformed(f"has {_KINDS[type(value)]}: expected {_KINDS[kind]}")
    return value


def texts(values: Sequence[Any]) -> bytes:
    """AE AS CS DA DT LO SH TM UC UI: values separated by backslashes, null being an empty one."""
    return "\\".join("" if value is None else checked(value, str) for value in values).encode()


def text(values: Sequence[Any]) -> bytes:
    """LT ST UR UT: one value, in which a backslash is data."""
    if len(values) > 1:
        raise Malformed(f"has {len(values)} values: expected one")
    return texts(values)


def names(values: Sequence[Any]) -> bytes:
    """PN: component groups by name. PS3.18 F.2.2."""
    return texts([None if value is None else _name(checked(value, dict)) for value in values])


def _name(groups: dict[str, Any]) -> str:
    if not groups.keys() <= set(NAME_GROUPS):
        raise Malformed(f"has a name of other groups than {', '.join(NAME_GROUPS)}")
    return "=".join(checked(groups.get(group) or "", str) for group in NAME_GROUPS).rstrip("=")


def decimals(values: Sequence[Any]) -> bytes:
    """DS: a number becomes text of at most 16 characters."""
    return texts([_decimal(value) if _is_number(value) else value for value in values])


def _decimal(number: float) -> str:
    shortest = repr(number)
    return shortest if len(shortest) <= _MAX_DECIMAL else format_number_as_ds(float(number))


def integers(values: Sequence[Any]) -> bytes:
    """IS: a whole number becomes text."""
    return texts([str(_whole(value)) if _is_number(value) else value for value in values])


def floats(code: str, values: Sequence[Any]) -> bytes:
    """FL FD: null is NaN, which JSON cannot say, as it is in our own answers; its name in a string is too."""
    return _packed(code, [math.nan if value is None else float(_number_or_string(value)) for value in values])


def binary_integers(code: str, values: Sequence[Any]) -> bytes:
    """SL SS UL US."""
    if all(value is None for value in values):
        return b""
    return _packed(code, [_whole(value) for value in values])


def long_integers(code: str, values: Sequence[Any]) -> bytes:
    """SV UV: beyond 2^53 as strings, in which no digit gets lost."""
    return binary_integers(code, [int(value) if isinstance(value, str) else value for value in values])


def tags(values: Sequence[Any]) -> bytes:
    """AT: eight hexadecimal digits."""
    raw_tags = (bytes.fromhex(checked(value, str)) for value in values if value is not None)
    return b"".join(struct.pack("<HH", *struct.unpack(">HH", raw)) for raw in raw_tags)


def _packed(code: str, numbers: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(numbers)}{code}", *numbers)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number_or_string(value: Any) -> float | str:
    if not _is_number(value) and not isinstance(value, str):
        raise Malformed(f"has {_KINDS[type(value)]}: expected a number")
    return value  # type: ignore[no-any-return]


def _whole(value: Any) -> int:
    if not _is_number(value) or value != int(value):
        raise Malformed(f"has {_KINDS[type(value)]}: expected a whole number")
    return int(value)


ENCODERS: dict[str, Callable[[Sequence[Any]], bytes]] = {
    **dict.fromkeys(("AE", "AS", "CS", "DA", "DT", "LO", "SH", "TM", "UC", "UI"), texts),
    **dict.fromkeys(("LT", "ST", "UR", "UT"), text),
    "AT": tags,
    "DS": decimals,
    "FD": partial(floats, "d"),
    "FL": partial(floats, "f"),
    "IS": integers,
    "PN": names,
    "SL": partial(binary_integers, "l"),
    "SS": partial(binary_integers, "h"),
    "SV": partial(long_integers, "q"),
    "UL": partial(binary_integers, "L"),
    "US": partial(binary_integers, "H"),
    "UV": partial(long_integers, "Q"),
}
"""VR → how its values are written. Binary VRs have none: their JSON is InlineBinary or a Bulkdata URI."""
