"""GIF: single pictures, and animations joined from them.

Each picture of an animation has its own table of colours, so that pictures can be made one at a time and
sent as they come: nothing but the picture at hand is in memory.

Standard: GIF89a; PS3.18 Table 8.7.4-1.
"""

import struct
from typing import Final

import imagecodecs
import numpy as np

from service.pixels.arrays import Levels, Values

TRAILER: Final = b"\x3b"
COLOURS = 256

_SCREEN = struct.Struct("<6sHHBBB")
_TABLE_BYTES = 3 * COLOURS
_TABLE = 0x80 | 7  # a table of 256 colours follows
_LOOP_FOREVER = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
_CONTROL = struct.Struct("<BBBBHBB")
_RESTORE_BACKGROUND = 2 << 2
_DESCRIPTOR = struct.Struct("<BHHHHB")
_BITS = 6  # of each sample that tell colours apart
_DROPPED = 8 - _BITS
_GRAYS = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)


def gif(pixels: Levels) -> bytes:
    """Return a GIF of one picture.

    Args:
        pixels: shape (height, width), kept exactly, or (height, width, 3), brought to 256 colours.
    """
    indices, colours = quantized(pixels) if pixels.ndim == 3 else (pixels, _GRAYS)
    room = bytearray(2 * indices.size + 4096)  # a picture of noise grows
    return bytes(imagecodecs.gif_encode(np.ascontiguousarray(indices), colormap=colours, out=room))


def animation_head(first: bytes) -> bytes:
    """Return what comes before the pictures: the size of the first one, and that it repeats for ever."""
    width, height = _size(first)
    return _SCREEN.pack(b"GIF89a", width, height, 0x70, 0, 0) + _LOOP_FOREVER


def animation_frame(file: bytes, delay: float) -> bytes:
    """Return a GIF of one picture as the next of an animation.

    Args:
        file: made by `gif`.
        delay: seconds until the next; kept in hundredths, of which viewers want at least 2.
    """
    hundredths = min(max(round(100 * delay), 2), 0xFFFF)
    table = file[_SCREEN.size : _SCREEN.size + _TABLE_BYTES]
    picture = file[_SCREEN.size + _TABLE_BYTES : -len(TRAILER)]
    separator, left, top, width, height, _ = _DESCRIPTOR.unpack_from(picture)
    return b"".join(
        [
            _CONTROL.pack(0x21, 0xF9, 4, _RESTORE_BACKGROUND, hundredths, 0, 0),
            _DESCRIPTOR.pack(separator, left, top, width, height, _TABLE),
            table,
            picture[_DESCRIPTOR.size :],
        ]
    )


def quantized(pixels: Levels) -> tuple[Levels, Levels]:
    """Return the picture as indices into a table of colours, by median cut.

    The box of colours that spreads widest is halved again, until there are as many as the table takes.

    Args:
        pixels: shape (height, width, 3).

    Returns:
        Indices of shape (height, width), and the table of shape (256, 3). A picture that has no two
        colours in one cell and at most 256 of them is kept exactly.
    """
    cells = _cells(pixels)
    counts = np.bincount(cells.ravel(), minlength=1 << 3 * _BITS)
    occupied = np.flatnonzero(counts)
    sums = [np.bincount(cells.ravel(), samples.ravel())[occupied] for samples in np.moveaxis(pixels, -1, 0)]
    weights = counts[occupied]
    colours = np.stack(sums, axis=1) / weights[:, np.newaxis]
    table = np.zeros((COLOURS, 3), np.uint8)
    index_of_cell = np.zeros(len(counts), np.uint8)
    for index, box in enumerate(_boxes(colours, weights)):
        table[index] = np.rint(np.average(colours[box], axis=0, weights=weights[box]))
        index_of_cell[occupied[box]] = index
    return index_of_cell[cells], table


def _size(file: bytes) -> tuple[int, int]:
    """Return width and height of a GIF made here."""
    _, width, height, *_ = _SCREEN.unpack_from(file)
    return width, height


def _cells(pixels: Levels) -> Values:
    red, green, blue = np.moveaxis(pixels >> _DROPPED, -1, 0).astype(np.int32)
    return np.asarray(red << 2 * _BITS | green << _BITS | blue)


def _boxes(colours: Values, weights: Values) -> list[Values]:
    """Return up to 256 groups of colours, as indices into them."""
    boxes = [np.arange(len(colours))]
    spread = [_spread(colours, weights, boxes[0])]
    while len(boxes) < COLOURS and max(spread) > 0:
        widest = spread.index(max(spread))
        for half in _halves(colours, weights, boxes.pop(widest)):
            boxes.append(half)
            spread.append(_spread(colours, weights, half))
        del spread[widest]
    return boxes


def _spread(colours: Values, weights: Values, box: Values) -> float:
    """Return how much is lost by making the box one colour: its extent, weighed by its pixels."""
    return float(np.ptp(colours[box], axis=0).max() * weights[box].sum() ** 0.5)


def _halves(colours: Values, weights: Values, box: Values) -> tuple[Values, Values]:
    """Cut a box of two colours or more across its longest side, where half of its pixels lie on each side."""
    axis = int(np.ptp(colours[box], axis=0).argmax())
    indices = box[np.argsort(colours[box, axis], kind="stable")]
    totals = weights[indices].cumsum()
    cut = int(np.searchsorted(totals, totals[-1] / 2)) + 1
    cut = min(cut, len(indices) - 1)
    return indices[:cut], indices[cut:]
