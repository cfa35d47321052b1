"""Colour frames: to red, green and blue of 8 bits each. Standard: PS3.3 C.7.6.3.1.2."""

import numpy as np

from service.errors import NotRenderable
from service.pixels.arrays import Levels, Values, in_strips
from service.pixels.description import ImageDescription

# Red, green and blue of luminance, blue and red chrominance; ITU-R BT.601.
_TO_RGB = np.array([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]], np.float32)

# Luminance from 16 to 235 and chrominance from 16 to 240, instead of 0 to 255.
_PARTIAL_BLACK = 16
_PARTIAL_SCALES = np.array([255 / 219, 255 / 224, 255 / 224], np.float32)

_CONVERTED_ROWS = 256  # made at a time, so that the memory in between follows the strip and not the picture


def rgb_levels(stored: Values, description: ImageDescription) -> Levels:
    """Return the displayed values of an RGB frame.

    Args:
        stored: stored values, any shape.
        description: of this frame; the largest value of Bits Stored becomes 255.

    Returns:
        Same shape, 0 ... 255.
    """
    if description.bits_stored == 8:
        return stored.astype(np.uint8, copy=False)
    _, highest = description.stored_range
    return in_strips(stored, lambda strip: np.rint(strip * (255 / highest)).astype(np.uint8))


def ybr_full_levels(stored: Values, description: ImageDescription) -> Levels:
    """Return the displayed values of a YBR_FULL frame, shape (rows, columns, 3)."""
    return _from_ybr(stored, description, 0, np.ones(3, np.float32))


def ybr_partial_levels(stored: Values, description: ImageDescription) -> Levels:
    """Return the displayed values of a YBR_PARTIAL_422 frame, shape (rows, columns, 3)."""
    return _from_ybr(stored, description, _PARTIAL_BLACK, _PARTIAL_SCALES)


def palette_levels(stored: Values, description: ImageDescription) -> Levels:
    """Return the displayed values, shape (rows, columns, 3), of a PALETTE COLOR frame of (rows, columns).

    Raises:
        NotRenderable: the file has no palette.
    """
    if description.palette is None:
        raise NotRenderable("no palette: expected tables of red, green and blue")
    return description.palette.levels(stored)


def _from_ybr(stored: Values, description: ImageDescription, black: int, scales: Values) -> Levels:
    unit = np.float32(2.0 ** (8 - description.bits_stored))
    zero = np.array([black, 128, 128], np.float32)
    matrix = (_TO_RGB * scales).T
    levels = np.empty(stored.shape, np.uint8)
    for top in range(0, len(stored), _CONVERTED_ROWS):
        rows = slice(top, top + _CONVERTED_ROWS)
        rgb = (stored[rows] * unit - zero) @ matrix
        levels[rows] = np.rint(rgb).clip(0, 255)
    return levels
