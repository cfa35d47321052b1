"""The grayscale pipeline: stored values → modality → VOI → presentation.

Every step is a function of one value, so the whole pipeline is a function of one value too. For
stored values of up to 16 bits it is computed once per value in the range of the frame, kept as a table
for the next slice of the series, and applied to the frame by a single `take`. Longer and floating point
values go through the same steps directly.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from service.pixels.arrays import Levels, Values, in_strips
from service.pixels.description import ImageDescription
from service.pixels.lut import LookupTable
from service.pixels.rescale import Modality, Rescale, Unreadable
from service.pixels.window import Window

_BLOCK = 4096  # stored values: those of 12 bits
_SMALLEST_WIDTH, _LARGEST_LIMIT = np.finfo(np.float64).tiny, np.finfo(np.float64).max / 4


def gray_levels(stored: Values, description: ImageDescription, window: Window | None = None) -> Levels:
    """Return the displayed values of a MONOCHROME1 or MONOCHROME2 frame.

    Where nobody knows the modality values, no window means anything. All that the frame has is shown then,
    which comes to the same picture for every slope above 0 and every intercept.

    Args:
        stored: stored values, any shape but empty.
        description: of this frame.
        window: takes the place of the window, VOI LUT or VOI LUT Function of the file.

    Returns:
        Same shape, 0 (black) ... 255 (white).

    Raises:
        NotRenderable: a window is asked for, and nobody knows the modality values.

    Standard: PS3.4 N.2; PS3.3 C.7.6.3.1.2, C.11.6.1.2 (MONOCHROME1 is inverted, last of all and once).
    """
    if isinstance(description.modality, Unreadable):
        if window is not None:
            description.modality.modality(stored)
        description = replace(description, modality=Rescale(), voi=None)
    voi = window or description.voi or automatic_window(stored, description)
    if description.floating or description.bits_allocated > 16:
        return in_strips(stored, lambda strip: presented(strip, description, voi))
    first, last = _whole_blocks(stored)
    unsigned = np.dtype(f"u{stored.itemsize}")
    table, origin = _table(description, voi, first, last), np.array(first).astype(stored.dtype).view(unsigned)

    def looked_up(strip: Values) -> Levels:
        indices = strip.view(unsigned)
        levels: Levels = table.take(indices - origin if first else indices)
        return levels

    return in_strips(stored, looked_up)


def presented(stored: Values, description: ImageDescription, voi: Window | LookupTable) -> Levels:
    """Take stored values, any shape, through every step of the pipeline; NaN becomes the lowest level."""
    return _presented(stored, description.modality, voi, description.inverted)


def _presented(stored: Values, modality: Modality, voi: Window | LookupTable, inverted: bool) -> Levels:
    with np.errstate(all="ignore"):
        values = modality.modality(stored.astype(np.float64))
        levels: Levels = np.rint(255 * np.fmax(voi.fraction(values), 0)).astype(np.uint8)
    return ~levels if inverted else levels


def _whole_blocks(stored: Values) -> tuple[int, int]:
    """Return a range around a frame's values that is likely to be that of the next frame too."""
    lowest, highest = int(stored.min()), int(stored.max())
    limits = np.iinfo(stored.dtype)
    first = lowest - lowest % _BLOCK
    last = highest - highest % _BLOCK + _BLOCK - 1
    return max(first, int(limits.min)), min(last, int(limits.max))


def _table(description: ImageDescription, voi: Window | LookupTable, first: int, last: int) -> Levels:
    """Return the levels of the stored values from first to last."""
    modality = description.modality
    if isinstance(modality, Rescale) and isinstance(voi, Window):
        return _kept_table(modality, voi, description.inverted, first, last)
    return presented(np.arange(first, last + 1), description, voi)


@lru_cache(maxsize=64)
def _kept_table(modality: Rescale, voi: Window, inverted: bool, first: int, last: int) -> Levels:
    return _presented(np.arange(first, last + 1), modality, voi, inverted)


def automatic_window(stored: Values, description: ImageDescription) -> Window:
    """Return the window that shows all there is, for a file that states none.

    For up to 8 bits that is all there could be, which leaves a full range as it is. For more it is the
    range of the modality values of the frame, without padding and what is no finite number.
    """
    with np.errstate(all="ignore"):
        limits = np.array(_occupied_range(stored, description), np.float64)
        modality = description.modality.modality(limits)
    low, high = sorted(np.clip(modality, -_LARGEST_LIMIT, _LARGEST_LIMIT).tolist())
    width = max(high - low, _SMALLEST_WIDTH)
    return Window(low + width / 2, width, "LINEAR_EXACT")


def _occupied_range(stored: Values, description: ImageDescription) -> tuple[float, float]:
    """Return the range of stored values that are picture; of one gray alone, all that could be there."""
    if description.bits_stored <= 8:
        return description.stored_range
    if description.floating:
        stored = stored[np.isfinite(stored)]
    if description.padding is not None:
        low, high = description.padding
        stored = stored[(stored < low) | (stored > high)]
    if not stored.size or stored.min() == stored.max():
        return description.stored_range
    return float(stored.min()), float(stored.max())
