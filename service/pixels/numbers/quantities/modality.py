"""Modality values as arrays: Hounsfield units for a CT, Gy for a dose.

Their type is decided from what the attributes allow, and narrowed to int16 where the pixels show that all
fit, so that the head of an array of many frames can be written before any of them is.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from service.pixels.arrays import Values, put
from service.pixels.description import ImageDescription
from service.pixels.lut import LookupTable
from service.pixels.rescale import Rescale, Unreadable

REVISION = "2"
"""Of what files are taken to mean; counted up when the same file gives other numbers than before."""

INT16: np.dtype[Any] = np.dtype("<i2")
INT32: np.dtype[Any] = np.dtype("<i4")
UINT32: np.dtype[Any] = np.dtype("<u4")
INT64: np.dtype[Any] = np.dtype("<i8")
UINT64: np.dtype[Any] = np.dtype("<u8")
FLOAT32: np.dtype[Any] = np.dtype("<f4")
FLOAT64: np.dtype[Any] = np.dtype("<f8")

_EXACT_IN_FLOAT32, _EXACT_BITS = 2**24, 24
_IDENTITY = Rescale()


def value_type(descriptions: Iterable[ImageDescription]) -> np.dtype[Any]:
    """Return the type that holds all values that these frames can have.

    It is int16 where they are whole and fit; else float32 where it is exact, or as exact as the rescale of
    stored values of up to 24 bits; int32, uint32, int64 or uint64 for larger ones as they are stored; float64
    for those that are rescaled.

    Raises:
        NotRenderable: nobody knows the modality values of one.
    """
    kind = np.result_type(*{_own_type(description) for description in descriptions})
    return kind.newbyteorder("<")


def _own_type(description: ImageDescription) -> np.dtype[Any]:
    if isinstance(description.modality, Unreadable):
        description.modality.modality(np.zeros(0))
    if description.floating:
        return FLOAT32 if description.bits_allocated == 32 else FLOAT64
    if isinstance(description.modality, LookupTable):
        return FLOAT32
    low, high = _whole_range(description, *description.stored_range)
    if _are_within_int16(low, high):
        return INT16
    if -_EXACT_IN_FLOAT32 <= low <= high <= _EXACT_IN_FLOAT32:
        return FLOAT32
    if description.bits_stored <= _EXACT_BITS:
        return FLOAT32
    if not _is_identity(description):
        return FLOAT64
    signed, wide = bool(description.pixel_representation), description.bits_allocated > 32
    return (INT64 if signed else UINT64) if wide else (INT32 if signed else UINT32)


def may_fit_int16(description: ImageDescription) -> bool:
    """Tell whether the pixels of a frame may show that its values are whole and fit."""
    return all(map(math.isfinite, _whole_range(description, *description.stored_range)))


def fits_int16(description: ImageDescription, stored: Values) -> bool:
    """Tell whether these stored values become whole modality values of 16 bits."""
    return _are_within_int16(*_whole_range(description, int(stored.min()), int(stored.max())))


def _are_within_int16(low: float, high: float) -> bool:
    return low >= -(2**15) and high < 2**15


def _is_identity(description: ImageDescription) -> bool:
    return description.modality == _IDENTITY


def modality_values(
    stored: Values, description: ImageDescription, kind: np.dtype[Any], out: Values | None = None
) -> Values:
    """Return the modality values of a frame.

    Args:
        stored: stored values, any shape.
        description: of this frame.
        kind: what `value_type` returned for this frame, or for it and others; or INT16, if they fit.
        out: where they are written, of that shape and type; a new array without it.

    Returns:
        Same shape, of that type. Padding goes the same way as pixels.

    Raises:
        NotRenderable: nobody knows the modality values.

    Standard: PS3.3 C.11.1.
    """
    values: Values = np.empty(stored.shape, kind) if out is None else out
    if _is_identity(description):
        put(_as_int16(stored) if kind == INT16 and stored.dtype.itemsize == 2 else stored, values)
        return values
    low, high = _whole_range(description, *description.stored_range)
    is_exact = -_EXACT_IN_FLOAT32 <= low <= high <= _EXACT_IN_FLOAT32
    if kind != INT16 and not (kind == FLOAT32 and is_exact):
        with np.errstate(all="ignore"):
            np.copyto(values, description.modality.modality(stored.astype(np.float64)), casting="unsafe")
        return values
    assert isinstance(description.modality, Rescale)
    slope, intercept = description.modality.slope, description.modality.intercept
    same = _as_int16(stored) if kind == INT16 else stored.astype(kind)
    if slope != 1:
        same = np.multiply(same, _wrapped(slope, kind), out=values)
    np.add(same, _wrapped(intercept, kind), out=values)
    return values


def _as_int16(stored: Values) -> Values:
    """Return whole numbers as int16, around which they wrap: those of 16 bits where they lie."""
    return stored.view(INT16) if stored.dtype.itemsize == 2 else stored.astype(INT16)


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
