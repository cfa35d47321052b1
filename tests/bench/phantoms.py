"""Files of phantoms: a noisy cylinder in any size, and many instances of it for the price of one.

A series is encoded once. Its instances differ in identity, number and position, whose places are known: the
next one is a few pieces of bytes put together. A file is given in pieces: many files share their pixels, and
a file of 2 GB is a small one whose pixels stand there often.
"""

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from typing import Any, TypeAlias

import imagecodecs
import numpy as np
from pydicom import Dataset

from tests.bench.headers import header
from tests.bench.population import REPORT, Series
from tests.builders import EXPLICIT, encoded, file_head, item

File = tuple[bytes, ...]
Pixels: TypeAlias = "np.ndarray[Any, np.dtype[np.uint16]]"

JPEG_LS, JPEG = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.50"

_UID, _NUMBER, _POSITION = "2.25." + "7" * 38, "77777771", "-7777.71"  # stand for what differs
_PLACES = re.compile(f"({_UID}|{_NUMBER}|{_POSITION})".encode())
_VARIANTS = 8  # different pictures in a series
_HEAD = struct.Struct("<HH2sxxL")
_UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixel Data of an instance, and the attributes that describe it.

    Attributes:
        attributes: of the Image Pixel module, by keyword.
        transfer_syntax: the pixels are encoded in.
        variants: different values of Pixel Data, each with its head, in pieces.
    """

    attributes: dict[str, Any]
    transfer_syntax: str
    variants: tuple[File, ...]


def files(series: Series, picture: Picture) -> Iterator[File]:
    """Yield the files of a series, in the order of their numbers; those of a report have no pixels."""
    dataset = header(series, _UID, _NUMBER, _POSITION)
    pixels: Sequence[File] = ((),)
    if series.examination is not REPORT:
        pixels = picture.variants
        for keyword, value in picture.attributes.items():
            setattr(dataset, keyword, value)
    mould = _PLACES.split(_file(dataset, picture.transfer_syntax))
    for number, value in zip(range(1, series.size + 1), cycle(pixels), strict=False):
        yield (_cast(mould, series.instance_uid(number), number), *value)


def _file(dataset: Dataset, transfer_syntax: str) -> bytes:
    return file_head(dataset, transfer_syntax) + encoded(dataset)


def _cast(mould: Sequence[bytes], uid: str, number: int) -> bytes:
    """Return the file's beginning with what differs in its places, in the same lengths."""
    values = {
        _UID.encode(): uid.encode(),
        _NUMBER.encode(): f"{number:<8}".encode(),
        _POSITION.encode(): f"{1.25 * number:<8.2f}".encode(),
    }
    return b"".join(values.get(piece, piece) for piece in mould)


@cache
def native(side: int, frames: int = 1) -> Picture:
    """Return 12 of 16 bits, uncompressed. Several frames repeat the same few."""
    slices = [_slice(side, number).tobytes() for number in range(_VARIANTS)]
    if frames == 1:
        return Picture(_gray(side), EXPLICIT, tuple((_ow(slice_), slice_) for slice_ in slices))
    run = b"".join(slices)
    pixels = (run,) * (frames // _VARIANTS)
    head = _HEAD.pack(0x7FE0, 0x0010, b"OW", len(run) * len(pixels))
    attributes = _gray(side) | {"NumberOfFrames": len(pixels) * _VARIANTS}
    return Picture(attributes, EXPLICIT, ((head, *pixels),))


@cache
def jpeg_ls(side: int) -> Picture:
    """Return the same, in JPEG-LS."""
    streams = [imagecodecs.jpegls_encode(_slice(side, number)) for number in range(_VARIANTS)]
    return Picture(_gray(side), JPEG_LS, tuple(_encapsulated([stream]) for stream in streams))


@cache
def slide(frames: int, side: int = 256) -> Picture:
    """Return tiles of a whole-slide image, in JPEG; they repeat the same few."""
    tiles = [_tile(side, number) for number in range(_VARIANTS)]
    attributes = {
        "SamplesPerPixel": 3,
        "PhotometricInterpretation": "YBR_FULL_422",
        "PlanarConfiguration": 0,
        "NumberOfFrames": frames,
        **_matrix(side, 8, 8),
    }
    return Picture(attributes, JPEG, (_encapsulated([tiles[n % _VARIANTS] for n in range(frames)]),))


def _matrix(side: int, allocated: int, stored: int) -> dict[str, Any]:
    return {
        "Rows": side,
        "Columns": side,
        "BitsAllocated": allocated,
        "BitsStored": stored,
        "HighBit": stored - 1,
        "PixelRepresentation": 0,
    }


def _gray(side: int) -> dict[str, Any]:
    spacing = f"{360 / side:.6f}"
    return {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "PixelSpacing": [spacing, spacing],
        **_matrix(side, 16, 12),
    }


@cache
def _slice(side: int, number: int) -> Pixels:
    """Return a cylinder of water with an airway and a rim of bone, and the noise of a scanner. HU + 1024."""
    random = np.random.default_rng(number)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    radius = np.hypot(x, y)
    levels = np.where(radius < 0.8, 1064, 24)
    levels = np.where((radius > 0.7) & (radius < 0.8), 1924, levels)
    levels = np.where(np.hypot(x - 0.2, y) < 0.1 + number / 50, 74, levels)
    noise = random.normal(0, 12, levels.shape)
    return np.clip(levels + noise, 0, 4095).astype("<u2")


def _tile(side: int, number: int) -> bytes:
    levels = _slice(side, number) // 16
    rgb = np.stack([255 - levels // 4, levels // 2, 255 - levels // 2], axis=-1).astype(np.uint8)
    return bytes(imagecodecs.jpeg8_encode(rgb, level=80))


def _ow(value: bytes) -> bytes:
    return _HEAD.pack(0x7FE0, 0x0010, b"OW", len(value))


def _encapsulated(streams: Sequence[bytes]) -> File:
    """Return Pixel Data of one fragment per frame, with its Basic Offset Table. PS3.5 A.4."""
    items = [item(stream + b"\0" * (len(stream) % 2)) for stream in streams]
    offsets = np.cumsum([0, *map(len, items[:-1])]).astype("<u4").tobytes()
    head = _HEAD.pack(0x7FE0, 0x0010, b"OB", _UNDEFINED) + item(offsets)
    return head, b"".join(items), b"\xfe\xff\xdd\xe0\0\0\0\0"
