"""Crop, flip and scale a displayed picture into a viewport.

Scaling is separable: each row (and then each column) of the result is a weighted sum of a few of the
source. Shrinking takes the exact average of the area that a pixel covers, so that thumbnails do not
alias; enlarging interpolates between the two nearest. Both are the same loop over other weights.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from service.errors import InvalidParameter
from service.pixels.arrays import Levels, Values

MAX_SIDE = 65535
MAX_PIXELS = 8192 * 8192
_SCALED_ROWS = 128  # made at a time, so that memory follows the strip and not the picture


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the source image, in pixels from its top left corner; fractions are allowed.

    Attributes:
        x: left edge.
        y: top edge.
        width: None reaches to the right edge; negative flips horizontally.
        height: None reaches to the bottom edge; negative flips vertically.
    """

    x: float = 0
    y: float = 0
    width: float | None = None
    height: float | None = None


@dataclass(frozen=True, slots=True)
class Viewport:
    """The rectangle to fit into, and the region of the image to show there.

    Raises:
        InvalidParameter: width or height are not 1 ... 65535.

    Standard: PS3.18 8.3.5.1.3.
    """

    width: int
    height: int
    source: Region = Region()

    def __post_init__(self) -> None:
        for side in (self.width, self.height):
            if not 1 <= side <= MAX_SIDE:
                raise InvalidParameter("viewport", str(side), f"a width and a height of 1 to {MAX_SIDE}")


class Extent(NamedTuple):
    """One side of a region that lies inside the image, and whether it is read backwards."""

    start: float
    length: float
    flipped: bool


class Weights(NamedTuple):
    """Which source rows make a row of the result: both of shape (rows taken, rows of the result)."""

    indices: Values
    weights: Values


def fit(pixels: Levels, viewport: Viewport, pixel_aspect: float = 1.0) -> Levels:
    """Return the viewport's region of a picture, scaled until it touches two sides of the viewport.

    Args:
        pixels: shape (height, width) or (height, width, 3).
        viewport: a part of its region that lies outside the picture is cut off first.
        pixel_aspect: height of a pixel of the picture divided by its width; those of the result are square.

    Returns:
        The largest size inside the viewport that keeps the region's ratio of width to height, as it
        is in the world, but at least 1 × 1.

    Raises:
        InvalidParameter: the region is empty or outside the picture, or the result would be too large.

    Standard: PS3.18 8.3.5.1.3.
    """
    region, (rows, columns) = viewport.source, pixels.shape[:2]
    horizontal = _extent(region.x, region.width, columns)
    vertical = _extent(region.y, region.height, rows)
    width, height = _fitted(horizontal.length, vertical.length * pixel_aspect, viewport)
    if width * height > MAX_PIXELS:
        raise InvalidParameter("viewport", f"{width},{height}", f"a picture of up to {MAX_PIXELS} pixels")
    return _scaled(pixels, _weights(vertical, height, rows), _weights(horizontal, width, columns))


def _extent(start: float, length: float | None, size: int) -> Extent:
    reach = size - start if length is None else abs(length)
    first, end = max(start, 0.0), min(start + reach, size)
    if not first < end:
        raise InvalidParameter(
            "viewport", f"{start},{reach}", f"a region within the {size} pixels of the image"
        )
    return Extent(first, end - first, flipped=length is not None and length < 0)


def _fitted(width: float, height: float, viewport: Viewport) -> tuple[int, int]:
    if viewport.width * height <= viewport.height * width:
        return viewport.width, max(1, round(viewport.width * height / width))
    return max(1, round(viewport.height * width / height)), viewport.height


@lru_cache(maxsize=16)
def _weights(extent: Extent, length: int, size: int) -> Weights:
    """Return the weights that scale an extent of `size` source pixels to `length` pixels."""
    step = extent.length / length
    edges = extent.start + step * np.arange(length + 1)
    indices, weights = _areas(edges, step) if step >= 1 else _neighbours(edges, extent)
    direction = -1 if extent.flipped else 1
    contributors = weights.any(axis=1)
    indices = np.clip(indices, 0, size - 1).astype(np.intp)
    return Weights(indices[contributors, ::direction], weights[contributors, ::direction].astype(np.float32))


def _areas(edges: Values, step: float) -> tuple[Values, Values]:
    """Weigh each source pixel by how much of it lies between two edges."""
    indices = np.floor(edges[:-1]) + np.arange(math.ceil(step) + 1)[:, np.newaxis]
    overlaps = np.minimum(indices + 1, edges[1:]) - np.maximum(indices, edges[:-1])
    return indices, np.maximum(overlaps, 0) / step


def _neighbours(edges: Values, extent: Extent) -> tuple[Values, Values]:
    """Weigh the two source pixels of the extent whose centers are nearest to the middle of two edges."""
    first, last = math.floor(extent.start), math.ceil(extent.start + extent.length) - 1
    middle = np.clip((edges[:-1] + edges[1:]) / 2 - 0.5, first, last)
    floor = np.floor(middle)
    return np.stack([floor, floor + 1]), np.stack([floor + 1 - middle, middle - floor])


def _scaled(pixels: Levels, vertical: Weights, horizontal: Weights) -> Levels:
    height, width = vertical.indices.shape[1], horizontal.indices.shape[1]
    result = np.empty((height, width, *pixels.shape[2:]), np.uint8)
    for top in range(0, height, _SCALED_ROWS):
        rows = slice(top, top + _SCALED_ROWS)
        strip = _summed(pixels, vertical.indices[:, rows], vertical.weights[:, rows])
        strip = _summed(strip.swapaxes(0, 1), *horizontal).swapaxes(0, 1)
        result[rows] = np.rint(strip)
    return result


def _summed(pixels: Values, indices: Values, weights: Values) -> Values:
    """Return the weighted sums of rows, float32 of shape (rows of the result, ...).

    Whole numbers of rows to one, all of one weight, are by far the cheapest: most thumbnails are like that.
    """
    if np.ptp(weights) == 0:
        return np.asarray(_totalled(_rows(pixels, index) for index in indices) * weights[0, 0])
    column = (-1,) + (1,) * (pixels.ndim - 1)
    pairs = zip(indices, weights, strict=True)
    return _totalled(_rows(pixels, index) * weight.reshape(column) for index, weight in pairs)


def _totalled(parts: Iterator[Values]) -> Values:
    total = next(parts).astype(np.float32)
    for part in parts:
        total += part
    return total


def _rows(pixels: Values, index: Values) -> Values:
    """Return rows of pixels, without copying them where they are evenly spaced."""
    step = int(index[1] - index[0]) if len(index) > 1 else 1
    if step > 0 and (index[1:] - index[:-1] == step).all():
        return pixels[index[0] : index[-1] + 1 : step]
    return pixels[index]
