"""A picture that stands for what has no picture: a grey card with the kind of object written on it."""

import numpy as np

from service.pixels.arrays import Levels
from service.pixels.display.annotation import centered
from service.pixels.display.viewport import Viewport

_MAX_SIDE = 512
_PAPER = 96


def placeholder(kind: str, viewport: Viewport) -> Levels:
    """Return a grey card.

    Args:
        kind: a word or two: SR, RTPLAN, VIDEO.
        viewport: the card fills it, up to 512 × 512.

    Returns:
        Shape (height, width).
    """
    size = min(viewport.height, _MAX_SIDE), min(viewport.width, _MAX_SIDE)
    return centered(np.full(size, _PAPER, np.uint8), kind)
