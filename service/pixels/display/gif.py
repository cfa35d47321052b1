"""GIF: single pictures, and animations joined from them.

Each picture of an animation has its own table of colours, so that pictures can be made one at a time and
sent as they come: nothing but the picture at hand is in memory.

Standard: GIF89a; PS3.18 Table 8.7.4-1.
"""

import struct
from typing import Final

import imagecodecs
import numpy as np

from service.pixels.arrays import Levels
from service.pixels.quantize import quantized

TRAILER: Final = b"\x3b"

_SCREEN = struct.Struct("<6sHHBBB")
_TABLE_BYTES = 3 * 256
_TABLE = 0x80 | 7  # a table of 256 colours follows
_LOOP_FOREVER = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
_CONTROL = struct.Struct("<BBBBHBB")
_RESTORE_BACKGROUND = 2 << 2
_DESCRIPTOR = struct.Struct("<BHHHHB")
_GRAYS = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)


def gif(pixels: Levels) -> bytes:
    """Return a GIF of one picture.

    Args:
        pixels: shape (height, width), kept exactly, or (height, width, 3), brought to 256 colours.
    """
    indices, colours = quantized(pixels) if pixels.ndim == 3 else (pixels, _GRAYS)
    room = bytearray(2 * indices.size + 4096)  # a picture of noise grows
    return bytes(imagecodecs.gif_encode(np.ascontiguousarray(indices), colormap=colours, out=room))


def size_of(file: bytes) -> tuple[int, int]:
    """Return width and height of a GIF made here."""
    _, width, height, *_ = _SCREEN.unpack_from(file)
    return width, height


def animation_head(first: bytes) -> bytes:
    """Return what comes before the pictures: the size of the first one, and that it repeats for ever."""
    width, height = size_of(first)
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
