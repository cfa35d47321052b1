"""Polygons, compared with looking at every pixel by itself."""

import numpy as np
import pytest

from service.pixels.arrays import Values
from service.pixels.masks.polygons import ON_EDGE, partly_shared, within
from tests.structure_sets import Polygon, distances, inside

SHAPE = (12, 14)
SQUARE = [(2, 3), (8, 3), (8, 9), (2, 9)]
KEYHOLE = [(1, 1), (10, 1), (10, 10), (1, 10), (1, 5), (4, 5), (4, 7), (7, 7), (7, 4), (4, 4), (4, 5), (1, 5)]


def _filled(*polygons: Polygon, with_edges: bool = True) -> Values:
    top, left, patch = within([np.array(each, float) for each in polygons], SHAPE, with_edges=with_edges)
    image = np.zeros(SHAPE, bool)
    image[top : top + patch.shape[0], left : left + patch.shape[1]] = patch
    return image


@pytest.mark.parametrize(
    "polygons",
    [
        pytest.param([SQUARE], id="a square through centers"),
        pytest.param([[(2.5, 3.5), (8.5, 3.5), (8.5, 9.5), (2.5, 9.5)]], id="a square between centers"),
        pytest.param([[(0, 0), (11, 5.5), (0, 11)]], id="a triangle whose edges meet centers"),
        pytest.param([[(1, 1), (9, 9), (9, 1), (1, 9)]], id="crossing itself"),
        pytest.param([KEYHOLE], id="a keyhole"),
        pytest.param([SQUARE, [(4, 5), (6, 5), (6, 7), (4, 7)]], id="a hole"),
        pytest.param([[(-5, -5), (30, 2), (6, 30)]], id="beyond the image"),
        pytest.param([[(20, 20), (30, 20), (30, 30)]], id="outside of it"),
        pytest.param([[(2, 3), (8, 3)]], id="a line"),
    ],
)
def test_pixels_are_inside_by_their_centers(polygons: list[Polygon]) -> None:
    np.testing.assert_array_equal(_filled(*polygons), inside(polygons, SHAPE))


def test_any_polygon_is_filled_as_pixel_by_pixel() -> None:
    random = np.random.default_rng(7)
    for _ in range(15):
        polygon = [tuple(corner) for corner in random.uniform(-3, 16, (random.integers(3, 9), 2)).tolist()]
        is_clear = distances([polygon], SHAPE) > 2 * ON_EDGE
        np.testing.assert_array_equal(_filled(polygon)[is_clear], inside([polygon], SHAPE)[is_clear])


def test_corners_written_with_two_digits_are_still_on_their_pixels() -> None:
    rounded = [(x + 0.004, y - 0.004) for x, y in SQUARE]

    np.testing.assert_array_equal(_filled(rounded), _filled(SQUARE))


@pytest.mark.parametrize(
    ("other", "is_unclear"),
    [
        pytest.param([(4, 5), (6, 5), (6, 7), (4, 7)], False, id="within"),
        pytest.param([(8, 3), (11, 3), (11, 9), (8, 9)], False, id="side by side"),
        pytest.param([(6, 5), (11, 5), (11, 7), (6, 7)], True, id="partly"),
        pytest.param([*SQUARE[2:], *SQUARE[:2]], True, id="the same again"),
    ],
)
def test_polygons_that_share_a_part_are_unclear(other: Polygon, is_unclear: bool) -> None:
    assert partly_shared([np.array(SQUARE, float), np.array(other, float)], SHAPE) == is_unclear
