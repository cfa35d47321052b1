"""Durations as people write them: `90d`, `12h`."""

import re

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_DURATION = re.compile(r"([1-9][0-9]{0,8})([smhdw])", re.ASCII)


def seconds_of(duration: str) -> int:
    """Return how many seconds a duration has.

    Raises:
        ValueError: it is none.
    """
    match = _DURATION.fullmatch(duration.strip())
    if match is None:
        raise ValueError("a number and one of s, m, h, d, w, as in 90d")
    return int(match[1]) * _UNITS[match[2]]
