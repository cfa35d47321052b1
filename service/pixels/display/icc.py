"""Colour spaces of pictures: ICC profiles, named ones and those of the files.

Standard: PS3.18 8.3.5.1.5; PS3.3 C.11.15; ICC.1.
"""

import struct
from collections.abc import Callable
from functools import cache

import imagecodecs
import numpy as np
from isal import isal_zlib

from service.errors import NotRenderable
from service.pixels.arrays import Levels
from service.pixels.display.image_files import PNG_SIGNATURE, png_chunk

_GENERATORS: dict[str, Callable[[], bytes]] = {
    "srgb": lambda: imagecodecs.cms_profile("srgb"),
    "adobergb": lambda: imagecodecs.cms_profile("adobergb"),
    "rommrgb": lambda: imagecodecs.cms_profile(
        "rgb",
        whitepoint=[0.3457, 0.3585, 1.0],
        primaries=[0.7347, 0.2653, 1.0, 0.1596, 0.8404, 1.0, 0.0366, 0.0001, 1.0],
        gamma=1.8,
    ),
}
SPACES = tuple(_GENERATORS)
"""The colour spaces that have a name in the `iccprofile` parameter."""

_PROFILE_HEADER_BYTES = 128
MAX_PROFILE_BYTES = 2**22
_CREATION_FIELD = slice(24, 36)  # in the header: when the profile was made
_SPACE_FIELD, _SIGNATURE_FIELD = slice(16, 20), slice(36, 40)

_APP2 = b"\xff\xe2"
_APP2_IDENTIFIER = b"ICC_PROFILE\0"
_APP2_BYTES = 65519  # of a profile in one marker segment
_BY_PROFILE = 2  # how a JP2 specifies its colours
_PNG_HEADER_END = len(PNG_SIGNATURE) + 25


@cache
def profile(space: str) -> bytes:
    """Return the profile of one of SPACES, the same bytes in every process."""
    content = bytearray(_GENERATORS[space]())
    content[_CREATION_FIELD] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    return bytes(content)


def is_usable(content: bytes) -> bool:
    """Tell whether a file's profile describes red, green and blue, as far as its header says."""
    has_size = _PROFILE_HEADER_BYTES < len(content) <= MAX_PROFILE_BYTES
    return has_size and (content[_SIGNATURE_FIELD], content[_SPACE_FIELD]) == (b"acsp", b"RGB ")


def converted(picture: Levels, source: bytes, target: bytes) -> Levels:
    """Return the picture in another colour space.

    Args:
        picture: shape (height, width), which becomes three samples, or (height, width, 3).
        source: profile of the space it is in.
        target: profile of the space it is to be in.

    Returns:
        Shape (height, width, 3).

    Raises:
        NotRenderable: one of the profiles is broken.
    """
    if picture.ndim == 2:
        picture = np.repeat(picture[..., np.newaxis], 3, axis=2)
    if source == target:
        return picture
    try:
        levels: Levels = imagecodecs.cms_transform(
            picture, source, target, colorspace="rgb", outcolorspace="rgb"
        )
    except imagecodecs.CmsError as error:
        raise NotRenderable(
            "the ICC profile of the file is broken: no colour space to convert from"
        ) from error
    return levels


def in_jpeg(file: bytes, content: bytes) -> bytes:
    """Return a JPEG with the profile in its APP2 segments, after the first marker segment. ICC.1 B.4."""
    (length,) = struct.unpack_from(">H", file, 4)
    place = 4 + length  # after SOI and APP0
    pieces = [content[start : start + _APP2_BYTES] for start in range(0, len(content), _APP2_BYTES)]
    segments = [
        _APP2
        + struct.pack(">H", 2 + len(_APP2_IDENTIFIER) + 2 + len(piece))
        + _APP2_IDENTIFIER
        + bytes((number, len(pieces)))
        + piece
        for number, piece in enumerate(pieces, 1)
    ]
    return b"".join([file[:place], *segments, file[place:]])


def in_png(file: bytes, content: bytes) -> bytes:
    """Return a PNG with the profile in an iCCP chunk, right after its header."""
    chunk = png_chunk(b"iCCP", b"ICC profile\0\0" + isal_zlib.compress(content, 1))
    return file[:_PNG_HEADER_END] + chunk + file[_PNG_HEADER_END:]


def in_jp2(file: bytes, content: bytes) -> bytes:
    """Return a JP2 whose colours are specified by the profile. ISO/IEC 15444-1 I.5.3.3."""
    header = file.index(b"jp2h") - 4
    colour = file.index(b"colr", header) - 4
    (header_length,), (colour_length,) = (struct.unpack_from(">I", file, at) for at in (header, colour))
    box = struct.pack(">I4sBBB", 11 + len(content), b"colr", _BY_PROFILE, 0, 0) + content
    length = struct.pack(">I", header_length - colour_length + len(box))
    return b"".join([file[:header], length, file[header + 4 : colour], box, file[colour + colour_length :]])
