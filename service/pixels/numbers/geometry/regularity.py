"""What keeps slices from being one volume: which of them, in which attribute, and what was expected.

Every check returns the slices that disagree, none when all is well. `volume` calls them in this order, as
each relies on those before it.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from service.pixels.arrays import Values
from service.pixels.description import GRAYSCALE
from service.pixels.numbers.geometry.lattice import outliers
from service.pixels.numbers.geometry.plane import FARTHEST, Plane, Vector
from service.pixels.numbers.geometry.slices import Slice
from service.pixels.numbers.geometry.traits import TRAITS, Trait, differing

_CLOSE = 1e-3  # of direction cosines, and of spacings to each other: the same number was written differently
_ROUNDED = 0.02  # of products of direction cosines that were written with two digits
_SAME_PLACE = 1e-3  # mm, or less where the slices of a series are closer to each other
_SMALLEST_STEP = 1e-7  # mm


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
    return all(abs(product - ideal) < _ROUNDED for product, ideal in products)


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
        lambda value: len(value) == 2 and _SMALLEST_STEP < min(value) <= max(value) < FARTHEST,
        "two positive numbers of mm",
    ),
}
SHARED: dict[str, Callable[[Plane], Any]] = {
    "Rows": lambda plane: plane.rows,
    "Columns": lambda plane: plane.columns,
    "Image Orientation (Patient)": lambda plane: plane.orientation,
    "Pixel Spacing": lambda plane: plane.spacing,
    "Frame of Reference UID": lambda plane: plane.frame_of_reference,
}
"""What all slices of a volume have in common, by name."""


def without_place(slices: Sequence[Slice]) -> list[Disagreement]:
    """Return the slices whose instance says in its own way that their place cannot be told."""
    return [Disagreement(slice_, *slice_.objection) for slice_ in slices if slice_.objection]


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
        for name, value in SHARED.items()
        for usual_value in [Counter(value(slice_.plane) for slice_ in slices).most_common(1)[0][0]]
        for slice_ in slices
        if not _same(value(slice_.plane), usual_value)
    ]


def _same(value: Any, usual_value: Any) -> bool:
    if isinstance(value, tuple):
        largest = max(map(abs, usual_value))  # 1 for directions
        return all(abs(a - b) < _CLOSE * largest for a, b in zip(value, usual_value, strict=True))
    return bool(value == usual_value)


def of_several_volumes(slices: Sequence[Slice]) -> list[Disagreement]:
    """Return the slices that belong to other volumes than most do: of another echo, time, segment.

    Segments are numbered within their instance: the same number in another is another segment.
    """
    disagreements = [
        disagreement
        for trait, values in differing([slice_.traits for slice_ in slices])
        if trait.parts
        for disagreement in _unusual(trait.name, slices, values)
    ]
    if not disagreements and any(slice_.is_segment for slice_ in slices):
        return _unusual("SOP Instance UID", slices, [slice_.sop_instance_uid for slice_ in slices])
    return disagreements


def _unusual(name: str, slices: Sequence[Slice], values: Sequence[Any]) -> list[Disagreement]:
    usual_value = Counter(values).most_common(1)[0][0]
    return [
        Disagreement(slice_, name, value, usual_value)
        for slice_, value in zip(slices, values, strict=True)
        if value != usual_value
    ]


def coinciding(stack: Sequence[Slice], normal: Values) -> list[Disagreement]:
    """Return the slices that lie at the same place along the normal as the one before.

    What all such pairs differ in is named: it is what makes several volumes of them.
    """
    pairs = _coinciding_pairs(stack, normal)
    if causes := _in_all(pairs):
        return [
            disagreement
            for trait, values in differing([slice_.traits for slice_ in stack])
            if trait in causes
            for disagreement in _unusual(trait.name, stack, values)
        ]
    return [
        Disagreement(
            slice_,
            "Image Position (Patient)",
            slice_.plane.position,
            f"another place than that of {predecessor.sop_instance_uid}, frame {predecessor.frame_number}",
        )
        for predecessor, slice_ in pairs
    ]


def _coinciding_pairs(stack: Sequence[Slice], normal: Values) -> list[tuple[Slice, Slice]]:
    steps = np.diff(np.array([slice_.plane.position for slice_ in stack]) @ normal)
    if not len(steps):
        return []
    same_place = max(_SMALLEST_STEP, min(_SAME_PLACE, 0.01 * steps.max()))
    return [(stack[index], stack[index + 1]) for index in np.flatnonzero(steps < same_place).tolist()]


def causes_of(stack: Sequence[Slice], normal: Values) -> list[Trait]:
    """Return the traits in which all slices of a stack that lie in the same place differ."""
    causes = _in_all(_coinciding_pairs(stack, normal))
    return [trait for trait in TRAITS if trait in causes]


def _in_all(pairs: Sequence[tuple[Slice, Slice]]) -> set[Trait]:
    """Return the traits in which both slices of every pair differ."""
    of_pairs = [{trait for trait, _ in differing([a.traits, b.traits])} for a, b in pairs]
    return set.intersection(*of_pairs) if of_pairs else set()


def out_of_step(stack: Sequence[Slice], tolerance: float | None = None) -> list[Disagreement]:
    """Return the slices that keep a stack from being a lattice, from which each may lie some mm away."""
    positions = np.array([slice_.plane.position for slice_ in stack])
    return [
        Disagreement(
            stack[index], "Image Position (Patient)", stack[index].plane.position, tuple(expected.tolist())
        )
        for index, expected in outliers(positions, tolerance)
    ]
