import numpy as np
import pytest

from service.pixels.arrays import Levels, Values
from service.pixels.display.histogram import HEIGHT, WIDTH, histogram_picture
from service.pixels.numbers.quantities.statistics import Tally
from tests.pixels.images import described

BAR = 110


def _picture(values: Values) -> Levels:
    tally = Tally()
    tally.add(values, described(allocated=64, stored=None, signed=None))
    return histogram_picture(tally.statistics())


def _heights(picture: Levels) -> list[int]:
    """Return the height of the bar in each column, left to right, where there is one."""
    heights = (picture == BAR).sum(axis=0)
    return [int(height) for height in heights if height]


def test_more_of_a_value_makes_a_higher_bar() -> None:
    few, many = np.zeros(10), np.ones(10_000)

    heights = _heights(_picture(np.concatenate([few, many])))

    assert heights[-1] == pytest.approx(4 * heights[0], abs=4)


def test_the_axes_carry_numbers() -> None:
    picture = _picture(np.arange(1000.0))

    left_of_the_plot, below_it = picture[80:500, :90], picture[505:, 100:]
    assert (left_of_the_plot == 0).any()
    assert (below_it == 0).any()


@pytest.mark.parametrize("values", [[3.0], [5e-324], [1e20, 1e20 * (1 + 2e-16)], [-1e139, 1e139]])
def test_every_range_has_a_picture(values: list[float]) -> None:
    picture = _picture(np.array(values))

    assert picture.shape == (HEIGHT, WIDTH)
    assert _heights(picture)
