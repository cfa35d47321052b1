"""PNG and GIF → native pixels. They have no transfer syntax, so that they cannot be kept as they come.

A few bytes can stand for a picture of many gigabytes. So the size is read first, and what would be too large
is never given to a decoder.

Standard: PS3.18 Table 10.5.2-1.
"""

import struct
from collections.abc import Callable, Iterator

import imagecodecs
import numpy as np

from service.errors import UndecodableFrame
from service.pixels.arrays import Values
from service.pixels.headers.image_pixel import ImagePixel

MAX_PICTURE_BYTES = 2**28  # of all frames of a picture, decoded

_PNG_HEAD = struct.Struct(">8s4x4sLLBB")
_PNG_CHANNELS = {0: 1, 2: 3, 3: 4, 4: 2, 6: 4}  # colour type → with alpha
_GIF_HEAD = struct.Struct("<6sHHB2x")
_GIF_SIZE = struct.Struct("<HHB")
_GIF_EXTENSION, _GIF_PICTURE = 0x21, 0x2C


def native_frames(content: bytes, media_type: str) -> tuple[ImagePixel, bytes]:
    """Return what a picture is and its native frames, one after the other. A worker process calls this.

    Args:
        content: the file.
        media_type: one of `PICTURES`.

    Raises:
        UndecodableFrame: the file is not of this type, is broken or too large.
    """
    size_of, decode = _FORMATS[media_type]
    try:
        size = size_of(content)
    except (IndexError, KeyError, struct.error) as error:
        raise UndecodableFrame(f"the {media_type} has no header that can be read") from error
    if not 0 < size <= MAX_PICTURE_BYTES:
        raise UndecodableFrame(
            f"the {media_type} would have {size} bytes: expected up to {MAX_PICTURE_BYTES}"
        )
    frames = _without_alpha(np.asarray(decode(content)))
    number, rows, columns, samples = frames.shape
    bits = 8 * frames.itemsize
    name = "RGB" if samples == 3 else "MONOCHROME2"
    image = ImagePixel(rows, columns, samples, name, bits, number_of_frames=number if number > 1 else None)
    return image, frames.astype(f"<u{frames.itemsize}").tobytes()


def _png_bytes(content: bytes) -> int:
    signature, chunk, columns, rows, depth, colour = _PNG_HEAD.unpack_from(content)
    if (signature, chunk) != (b"\x89PNG\r\n\x1a\n", b"IHDR"):
        return 0
    return _fitting(rows, columns) * _PNG_CHANNELS[colour] * (2 if depth == 16 else 1)


def _gif_bytes(content: bytes) -> int:
    signature, columns, rows, _ = _GIF_HEAD.unpack_from(content)
    if signature not in (b"GIF87a", b"GIF89a"):
        return 0
    return sum(3 * _fitting(rows, columns) + size for size in _gif_pictures(content))


def _fitting(rows: int, columns: int) -> int:
    """Return the number of pixels; 0 if Rows or Columns cannot say it."""
    return rows * columns if max(rows, columns) < 2**16 else 0


def _gif_pictures(content: bytes) -> Iterator[int]:
    """Yield the pixels that each picture of a GIF has, going from block to block. GIF89a 14 to 26."""
    position = _GIF_HEAD.size + _table_bytes(content[10])
    while content[position] in (_GIF_EXTENSION, _GIF_PICTURE):
        if content[position] == _GIF_PICTURE:
            columns, rows, flags = _GIF_SIZE.unpack_from(content, position + 5)
            yield columns * rows
            position += 11 + _table_bytes(flags)
        else:
            position += 2
        while length := content[position]:
            position += 1 + length
        position += 1


def _table_bytes(flags: int) -> int:
    """Return the length of the table of colours that flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _without_alpha(pixels: Values) -> Values:
    """Return samples, shape (frames, rows, columns, 1 or 3), of a picture or several."""
    if pixels.ndim == 2:
        pixels = pixels[..., np.newaxis]
    channels = pixels.shape[-1]
    return pixels[..., : 3 if channels > 2 else 1].reshape(-1, *pixels.shape[-3:-1], 3 if channels > 2 else 1)


_FORMATS: dict[str, tuple[Callable[[bytes], int], Callable[[bytes], Values]]] = {
    "image/png": (_png_bytes, imagecodecs.png_decode),
    "image/gif": (_gif_bytes, imagecodecs.gif_decode),
}
PICTURES = frozenset(_FORMATS)
