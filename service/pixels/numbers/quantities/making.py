"""What is made of the values of a frame, beside turning them into modality values: a part, a size, a type.

In this order: a region is cut out, stored values become what is asked for, the region gets its size, a window
is laid over it, and the values get their type.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from service.pixels.arrays import Values
from service.pixels.description import ImageDescription
from service.pixels.numbers.quantities.modality import FLOAT32, FLOAT64, modality_values
from service.pixels.numbers.quantities.resampling import AREA, resampled
from service.pixels.numbers.quantities.suv import SUV_KINDS
from service.pixels.window import Window

STORED, MODALITY, DOSE = "stored", "modality", "dose"
UINT8: np.dtype[Any] = np.dtype("u1")


class Region(NamedTuple):
    """A part of an image, as in `image[top:bottom, left:right]`."""

    left: int
    top: int
    right: int
    bottom: int


class Size(NamedTuple):
    """Columns and rows of an image."""

    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class Making:
    """What is made of frames.

    Attributes:
        values: STORED, MODALITY, DOSE, or one of SUV_KINDS.
        region: the part of each; None for all.
        size: of the result; None for that of the region.
        interpolation: AREA or LINEAR.
        window: laid over the values, which become 0 ... 255; None for none.
        dtype: of the result; None for what fits.
    """

    values: str = MODALITY
    region: Region | None = None
    size: Size | None = None
    interpolation: str = AREA
    window: Window | None = None
    dtype: np.dtype[Any] | None = None

    @property
    def is_rounded(self) -> bool:
        """Whether values between whole numbers are expected to be made whole."""
        return self.size is not None or self.window is not None

    def as_json(self) -> dict[str, Any]:
        """Return what is made as a client is told it; what is not asked for is left out."""
        window = self.window
        told = {
            "values": self.values,
            "region": list(self.region) if self.region else None,
            "size": list(self.size) if self.size else None,
            "interpolation": self.interpolation if self.size else None,
            "window": [window.center, window.width, window.function] if window else None,
        }
        return {name: value for name, value in told.items() if value is not None}

    def shape(self, rows: int, columns: int) -> tuple[int, int]:
        """Return rows and columns of what is made of an image."""
        if self.size:
            return self.size.rows, self.size.columns
        if self.region:
            left, top, right, bottom = self.region
            return min(bottom, rows) - top, min(right, columns) - left
        return rows, columns

    def matrix(self, rows: int, columns: int) -> Values:
        """Return (column, row, slice, 1) of what is made → those of the image, counted from centers."""
        left, top = self.region[:2] if self.region else (0, 0)
        part_rows, part_columns = Making(region=self.region).shape(rows, columns)
        made_rows, made_columns = self.shape(rows, columns)
        across, down = part_columns / made_columns, part_rows / made_rows
        matrix = np.diag([across, down, 1.0, 1.0])
        matrix[:2, 3] = left + (across - 1) / 2, top + (down - 1) / 2
        return matrix

    def part(self, image: Values) -> Values:
        """Return the region of an image."""
        if self.region is None:
            return image
        left, top, right, bottom = self.region
        return image[top:bottom, left:right]


def kind_before(making: Making, base: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type of what is made while none is asked for.

    Args:
        making: what is made.
        base: type of the stored or modality values.
    """
    if making.window:
        return UINT8
    if making.values in SUV_KINDS or making.size:
        is_exact = np.can_cast(base, FLOAT32, "safe")
        return FLOAT32 if is_exact or making.values in SUV_KINDS else FLOAT64
    return base


def stored_kind(description: ImageDescription) -> np.dtype[Any]:
    """Return the type that holds stored values as they are."""
    letter = "f" if description.floating else "i" if description.pixel_representation else "u"
    return np.dtype(f"<{letter}{max(description.bits_allocated, 8) // 8}")


def made(
    stored: Values, description: ImageDescription, base: np.dtype[Any], making: Making, factor: float = 1
) -> Values:
    """Return what is made of the stored values of a grayscale frame, before it gets its type.

    Args:
        stored: shape (rows, columns).
        description: of the frame.
        base: type of all stored or modality values.
        making: what is made.
        factor: modality value → SUV.
    """
    part = making.part(stored)
    values = part.astype(base) if making.values == STORED else modality_values(part, description, base)
    if making.values in SUV_KINDS:
        values = values.astype(np.float64) * factor
    if making.size:
        values = resampled(values, making.size.rows, making.size.columns, making.interpolation)
    if making.window:
        values = making.window.fraction(values.astype(np.float64)) * 255
    return np.rint(values) if making.window else values


def misfit(values: Values, making: Making, kind: np.dtype[Any]) -> str:
    """Tell what keeps values from being of a type: nothing, if it is empty."""
    if making.is_rounded and kind.kind in "iu":
        values = np.rint(values)
    if not np.isfinite(values).all():
        return "" if kind.kind == "f" and values.dtype.kind == "f" else "values that are no finite numbers"
    low, high = values.min().item(), values.max().item()
    limits = np.iinfo(kind) if kind.kind in "iu" else np.finfo(kind)
    if low < limits.min or high > limits.max:
        return f"values from {low:g} to {high:g}"
    with np.errstate(all="ignore"):
        is_same = values.dtype.kind == kind.kind == "f" or (values.astype(kind) == values).all()
    return "" if is_same else "values that it has no numbers for, or are not whole"


def typed(values: Values, kind: np.dtype[Any]) -> Values:
    """Return values that fit in a type."""
    if kind.kind in "iu" and values.dtype.kind == "f":
        values = np.rint(values)
    return np.ascontiguousarray(values.astype(kind, copy=False))
