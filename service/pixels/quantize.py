"""A colour picture in 256 colours, by median cut: the box of colours that spreads widest is halved again.

Colours are gathered in cells of 4 × 4 × 4 levels first, so that the work does not grow with the picture.
"""

import numpy as np

from service.pixels.arrays import Levels, Values

COLOURS = 256
_BITS = 6  # of each sample that tell colours apart
_DROPPED = 8 - _BITS


def quantized(pixels: Levels) -> tuple[Levels, Levels]:
    """Return the picture as indices into a table of colours.

    Args:
        pixels: shape (height, width, 3).

    Returns:
        Indices of shape (height, width), and the table of shape (256, 3). A picture that has no two
        colours in one cell and at most 256 of them is kept exactly.
    """
    cells = _cells(pixels)
    count = np.bincount(cells.ravel(), minlength=1 << 3 * _BITS)
    used = np.flatnonzero(count)
    sums = [np.bincount(cells.ravel(), pixels[..., sample].ravel(), len(count))[used] for sample in range(3)]
    weights = count[used]
    colours = np.stack(sums, axis=1) / weights[:, np.newaxis]
    table = np.zeros((COLOURS, 3), np.uint8)
    index_of_cell = np.zeros(len(count), np.uint8)
    for index, box in enumerate(_boxes(colours, weights)):
        table[index] = np.rint(np.average(colours[box], axis=0, weights=weights[box]))
        index_of_cell[used[box]] = index
    return index_of_cell[cells], table


def _cells(pixels: Levels) -> Values:
    red, green, blue = np.moveaxis(pixels >> _DROPPED, -1, 0).astype(np.int32)
    return np.asarray(red << 2 * _BITS | green << _BITS | blue)


def _boxes(colours: Values, weights: Values) -> list[Values]:
    """Return up to 256 groups of colours, as indices into them."""
    boxes = [np.arange(len(colours))]
    spread = [_spread(colours, weights, boxes[0])]
    while len(boxes) < COLOURS and max(spread) > 0:
        widest = spread.index(max(spread))
        for half in _halves(colours, weights, boxes.pop(widest)):
            boxes.append(half)
            spread.append(_spread(colours, weights, half))
        del spread[widest]
    return boxes


def _spread(colours: Values, weights: Values, box: Values) -> float:
    """Return how much is lost by making the box one colour: its extent, weighed by its pixels."""
    return float(np.ptp(colours[box], axis=0).max() * weights[box].sum() ** 0.5)


def _halves(colours: Values, weights: Values, box: Values) -> tuple[Values, Values]:
    """Cut a box of two colours or more across its longest side, where half of its pixels lie on each side."""
    along = int(np.ptp(colours[box], axis=0).argmax())
    ordered = box[np.argsort(colours[box, along], kind="stable")]
    passed = weights[ordered].cumsum()
    cut = int(np.searchsorted(passed, passed[-1] / 2)) + 1
    cut = min(cut, len(ordered) - 1)
    return ordered[:cut], ordered[cut:]
