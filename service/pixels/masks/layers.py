"""Segments of one place become its labels. Binary ones stay bits until the end: 20 segments cost 5 planes.

Pure arithmetic on frames that somebody else has read.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from service.pixels.arrays import Values

Bits = np.ndarray[Any, np.dtype[np.uint8]]
"""Pixels of a binary frame, eight in a byte, the lowest bit first. PS3.5 8.1.1."""


def as_bits(frame: Values) -> Bits:
    """Return the pixels of a decoded frame, each of which is 0 or 1, as bits."""
    return np.packbits(frame.reshape(-1).astype(bool, copy=False), bitorder="little")


def bits_within(top: int, left: int, inside: Values, shape: tuple[int, int]) -> Bits:
    """Return the pixels of an image as bits, of which only those of a part may be set.

    Args:
        top: row of the first pixel of the part.
        left: column of it.
        inside: bool, shape of the part.
        shape: rows and columns of the image.
    """
    rows, columns = shape
    if columns % 8:
        image = np.zeros(shape, bool)
        image[top : top + inside.shape[0], left : left + inside.shape[1]] = inside
        return as_bits(image)
    bits = np.zeros(rows * columns // 8, np.uint8)
    strip = np.zeros((inside.shape[0], columns), bool)
    strip[:, left : left + inside.shape[1]] = inside
    bits[top * columns // 8 : (top + inside.shape[0]) * columns // 8] = as_bits(strip)
    return bits


def planes(layers: Iterable[tuple[int, Bits]]) -> list[tuple[int, Bits]]:
    """Return layers that make the same labels, each with a power of two, as few as these need.

    Args:
        layers: numbers, each with the pixels that it has; no pixel has two.
    """
    made: dict[int, Bits] = {}
    for number, bits in layers:
        for power in range(number.bit_length()):
            value = number & 1 << power
            if value:
                made[value] = made[value] | bits if value in made else bits
    return list(made.items())


def labels(layers: Iterable[tuple[int, Bits]], shape: tuple[int, int], kind: np.dtype[Any]) -> Values:
    """Return the labels of a slice.

    Args:
        layers: numbers that fit in the type, each with the pixels that it has; no pixel has two.
        shape: rows and columns.
        kind: of the labels.
    """
    image = np.zeros(shape, kind)
    flat = image.reshape(-1)
    is_spread = kind.itemsize == 1 and flat.size % 8 == 0
    for value, bits in planes(layers):
        if is_spread:
            words = flat.view(np.uint64)
            words |= _SPREAD[value.bit_length() - 1][bits[: len(words)]]
        else:
            pixels = np.unpackbits(bits, count=flat.size, bitorder="little")
            flat += pixels.astype(kind) * np.array(value).astype(kind)
    return image


def _spread() -> Values:
    """Return for each power and byte the eight pixels of the byte, one in each byte of a word."""
    pixels = np.unpackbits(np.arange(256, dtype=np.uint8)[:, np.newaxis], axis=1, bitorder="little")
    return np.stack([(pixels << power).view(np.uint64)[:, 0] for power in range(8)])


_SPREAD = _spread()


def overlapping(layers: Sequence[tuple[int, Bits]]) -> tuple[int, int] | None:
    """Return the numbers of two segments that share a pixel of a place; None if none do."""
    if len(layers) < 2:
        return None
    union = layers[0][1].copy()
    for index, (number, bits) in enumerate(layers[1:], 1):
        if (union & bits).any():
            other = next(other for other, earlier in layers[:index] if (earlier & bits).any())
            return other, number
        union |= bits
    return None
