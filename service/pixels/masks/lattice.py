"""The grid of a mask's own frames: those that are there, and the empty places between them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from service.errors import IrregularVolume
from service.pixels.arrays import Values
from service.pixels.numbers.geometry.plane import Plane
from service.pixels.numbers.geometry.regularity import incomplete, unlike
from service.pixels.numbers.geometry.slices import Slice
from service.pixels.numbers.geometry.volume import Volume, refuse

_SAME_PLACE = 1e-3  # mm
_TOLERANCE = 0.1  # of a step
_MAX_SLICES = 2**14
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def checked(slices: Sequence[Slice]) -> None:
    """Make sure that frames say where they lie, and have one matrix, direction and spacing.

    Raises:
        IrregularVolume: some do not.
    """
    refuse(incomplete(slices), len(slices))
    refuse(unlike(slices), len(slices))


def in_gray(plane: Plane) -> Plane:
    """Return a plane of values that are numbers of segments, whatever colours a palette gives them."""
    return replace(plane, photometric_interpretation="MONOCHROME2")


def volume_of_frames(slices: Sequence[Slice], stated_step: float | None) -> Volume:
    """Return the volume of frames of one or several segments, with a slice for each empty place between them.

    Args:
        slices: of frames that `checked` accepts; several may lie in one place.
        stated_step: Spacing Between Slices, which is believed as far as it fits.

    Raises:
        IrregularVolume: their places are on no lattice.
    """
    first = slices[0].plane
    along_row, along_column = np.split(np.array(first.orientation), 2)
    normal = np.cross(along_row, along_column)
    by_place = {
        round(float(normal @ slice_.plane.position) / _SAME_PLACE): slice_ for slice_ in reversed(slices)
    }
    ordered = [by_place[place] for place in sorted(by_place)]
    positions = np.array([slice_.plane.position for slice_ in ordered])
    indices, origin, step = _fitted(positions, normal, stated_step, first.distance)
    affine = np.eye(4)
    affine[:3, 0] = along_row * first.spacing[1]
    affine[:3, 1] = along_column * first.spacing[0]
    affine[:3, 2], affine[:3, 3] = step, origin
    there = dict(zip(indices, ordered, strict=True))
    if indices[-1] >= _MAX_SLICES:
        raise IrregularVolume(
            f"{indices[-1] + 1} places between the first frame and the last: expected fewer"
        )
    stack = tuple(
        there.get(index) or _empty(first, origin + index * step) for index in range(indices[-1] + 1)
    )
    return Volume(stack, _LPS_TO_RAS @ affine)


def _empty(first: Plane, position: Values) -> Slice:
    return Slice("", None, 0, replace(first, position=tuple(position.round(6).tolist())))


def _fitted(
    positions: Values, normal: Values, stated_step: float | None, distance: float
) -> tuple[list[int], Values, Values]:
    """Return the numbers of places from the first, and the origin and step of their lattice."""
    if len(positions) == 1:
        return [0], positions[0], normal * (stated_step or distance)
    heights = (positions - positions[0]) @ normal
    for length in filter(None, (stated_step, float(np.diff(heights).min()))):
        counts = np.rint(heights / length)
        if (np.diff(counts) < 1).any():
            continue
        design = np.stack([np.ones(len(counts)), counts], axis=1)
        (origin, step), *_ = np.linalg.lstsq(design, positions, rcond=None)
        beside = np.linalg.norm(positions - design @ np.array([origin, step]), axis=1)
        if beside.max() <= _TOLERANCE * length and abs(step @ normal - length) <= _TOLERANCE * length:
            return counts.astype(int).tolist(), origin, step
    raise IrregularVolume(
        f"frames in {len(positions)} places with steps from {np.diff(heights).min():.4g} to "
        f"{np.diff(heights).max():.4g} mm: expected multiples of one step"
    )
