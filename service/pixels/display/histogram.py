"""A histogram as a picture: bars over an axis of modality values, on a logarithmic scale of counts.

On a linear scale the air around the patient would be all there is to see.
"""

import math
from collections.abc import Iterator

import numpy as np

from service.pixels.arrays import Levels
from service.pixels.display.font import text_mask
from service.pixels.numbers.quantities.statistics import Statistics

WIDTH, HEIGHT = 960, 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 112, 912, 88, 492  # the sides of the plot
_DOT = 2  # pixels that a dot of the font takes
_TITLE = 28  # between lines
_TICK = 8
_GAP = 12
_WHITE, _GRID, _BAR, _BLACK = 255, 225, 110, 0
_TICK_STEPS = (1, 2, 5, 10)
_MAX_TICKS = 8


def histogram_picture(statistics: Statistics) -> Levels:
    """Return the histogram of these statistics, shape (HEIGHT, WIDTH), dark on white."""
    picture = np.full((HEIGHT, WIDTH), _WHITE, np.uint8)
    peak = max(statistics.counts)
    decades = max(1, math.ceil(math.log10(peak)))
    _draw_counts_axis(picture, decades)
    _draw_bars(picture, statistics, decades)
    _draw_values_axis(picture, statistics.edges[0], statistics.edges[-1])
    extent = f"{statistics.count} values from {statistics.minimum:.6g} to {statistics.maximum:.6g}"
    center = f"mean {statistics.mean:.6g}, standard deviation {statistics.standard_deviation:.6g}"
    _write(picture, extent, _LEFT, _TITLE, align=0)
    _write(picture, center, _LEFT, 2 * _TITLE, align=0)
    return picture


def _draw_bars(picture: Levels, statistics: Statistics, decades: int) -> None:
    """Draw a bar for each bin; a single value is as high as a tenth of a decade."""
    plot = picture[_TOP:_BOTTOM, _LEFT:_RIGHT]
    height, width = plot.shape
    bins = np.array(statistics.counts)[np.arange(width) * len(statistics.counts) // width]
    tops = np.where(bins > 0, np.log10(np.maximum(bins, 1.25)) / decades * height, 0)
    plot[np.arange(height, 0, -1)[:, None] <= tops] = _BAR


def _draw_counts_axis(picture: Levels, decades: int) -> None:
    for exponent in range(decades + 1):
        y = _BOTTOM - round((_BOTTOM - _TOP) * exponent / decades)
        picture[y, _LEFT:_RIGHT] = _GRID
        picture[y, _LEFT - _TICK : _LEFT] = _BLACK
        _write(picture, _short(10**exponent), _LEFT - _GAP, y, align=2)
    picture[_TOP : _BOTTOM + 1, _LEFT - 1] = _BLACK


def _draw_values_axis(picture: Levels, low: float, high: float) -> None:
    picture[_BOTTOM, _LEFT - 1 : _RIGHT + 1] = _BLACK
    for value in _ticks(low, high):
        x = _LEFT + round((value - low) / (high - low) * (_RIGHT - _LEFT - 1))
        picture[_BOTTOM : _BOTTOM + _TICK, x] = _BLACK
        _write(picture, f"{value:g}", x, _BOTTOM + _TICK + _GAP, align=1)


def _ticks(low: float, high: float) -> Iterator[float]:
    """Yield round numbers between two values: 1, 2 or 5 times a power of ten apart."""
    magnitude = 10.0 ** math.floor(math.log10((high - low) / _MAX_TICKS))
    step = next(
        factor * magnitude for factor in _TICK_STEPS if (high - low) / (factor * magnitude) <= _MAX_TICKS
    )
    for index in range(math.ceil(low / step), math.floor(high / step) + 1):
        yield index * step


def _short(number: int) -> str:
    for unit, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= unit:
            return f"{number // unit}{letter}"
    return str(number)


def _write(picture: Levels, line: str, x: int, y: int, *, align: int) -> None:
    """Write a line at the height of `y`: to the right of `x` (0), around it (1), or to its left (2)."""
    ink = np.kron(text_mask([line]), np.ones((_DOT, _DOT), bool))
    height, width = ink.shape
    left = min(max(x - align * width // 2, 0), WIDTH - 1)
    area = picture[max(y - height // 2, 0) :, left:][:height, :width]
    area[ink[: area.shape[0], : area.shape[1]]] = _BLACK
