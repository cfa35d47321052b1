"""Colour frames: to red, green and blue of 8 bits each.

Only RGB so far. YBR and palettes belong here too, as further functions of the same shape.
"""

import numpy as np

from service.pixels.arrays import Levels, Values
from service.pixels.description import ImageDescription


def rgb_levels(stored: Values, description: ImageDescription) -> Levels:
    """Return the displayed values of an RGB frame.

    Args:
        stored: stored values, any shape.
        description: of this frame; the largest value of Bits Stored becomes 255.

    Returns:
        Same shape, 0 ... 255.

    Standard: PS3.3 C.7.6.3.1.2.
    """
    if description.bits_stored == 8:
        return stored.astype(np.uint8, copy=False)
    _, highest = description.stored_range
    return np.rint(stored * (255 / highest)).astype(np.uint8)
