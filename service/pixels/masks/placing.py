"""Where frames of a mask lie on a grid: whole voxels apart, perhaps mirrored or turned, or not on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from service.pixels.arrays import Values
from service.pixels.numbers.geometry.plane import Plane
from service.pixels.numbers.geometry.volume import Volume

_TOLERANCE = 0.1  # of a voxel
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True)
class Placement:
    """How an image of a mask becomes a part of a slice of the grid: turned, mirrored, then moved.

    Attributes:
        is_turned: its rows are columns of the grid.
        is_mirrored: its (then) rows, its columns run the other way.
        offset: row and column of the grid where the first of it lies then.
        size: rows and columns of the grid.
    """

    is_turned: bool
    is_mirrored: tuple[bool, bool]
    offset: tuple[int, int]
    size: tuple[int, int]

    def is_whole(self, shape: Sequence[int]) -> bool:
        """Tell whether an image of this shape is a slice of the grid as it is."""
        return self == Placement(False, (False, False), (0, 0), (shape[0], shape[1]))

    def placed(self, image: Values) -> Values:
        """Return the slice of the grid; 0 where the image is not."""
        if self.is_whole(image.shape):
            return image
        turned = image.T if self.is_turned else image
        down, across = (-1 if is_mirrored else 1 for is_mirrored in self.is_mirrored)
        turned = turned[::down, ::across]
        slice_ = np.zeros(self.size, image.dtype)
        (top, left), (rows, columns) = self.offset, turned.shape
        inside = slice_[max(top, 0) : max(top + rows, 0), max(left, 0) : max(left + columns, 0)]
        first_row, first_column = max(-top, 0), max(-left, 0)
        inside[...] = turned[
            first_row : first_row + inside.shape[0], first_column : first_column + inside.shape[1]
        ]
        return slice_

    def is_inside(self, rows: int, columns: int) -> bool:
        """Tell whether all of an image lies on the slice."""
        if self.is_turned:
            rows, columns = columns, rows
        (top, left), (height, width) = self.offset, self.size
        return 0 <= top <= top + rows <= height and 0 <= left <= left + columns <= width


Fit = tuple[Placement, list[int]]
"""How frames lie on the slices of a grid, and the number of the slice of each, which may be outside."""


class Places(NamedTuple):
    """Where the voxels of a grid are: its slices themselves, which may be a little beside its lattice.

    Attributes:
        to_lattice: (x, y, z, 1) in mm in the patient's LPS coordinates → (column, row, slice, 1).
        origins: of the slices, in mm, shape (slices, 3).
    """

    to_lattice: Values
    origins: Values

    def slice_numbers(self, points: Values) -> Values:
        """Return the numbers of the slices that points are nearest to, which may be outside the grid."""
        along: Values = points @ self.to_lattice[2, :3] + self.to_lattice[2, 3]
        return np.rint(along).astype(int)

    def voxels(self, points: Values, numbers: Values) -> Values:
        """Return column, row and slice of points, as counted from slices of these numbers."""
        bases = np.minimum(np.maximum(numbers, 0), len(self.origins) - 1)
        voxels: Values = (points - self.origins[bases]) @ self.to_lattice[:3, :3].T
        voxels[:, 2] += bases
        return voxels


def places_of(grid: Volume) -> Places:
    """Return where the voxels of a grid of three axes are."""
    origins = np.array([slice_.plane.position for slice_ in grid.slices])
    return Places(np.linalg.inv(_LPS_TO_RAS @ grid.affine), origins)


def placed_on(grid: Volume, planes: Sequence[Plane], tolerance: float | None = None) -> Fit | None:
    """Return how frames lie on a grid, and the number of the slice of each, which may be outside.

    Args:
        grid: of three axes.
        planes: of frames of one matrix, orientation and spacing.
        tolerance: mm that a frame may lie beside a slice; None for a tenth of a step.

    Returns:
        None if they do not lie on it: they have other voxels, or are whole numbers of voxels apart nowhere.
    """
    places = places_of(grid)
    first = planes[0]
    along_row, along_column = np.split(np.array(first.orientation), 2)
    steps = np.stack([along_row * first.spacing[1], along_column * first.spacing[0]], axis=1)
    axes = places.to_lattice[:3, :3] @ steps
    whole = np.rint(axes)
    lengths = np.array([first.columns - 1, first.rows - 1])
    drift = np.abs(axes - whole) @ lengths
    is_parallel = not whole[2].any() and sorted(map(tuple, np.abs(whole[:2]).tolist())) == [(0, 1), (1, 0)]
    positions = np.array([plane.position for plane in planes])
    origins = places.voxels(positions, places.slice_numbers(positions))
    near = np.rint(origins)
    beside = np.abs(origins - near) + drift
    allowed = np.array([_TOLERANCE, _TOLERANCE, steps_of(grid, tolerance)])
    if not is_parallel or (beside > allowed).any() or (near[:, :2] != near[0, :2]).any():
        return None
    far = near[0, :2] + whole[:2] @ lengths
    left, top = np.minimum(near[0, :2], far).astype(int).tolist()
    placement = Placement(
        is_turned=bool(whole[0, 0] == 0),
        is_mirrored=(bool(whole[1].sum() < 0), bool(whole[0].sum() < 0)),
        offset=(top, left),
        size=(grid.shape[-2], grid.shape[-1]),
    )
    return placement, near[:, 2].astype(int).tolist()


def contour_on(places: Places, points: Values, tolerance: float) -> tuple[int, Values] | None:
    """Return the number of the slice that a contour is in, which may be outside, and its corners there.

    Args:
        places: of the grid.
        points: in mm in the patient's LPS coordinates, shape (points, 3).
        tolerance: steps that it may lie beside the slice.

    Returns:
        Corners as columns and rows, counted from centers, shape (points, 2); None if it is in no slice.
    """
    number = places.slice_numbers(points.mean(axis=0, keepdims=True))
    voxels = places.voxels(points, number)
    index = number.item()
    return None if (np.abs(voxels[:, 2] - index) > tolerance).any() else (index, voxels[:, :2])


def steps_of(grid: Volume, tolerance: float | None) -> float:
    """Return how many steps something may lie beside a slice: so many mm, or a tenth of a step."""
    return _TOLERANCE if tolerance is None else tolerance / grid.spacing[0]
