"""A volume on another grid: at the center of each voxel there, the nearest value, or a line between eight."""

from typing import Any

import numpy as np

from service.pixels.arrays import Values

_ROUNDING = 1e-6  # of a voxel

Coordinates = tuple[Values, Values, Values]
"""Column, row and slice of the source for the voxels of a slice; each of a shape that broadcasts to it."""


def coordinates(matrix: Values, shape: tuple[int, int], index: int) -> Coordinates:
    """Return where the voxels of a slice lie in a source.

    Args:
        matrix: shape (4, 4): (column, row, slice, 1) of the grid → those of the source.
        shape: rows and columns of the slice.
        index: of the slice on the grid.
    """
    rows, columns = np.arange(shape[0])[:, np.newaxis], np.arange(shape[1])[np.newaxis, :]

    def along(axis: int) -> Values:
        across, down, deep, start = matrix[axis].tolist()
        place = np.full((1, 1), start + deep * index)
        if abs(across) * shape[1] > _ROUNDING:
            place = place + across * columns
        if abs(down) * shape[0] > _ROUNDING:
            place = place + down * rows
        return place

    return along(0), along(1), along(2)


def nearest(source: Values, places: Coordinates, shape: tuple[int, int]) -> Values:
    """Return a slice of the source's nearest values, of two as near the later; 0 outside its voxels.

    Args:
        source: shape (slices, rows, columns).
        places: of the slice's voxels.
        shape: rows and columns of the slice.
    """
    indices = [np.floor(place + 0.5 + _ROUNDING).astype(np.intp) for place in places]
    inside = np.ones((1, 1), bool)
    clipped = []
    for index, length in zip(indices, source.shape[::-1], strict=True):
        inside = inside & (index >= 0) & (index < length)
        clipped.append(np.clip(index, 0, length - 1))
    columns, rows, slices = clipped
    if not inside.any():
        return np.zeros(shape, source.dtype)
    return np.ascontiguousarray(np.where(inside, source[slices, rows, columns], source.dtype.type(0)))


def trilinear(source: Values, places: Coordinates, shape: tuple[int, int]) -> Values:
    """Return a slice of values between those of the source; 0 beyond the centers of its outermost voxels.

    Args:
        source: floating point, shape (slices, rows, columns).
        places: of the slice's voxels.
        shape: rows and columns of the slice.
    """
    inside = np.ones((1, 1), bool)
    lows, highs, parts = [], [], []
    for place, length in zip(places, source.shape[::-1], strict=True):
        inside = inside & (place > -_ROUNDING) & (place < length - 1 + _ROUNDING)
        low = np.clip(np.floor(place), 0, max(0, length - 2))
        parts.append(np.clip(place - low, 0, 1))
        lows.append(low.astype(np.intp))
        highs.append(np.minimum(low.astype(np.intp) + 1, length - 1))
    if not inside.any():
        return np.zeros(shape, source.dtype)
    blended = _between(source, lows, highs, parts)
    return np.ascontiguousarray(np.where(inside, blended, 0).astype(source.dtype))


def _between(source: Values, lows: list[Any], highs: list[Any], parts: list[Values]) -> Values:
    (left, up, near), (right, down, far), (across, along, deep) = lows, highs, parts
    if near.size == 1 and up.shape[1] == 1 and left.shape[0] == 1:  # axes as those of the source
        image = source[near.item()] * (1 - deep.item()) + source[far.item()] * deep.item()
        image = image[up[:, 0]] * (1 - along) + image[down[:, 0]] * along
        return np.asarray(image[:, left[0]] * (1 - across) + image[:, right[0]] * across)
    total: Values = np.zeros(1)
    for columns, of_column in ((left, 1 - across), (right, across)):
        for rows, of_row in ((up, 1 - along), (down, along)):
            for slices, of_slice in ((near, 1 - deep), (far, deep)):
                total = total + source[slices, rows, columns] * (of_column * of_row * of_slice)
    return total
