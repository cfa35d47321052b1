"""Overlays: drawings of single bits that lie beside the pixels, in the groups 6000 to 601E.

Overlays in unused bits of the pixels, which the Standard has retired, are not read.

Standard: PS3.3 C.9.2.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from service.dicom_json import Attributes, binary, integer, numbers, text
from service.pixels.arrays import Levels

_GROUPS = tuple(f"60{number:02X}" for number in range(0, 32, 2))
_ROWS, _COLUMNS, _FRAMES, _TYPE, _ORIGIN, _FIRST_FRAME = "0010", "0011", "0015", "0040", "0050", "0051"
_DATA = "3000"
OVERLAY_ATTRIBUTES = frozenset(
    f"{group}{element}"
    for group in _GROUPS
    for element in (_ROWS, _COLUMNS, _FRAMES, _TYPE, _ORIGIN, _FIRST_FRAME, _DATA)
)
"""The tags of all overlays."""

_REGION = "R"  # of interest: it is measured, not drawn
_WHITE = 255


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """A drawing on one frame.

    Attributes:
        top, left: where its first pixel lies in the frame, counted from 0; may be negative.
        rows, columns: its size.
        bits: of its pixels row by row, the first in the lowest bit.
    """

    top: int
    left: int
    rows: int
    columns: int
    bits: bytes

    def drawn(self, levels: Levels) -> Levels:
        """Return a picture, shape (rows, columns) or (rows, columns, 3), with the drawing in white."""
        octets = np.frombuffer(self.bits, np.uint8)
        bits: Levels = np.unpackbits(octets, count=self.rows * self.columns, bitorder="little")
        drawing: Levels = bits.reshape(self.rows, self.columns)
        ink = drawing[max(-self.top, 0) :, max(-self.left, 0) :]
        picture = levels.copy()
        area = picture[max(self.top, 0) :, max(self.left, 0) :][: ink.shape[0], : ink.shape[1]]
        rows, columns = area.shape[:2]
        area[np.nonzero(ink[:rows, :columns])] = _WHITE
        return picture


def overlays_of(image: Attributes, frame_number: int) -> tuple[Overlay, ...]:
    """Return the overlays that are drawn on a frame; those that make no sense are left out.

    Args:
        image: DICOM JSON object of the instance, binary values inline.
        frame_number: counted from 1.
    """
    return tuple(overlay for group in _GROUPS for overlay in _overlay(image, group, frame_number))


def _overlay(image: Attributes, group: str, frame_number: int) -> Iterator[Overlay]:
    if f"{group}{_DATA}" not in image or text(image, f"{group}{_TYPE}").upper() == _REGION:
        return
    rows, columns = integer(image, f"{group}{_ROWS}") or 0, integer(image, f"{group}{_COLUMNS}") or 0
    frames, index = integer(image, f"{group}{_FRAMES}"), 0
    if frames and frames > 1:
        index = frame_number - (integer(image, f"{group}{_FIRST_FRAME}") or 1)
        if not 0 <= index < frames:
            return
    bits = _bits(binary(image, f"{group}{_DATA}"), index * rows * columns, rows * columns)
    top, left = [
        *(1 if value is None else int(value) for value in numbers(image, f"{group}{_ORIGIN}")),
        1,
        1,
    ][:2]
    if bits and rows > 0 and columns > 0:
        yield Overlay(top - 1, left - 1, rows, columns, bits)


def _bits(content: bytes, first: int, count: int) -> bytes:
    """Return bits of all frames together, from one on; none if they are not all there."""
    start, shift = divmod(first, 8)
    if count <= 0 or start < 0 or len(content) * 8 < first + count:
        return b""
    octets = content[start : -(-(first + count) // 8)]
    if not shift:
        return octets
    bits = np.unpackbits(np.frombuffer(octets, np.uint8), bitorder="little")[shift : shift + count]
    return np.packbits(bits, bitorder="little").tobytes()
