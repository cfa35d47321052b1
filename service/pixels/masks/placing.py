"""Where frames of a mask lie on a grid: whole voxels apart, perhaps mirrored or turned, or not on it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.pixels.arrays import Values
from service.pixels.numbers.plane import Plane
from service.pixels.numbers.volume import Volume

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


def to_voxels(grid: Volume) -> Values:
    """Return (x, y, z, 1) in mm in the patient's LPS coordinates → (column, row, slice, 1), shape (4, 4)."""
    return np.asarray(np.linalg.inv(_LPS_TO_RAS @ grid.affine))


def placed_on(grid: Volume, planes: Sequence[Plane], tolerance: float | None = None) -> Fit | None:
    """Return how frames lie on a grid, and the number of the slice of each, which may be outside.

    Args:
        grid: of three axes.
        planes: of frames of one matrix, orientation and spacing.
        tolerance: mm that a frame may lie beside a slice; None for a tenth of a step.

    Returns:
        None if they do not lie on it: they have other voxels, or are whole numbers of voxels apart nowhere.
    """
    to_grid = to_voxels(grid)
    first = planes[0]
    along_row, along_column = np.split(np.array(first.orientation), 2)
    steps = np.stack([along_row * first.spacing[1], along_column * first.spacing[0]], axis=1)
    axes = to_grid[:3, :3] @ steps
    whole = np.rint(axes)
    lengths = np.array([first.columns - 1, first.rows - 1])
    drift = np.abs(axes - whole) @ lengths
    is_parallel = not whole[2].any() and sorted(map(tuple, np.abs(whole[:2]).tolist())) == [(0, 1), (1, 0)]
    origins = np.array([plane.position for plane in planes]) @ to_grid[:3, :3].T + to_grid[:3, 3]
    near = np.rint(origins)
    beside = np.abs(origins - near) + drift
    step = grid.spacing[0]
    allowed = np.array([_TOLERANCE, _TOLERANCE, _TOLERANCE if tolerance is None else tolerance / step])
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


def contour_on(
    grid: Volume, to_grid: Values, points: Values, tolerance: float | None = None
) -> tuple[int, Values] | None:
    """Return the number of the slice that a contour is in, which may be outside, and its corners there.

    Args:
        grid: of three axes.
        to_grid: what `to_voxels` returns for it.
        points: in mm in the patient's LPS coordinates, shape (points, 3).
        tolerance: mm that it may lie beside the slice; None for a tenth of a step.

    Returns:
        Corners as columns and rows, counted from centers, shape (points, 2); None if it is in no slice.
    """
    places = points @ to_grid[:3, :3].T + to_grid[:3, 3]
    index = int(np.rint(places[:, 2].mean()))
    allowed = _TOLERANCE if tolerance is None else tolerance / grid.spacing[0]
    return None if (np.abs(places[:, 2] - index) > allowed).any() else (index, places[:, :2])
