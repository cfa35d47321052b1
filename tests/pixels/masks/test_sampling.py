"""Sampling, compared with the same done point by point."""

import numpy as np
import pytest

from service.pixels.arrays import Values
from service.pixels.masks.sampling import coordinates, nearest, trilinear

SOURCE = np.random.default_rng(1).random((4, 5, 6))
SHAPE = (7, 8)
ALIGNED = np.array([[0.7, 0, 0, -0.3], [0, 0.9, 0, 0.2], [0, 0, 0.5, -0.4], [0, 0, 0, 1]])
OBLIQUE = np.array(
    [[0.51, 0.23, 0.11, 0.41], [-0.29, 0.61, 0.19, 1.13], [0.13, -0.09, 0.43, 0.31], [0, 0, 0, 1]]
)


@pytest.mark.parametrize("matrix", [ALIGNED, OBLIQUE], ids=["aligned", "oblique"])
@pytest.mark.parametrize("index", [0, 3, 8])
def test_each_voxel_is_found_by_its_center(matrix: Values, index: int) -> None:
    places = coordinates(matrix, SHAPE, index)

    near, between = nearest(SOURCE, places, SHAPE), trilinear(SOURCE, places, SHAPE)

    for row in range(SHAPE[0]):
        for column in range(SHAPE[1]):
            point = (matrix @ [column, row, index, 1])[2::-1]
            assert near[row, column] == _nearest(point)
            assert between[row, column] == pytest.approx(_between(point))


def _nearest(point: Values) -> float:
    whole = np.floor(point + 0.5).astype(int)
    inside = (whole >= 0).all() and (whole < SOURCE.shape).all()
    return float(SOURCE[tuple(whole)]) if inside else 0.0


def _between(point: Values) -> float:
    if (point < 0).any() or (point > np.array(SOURCE.shape) - 1).any():
        return 0.0
    total = 0.0
    for corner in np.ndindex(*SOURCE.shape):
        total += float(SOURCE[corner] * np.prod(np.clip(1 - np.abs(np.array(corner) - point), 0, None)))
    return total
