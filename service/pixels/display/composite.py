"""Pictures made of two: gray with colours of a supplemental palette, and drawings upon either."""

import numpy as np

from service.pixels.arrays import Levels, Values
from service.pixels.description import ImageDescription
from service.pixels.display.grayscale import gray_levels
from service.pixels.window import Window


def gray_or_colour(stored: Values, description: ImageDescription, window: Window | None) -> Levels:
    """Return the displayed values of a MONOCHROME2 frame: in gray, and in colour what its palette maps.

    Args:
        stored: shape (rows, columns).
        description: of this frame.
        window: takes the place of the file's own, for what is gray.

    Returns:
        Shape (rows, columns), or (rows, columns, 3) with a Supplemental Palette Color LUT.

    Standard: PS3.3 C.7.6.19, C.8.16.2.1.1.
    """
    palette = description.palette
    if palette is None:
        return gray_levels(stored, description, window)
    is_mapped = stored >= palette.first
    if is_mapped.all():
        return palette.levels(stored)
    lowest = stored[~is_mapped].min()
    gray = gray_levels(np.where(is_mapped, lowest, stored), description, window)
    return np.where(is_mapped[..., np.newaxis], palette.levels(stored), gray[..., np.newaxis])


def with_overlays(levels: Levels, description: ImageDescription) -> Levels:
    """Return a frame's displayed values with its overlays drawn on them. PS3.3 C.9.2."""
    for overlay in description.overlays:
        levels = overlay.drawn(levels)
    return levels
