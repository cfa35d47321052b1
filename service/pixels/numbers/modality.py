"""Modality values as arrays: Hounsfield units for a CT.

Their type is decided from what the attributes allow, not from the pixels, so that the head of an array of
many frames can be written before any of them is read.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from service.pixels.arrays import Values
from service.pixels.description import ImageDescription
from service.pixels.rescale import Rescale

INT16: np.dtype[Any] = np.dtype("<i2")
FLOAT32: np.dtype[Any] = np.dtype("<f4")

_EXACT_IN_FLOAT32 = 2**24


def value_type(descriptions: Iterable[ImageDescription]) -> np.dtype[Any]:
    """Return int16 where all values that these frames can hold are whole and fit, else float32."""
    fits = (fits_int16(description, *description.stored_range) for description in descriptions)
    return INT16 if all(fits) else FLOAT32


def fits_int16(description: ImageDescription, lowest: float, highest: float) -> bool:
    """Tell whether stored values in this range become whole modality values of 16 bits."""
    low, high = _whole_range(description, lowest, highest)
    return low >= -(2**15) and high < 2**15


def modality_values(stored: Values, description: ImageDescription, kind: np.dtype[Any]) -> Values:
    """Return the modality values of a frame.

    Args:
        stored: stored values, any shape.
        description: of this frame.
        kind: what `value_type` returned for this frame, or for it and others.

    Returns:
        Same shape, of that type. Padding goes the same way as pixels.

    Standard: PS3.3 C.11.1.
    """
    low, high = _whole_range(description, *description.stored_range)
    if kind == FLOAT32 and not -_EXACT_IN_FLOAT32 <= low <= high <= _EXACT_IN_FLOAT32:
        with np.errstate(all="ignore"):
            return description.modality.modality(stored.astype(np.float64)).astype(FLOAT32)
    assert isinstance(description.modality, Rescale)
    values: Values = stored.astype(kind)
    slope, intercept = description.modality.slope, description.modality.intercept
    if slope != 1:
        values *= _wrapped(slope, kind)
    if intercept:
        values += _wrapped(intercept, kind)
    return values


def _whole_range(description: ImageDescription, lowest: float, highest: float) -> tuple[float, float]:
    """Return the range that stored values in a range become; infinite where they need not be whole."""
    rescale = description.modality
    if description.floating or not isinstance(rescale, Rescale):
        return -np.inf, np.inf
    if not (rescale.slope.is_integer() and rescale.intercept.is_integer()):
        return -np.inf, np.inf
    low, high = sorted(stored * rescale.slope + rescale.intercept for stored in (lowest, highest))
    return low, high


def _wrapped(number: float, kind: np.dtype[Any]) -> Any:
    """Return a whole number in an array's type; int16 wraps around, as the array's values do on their way."""
    return np.array(int(number)).astype(kind)
