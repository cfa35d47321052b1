"""Slices → a volume in patient order, and the affine that says where each voxel lies.

The slices must form a lattice, which `regularity` checks. The step from slice to slice need not be along the
normal: a tilted gantry makes a sheared lattice, and the affine describes it as it is. Nothing is resampled.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from service.errors import IrregularVolume, shorten
from service.pixels.arrays import Values
from service.pixels.numbers.geometry.regularity import (
    Disagreement,
    coinciding,
    incomplete,
    of_several_volumes,
    out_of_step,
    unlike,
    without_place,
)
from service.pixels.numbers.geometry.slices import Slice
from service.pixels.numbers.geometry.traits import TRAITS

_TRAIT_NAMES = frozenset(trait.name for trait in TRAITS)
_MAX_VALUES = 8  # of an attribute, in a message
_MAX_TOLD = 1000  # disagreements that are told one by one
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


UNITS = {
    "TemporalPositionTimeOffset": "s",
    "TriggerTime": "ms",
    "NominalCardiacTriggerDelayTime": "ms",
    "FrameReferenceTime": "ms",
    "EchoTime": "ms",
    "EffectiveEchoTime": "ms",
    "InversionTime": "ms",
    "InversionTimes": "ms",
    "RepetitionTime": "ms",
    "FlipAngle": "degrees",
    "NominalPercentageOfCardiacPhase": "%",
    "DiffusionBValue": "s/mm2",
}
"""Of the attributes that volumes are put along, PS3.3."""


@dataclass(frozen=True, slots=True)
class Along:
    """The fourth axis.

    Attributes:
        names: keywords of attributes.
        values: of each volume, for each of these attributes its values.
    """

    names: tuple[str, ...]
    values: tuple[tuple[tuple[Any, ...], ...], ...]

    def as_json(self) -> dict[str, Any]:
        """Return the axis as a client is told it."""
        return {
            "attributes": list(self.names),
            "units": [UNITS.get(name) for name in self.names],
            "values": [[_single(found) for found in key] for key in self.values],
        }

    def step_seconds(self) -> float | None:
        """Return how far apart volumes are in time; None if they are not, or not evenly."""
        scale = {"s": 1, "ms": 1000}.get(UNITS.get(self.names[0], ""))
        values = [key[0][0] for key in self.values if key[0]]
        if scale is None or len(self.names) > 1 or len(values) != len(self.values) or len(values) < 2:
            return None
        steps = np.diff(np.array(values, float)) / scale
        return float(steps.mean()) if np.ptp(steps) < 0.01 * steps.mean() else None


def _single(found: tuple[Any, ...]) -> Any:
    return None if not found else found[0] if len(found) == 1 else list(found)


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """Slices in patient order: ascending along their normal, the cross product of row and column direction.

    Attributes:
        slices: at least one.
        affine: float64, shape (4, 4): (column, row, slice, 1), counted from 0 → the voxel's
            center (x, y, z, 1) in mm; x grows to the patient's right, y to the front, z to the head (RAS).
        size: rows and columns, where they are not those of the slices.
        along: the fourth axis of several volumes, whose slices follow each other.
        is_regular: the affine says where every voxel lies; else only its slices do, and it is a mean.
    """

    slices: tuple[Slice, ...]
    affine: Values
    size: tuple[int, int] | None = None
    along: Along | None = None
    is_regular: bool = True

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of slices, rows and columns; before them that of volumes, where there is a fourth axis."""
        plane = self.slices[0].plane
        size = self.size or (plane.rows, plane.columns)
        if self.along is None:
            return len(self.slices), *size
        number = len(self.along.values)
        return number, len(self.slices) // number, *size

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance between neighbouring voxels in mm, in the order of `shape`."""
        column, row, slice_ = np.linalg.norm(self.affine[:3, :3], axis=0).tolist()
        return slice_, row, column

    def part(self, first: int, last: int) -> "Volume":
        """Return some slices, of each volume along a fourth axis: from the first index to before the last."""
        shift = np.eye(4)
        shift[2, 3] = first
        length = self.shape[-3]
        starts = range(0, len(self.slices), length)
        slices = tuple(slice_ for start in starts for slice_ in self.slices[start + first : start + last])
        return replace(self, slices=slices, affine=self.affine @ shift)


@dataclass(frozen=True, slots=True)
class Strictness:
    """How far slices may be from a lattice.

    Attributes:
        tolerance: mm; None for 5 % of a step, and the rounding of positions.
        is_irregular: they may lie anywhere along the normal, also where others do.
    """

    tolerance: float | None = None
    is_irregular: bool = False


STRICT = Strictness()


def volume_of(slices: Sequence[Slice], strictness: Strictness = STRICT) -> Volume:
    """Return the volume that these slices make, given in any order.

    Args:
        slices: at least one.
        strictness: how far they may be from a lattice.

    Raises:
        IrregularVolume: some do not fit the others, or do not say where they lie; it names them.

    Standard: PS3.3 C.7.6.2.1.1.
    """
    refuse(without_place(slices), len(slices))
    refuse(incomplete(slices), len(slices))
    refuse(unlike(slices), len(slices))
    refuse(of_several_volumes(slices), len(slices))
    stack, normal = stacked(slices)
    is_regular = True
    if strictness.is_irregular:
        is_regular = not coinciding(stack, normal) and not out_of_step(stack, strictness.tolerance)
    else:
        refuse(coinciding(stack, normal), len(slices))
        refuse(out_of_step(stack, strictness.tolerance), len(slices))
    return Volume(tuple(stack), _LPS_TO_RAS @ _affine(stack, normal), is_regular=is_regular)


def stacked(slices: Sequence[Slice]) -> tuple[list[Slice], Values]:
    """Return slices that have a place in the order of it, and the normal along which it ascends."""
    orientation = np.array(slices[0].plane.orientation)
    normal = np.cross(orientation[:3], orientation[3:])
    return sorted(slices, key=lambda slice_: float(normal @ slice_.plane.position)), normal


def refuse(disagreements: Sequence[Disagreement], number_of_slices: int) -> None:
    """Raise IrregularVolume if there are any disagreements among so many slices."""
    if not disagreements:
        return
    slices = (disagreement.slice for disagreement in disagreements)
    frames = {(slice_.sop_instance_uid, slice_.frame_number) for slice_ in slices}
    names = ", ".join(_with_values(name, disagreements) for name in _names(disagreements))
    raise IrregularVolume(
        f"{len(frames)} of {number_of_slices} slices do not fit into one volume: {names}",
        [disagreement.as_json() for disagreement in disagreements[:_MAX_TOLD]],
    )


def _names(disagreements: Sequence[Disagreement]) -> list[str]:
    return list(dict.fromkeys(disagreement.attribute for disagreement in disagreements))


def _with_values(name: str, disagreements: Sequence[Disagreement]) -> str:
    """Return the name of an attribute; of one that makes several volumes, with the first of its values."""
    if name not in _TRAIT_NAMES:
        return name
    values = dict.fromkeys(
        str(value)
        for disagreement in disagreements
        if disagreement.attribute == name
        for value in (disagreement.expected, disagreement.found)
    )
    ending = ", …" if len(values) > _MAX_VALUES else ""
    return f"{name} ({', '.join(shorten(value) for value in list(values)[:_MAX_VALUES])}{ending})"


def _affine(slices: Sequence[Slice], normal: Values) -> Values:
    """Return (column, row, slice, 1) → (x, y, z, 1) in DICOM's LPS coordinates."""
    first, last = slices[0].plane, slices[-1].plane
    along_row, along_column = np.split(np.array(first.orientation), 2)
    step = normal * first.distance
    if len(slices) > 1 and first.position != last.position:
        step = np.subtract(last.position, first.position) / (len(slices) - 1)
    affine = np.eye(4)
    affine[:3, 0] = along_row * first.spacing[1]
    affine[:3, 1] = along_column * first.spacing[0]
    affine[:3, 2] = step
    affine[:3, 3] = first.position
    return affine
