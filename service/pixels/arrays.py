"""The two kinds of arrays that go from step to step, and how large ones are taken a part at a time."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[Any]
"""Stored or modality values, of whatever type they need."""

Levels = npt.NDArray[np.uint8]
"""Displayed values: 0 (black) ... 255 (white)."""

_STRIP_VALUES = 2**22


def put(values: Values, out: Values) -> None:
    """Write values into an array of their shape, as its type has them; those that lie there already stay."""
    if values.dtype == out.dtype and values.strides == out.strides and _place(values) == _place(out):
        return
    np.copyto(out, values, casting="unsafe")


def _place(values: Values) -> int:
    return int(values.__array_interface__["data"][0])


def in_strips(values: Values, work: Callable[[Values], Levels]) -> Levels:
    """Return what some work makes of each value, done a few rows at a time.

    What it needs in between, eight bytes for each value or more, then follows the strip and not the picture.
    """
    if values.size <= _STRIP_VALUES:
        return work(values)
    rows = max(1, _STRIP_VALUES * len(values) // values.size)
    return np.concatenate([work(values[top : top + rows]) for top in range(0, len(values), rows)])
