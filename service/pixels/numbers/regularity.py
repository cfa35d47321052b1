"""What keeps slices from being one volume: which of them, in which attribute, and what was expected.

Every check returns the slices that disagree, none when all is well. `volume` calls them in this order, as
each relies on those before it.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from service.pixels.arrays import Values
from service.pixels.numbers.modality import GRAYSCALE
from service.pixels.numbers.plane import Plane, Slice, Vector

_CLOSE = 1e-3  # of direction cosines, and of mm: below it, the same number was written differently
_STEP_TOLERANCE = 0.05  # of the distance between slices
_FAR = 1e6  # mm: farther away, or larger, is nothing that was ever in a scanner


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One slice, one attribute in which it does not fit, and how."""

    slice: Slice
    attribute: str
    found: Any
    expected: Any

    def as_json(self) -> dict[str, Any]:
        """Return what a client is told."""
        return {
            "SOPInstanceUID": self.slice.sop_instance_uid,
            "InstanceNumber": self.slice.instance_number,
            "frame": self.slice.frame_number,
            "attribute": self.attribute,
            "found": self.found,
            "expected": self.expected,
        }


class _Needed(NamedTuple):
    """An attribute that every slice must have: how to read it, when it makes sense, what is expected."""

    value: Callable[[Plane], Any]
    makes_sense: Callable[[Any], bool]
    expected: str


def _is_orthonormal(orientation: Vector) -> bool:
    if len(orientation) != 6 or max(map(abs, orientation)) > 2:
        return False
    row, column = orientation[:3], orientation[3:]
    products = (_dot(row, row), 1), (_dot(column, column), 1), (_dot(row, column), 0)
    return all(abs(found - wanted) < 10 * _CLOSE for found, wanted in products)


def _dot(one: Vector, other: Vector) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


_NEEDED = {
    "Rows": _Needed(lambda plane: plane.rows, lambda value: value > 0, "a number"),
    "Columns": _Needed(lambda plane: plane.columns, lambda value: value > 0, "a number"),
    "Photometric Interpretation": _Needed(
        lambda plane: plane.photometric_interpretation, lambda value: value in GRAYSCALE, "a grayscale image"
    ),
    "Image Position (Patient)": _Needed(
        lambda plane: plane.position,
        lambda value: len(value) == 3 and max(map(abs, value)) < _FAR,
        "three numbers of mm",
    ),
    "Image Orientation (Patient)": _Needed(
        lambda plane: plane.orientation, _is_orthonormal, "two directions at right angles"
    ),
    "Pixel Spacing": _Needed(
        lambda plane: plane.spacing,
        lambda value: len(value) == 2 and _CLOSE**2 < min(value) <= max(value) < _FAR,
        "two positive numbers of mm",
    ),
}
_SHARED: dict[str, Callable[[Plane], Any]] = {
    "Rows": lambda plane: plane.rows,
    "Columns": lambda plane: plane.columns,
    "Image Orientation (Patient)": lambda plane: plane.orientation,
    "Pixel Spacing": lambda plane: plane.spacing,
    "Frame of Reference UID": lambda plane: plane.frame_of_reference,
}


def incomplete(slices: Sequence[Slice]) -> list[Disagreement]:
    """Return the slices that do not say what place they have, or have no modality values."""
    return [
        Disagreement(one, name, needed.value(one.plane) or None, needed.expected)
        for one in slices
        for name, needed in _NEEDED.items()
        if not needed.makes_sense(needed.value(one.plane))
    ]


def unlike(slices: Sequence[Slice]) -> list[Disagreement]:
    """Return the slices that are not like most of the others."""
    return [
        Disagreement(one, name, value(one.plane), usual)
        for name, value in _SHARED.items()
        for usual in [Counter(value(one.plane) for one in slices).most_common(1)[0][0]]
        for one in slices
        if not _same(value(one.plane), usual)
    ]


def _same(value: Any, usual: Any) -> bool:
    if isinstance(value, tuple):
        return all(abs(one - other) < _CLOSE for one, other in zip(value, usual, strict=True))
    return bool(value == usual)


def coinciding(in_order: Sequence[Slice], normal: Values) -> list[Disagreement]:
    """Return the slices that lie at the same place along the normal as the one before."""
    return [
        Disagreement(
            one,
            "Image Position (Patient)",
            one.plane.position,
            f"another place than that of {before.sop_instance_uid}, frame {before.frame_number}",
        )
        for before, one in pairwise(in_order)
        if normal @ np.subtract(one.plane.position, before.plane.position) < _CLOSE
    ]


def out_of_step(in_order: Sequence[Slice]) -> list[Disagreement]:
    """Return the slices whose step from the one before is not the usual one: the median of all."""
    positions = np.array([one.plane.position for one in in_order])
    steps = np.diff(positions, axis=0)
    if not len(steps):
        return []
    usual = np.median(steps, axis=0)
    off = np.linalg.norm(steps - usual, axis=1) > _STEP_TOLERANCE * np.linalg.norm(usual)
    return [
        Disagreement(
            in_order[index + 1],
            "Image Position (Patient)",
            in_order[index + 1].plane.position,
            tuple((positions[index] + usual).round(3).tolist()),
        )
        for index in np.flatnonzero(off).tolist()
    ]
