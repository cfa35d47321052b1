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
from service.pixels.description import GRAYSCALE
from service.pixels.numbers.plane import FARTHEST, Plane, Slice, Vector

_CLOSE = 1e-3  # of direction cosines, and of mm: below it, the same number was written differently
_STEP_TOLERANCE = 0.05  # of the distance between slices


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One slice, one attribute in which it does not fit, and how."""

    slice: Slice
    attribute: str
    found: Any
    expected: Any

    def as_json(self) -> dict[str, Any]:
        """Return the disagreement as a client gets it."""
        return {
            "SOPInstanceUID": self.slice.sop_instance_uid,
            "InstanceNumber": self.slice.instance_number,
            "frame": self.slice.frame_number,
            "attribute": self.attribute,
            "found": self.found,
            "expected": self.expected,
        }


class _Requirement(NamedTuple):
    """An attribute that every slice must have: how to read it, when it makes sense, what is expected."""

    value: Callable[[Plane], Any]
    makes_sense: Callable[[Any], bool]
    expected: str


def _is_orthonormal(orientation: Vector) -> bool:
    if len(orientation) != 6 or max(map(abs, orientation)) > 2:
        return False
    row, column = orientation[:3], orientation[3:]
    products = (_dot(row, row), 1), (_dot(column, column), 1), (_dot(row, column), 0)
    return all(abs(product - ideal) < 10 * _CLOSE for product, ideal in products)


def _dot(left: Vector, right: Vector) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


_REQUIREMENTS = {
    "Rows": _Requirement(lambda plane: plane.rows, lambda value: value > 0, "a number"),
    "Columns": _Requirement(lambda plane: plane.columns, lambda value: value > 0, "a number"),
    "Photometric Interpretation": _Requirement(
        lambda plane: plane.photometric_interpretation, lambda value: value in GRAYSCALE, "a grayscale image"
    ),
    "Image Position (Patient)": _Requirement(
        lambda plane: plane.position,
        lambda value: len(value) == 3 and max(map(abs, value)) < FARTHEST,
        "three numbers of mm",
    ),
    "Image Orientation (Patient)": _Requirement(
        lambda plane: plane.orientation, _is_orthonormal, "two directions at right angles"
    ),
    "Pixel Spacing": _Requirement(
        lambda plane: plane.spacing,
        lambda value: len(value) == 2 and _CLOSE**2 < min(value) <= max(value) < FARTHEST,
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
        Disagreement(slice_, name, requirement.value(slice_.plane) or None, requirement.expected)
        for slice_ in slices
        for name, requirement in _REQUIREMENTS.items()
        if not requirement.makes_sense(requirement.value(slice_.plane))
    ]


def unlike(slices: Sequence[Slice]) -> list[Disagreement]:
    """Return the slices that are not like most of the others."""
    return [
        Disagreement(slice_, name, value(slice_.plane), usual_value)
        for name, value in _SHARED.items()
        for usual_value in [Counter(value(slice_.plane) for slice_ in slices).most_common(1)[0][0]]
        for slice_ in slices
        if not _same(value(slice_.plane), usual_value)
    ]


def _same(value: Any, usual_value: Any) -> bool:
    if isinstance(value, tuple):
        return all(abs(a - b) < _CLOSE for a, b in zip(value, usual_value, strict=True))
    return bool(value == usual_value)


def coinciding(stack: Sequence[Slice], normal: Values) -> list[Disagreement]:
    """Return the slices that lie at the same place along the normal as the one before."""
    return [
        Disagreement(
            slice_,
            "Image Position (Patient)",
            slice_.plane.position,
            f"another place than that of {predecessor.sop_instance_uid}, frame {predecessor.frame_number}",
        )
        for predecessor, slice_ in pairwise(stack)
        if normal @ np.subtract(slice_.plane.position, predecessor.plane.position) < _CLOSE
    ]


def out_of_step(stack: Sequence[Slice]) -> list[Disagreement]:
    """Return the slices whose step from the one before is not the usual one: the median of all."""
    positions = np.array([slice_.plane.position for slice_ in stack])
    steps = np.diff(positions, axis=0)
    if not len(steps):
        return []
    median = np.median(steps, axis=0)
    outliers = np.linalg.norm(steps - median, axis=1) > _STEP_TOLERANCE * np.linalg.norm(median)
    return [
        Disagreement(
            stack[index + 1],
            "Image Position (Patient)",
            stack[index + 1].plane.position,
            tuple((positions[index] + median).round(3).tolist()),
        )
        for index in np.flatnonzero(outliers).tolist()
    ]
