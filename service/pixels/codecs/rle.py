"""RLE Lossless: byte planes, each run-length coded on its own.

The decoder of a plane is given its own bytes and the size that the plane has to have, so that an offset
which leads elsewhere, or a run that never ends, has nothing to read or to write.

Standard: PS3.5 Annex G.
"""

import imagecodecs
import numpy as np

from service.errors import UndecodableFrame
from service.pixels.arrays import Values
from service.pixels.description import ImageDescription

_HEADER_BYTES = 64
_LONGEST_RUN = 128


def native_frame(frame: bytes, description: ImageDescription) -> bytes:
    """Return an RLE coded frame as the native one that it was made of, with planes of samples.

    Raises:
        UndecodableFrame: the header or a plane is not of the frame described.
    """
    size = description.rows * description.columns
    if description.bits_allocated == 1:
        return _plane(frame[_segments(frame, 1)[0]], (size + 7) // 8)
    cell = description.bits_allocated // 8
    segments = _segments(frame, cell * description.samples_per_pixel)
    planes = np.empty((description.samples_per_pixel, size, cell), np.uint8)
    for index, segment in enumerate(segments):
        sample, significance = divmod(index, cell)  # the most significant byte comes first
        planes[sample, :, cell - 1 - significance] = np.frombuffer(_plane(frame[segment], size), np.uint8)
    return planes.tobytes()


def encoded_frame(values: Values) -> bytes:
    """Return the RLE coded frame of stored values, shape (rows, columns) or (rows, columns, 3).

    It has a segment per byte of a pixel, the most significant first.
    """
    rows, columns = values.shape[:2]
    octets = values.astype(values.dtype.newbyteorder(">"), copy=False).view(np.uint8)
    planes = np.moveaxis(octets.reshape(rows, columns, -1), -1, 0)
    segments = [_even(bytes(imagecodecs.packbits_encode(np.ascontiguousarray(plane)))) for plane in planes]
    header = np.zeros(_HEADER_BYTES // 4, "<u4")
    header[0] = len(segments)
    header[1 : len(segments) + 1] = np.cumsum([_HEADER_BYTES, *map(len, segments[:-1])])
    return header.tobytes() + b"".join(segments)


def _segments(frame: bytes, expected: int) -> list[slice]:
    """Return where the segments lie."""
    if len(frame) < _HEADER_BYTES:
        raise UndecodableFrame(f"the RLE frame has {len(frame)} bytes: expected a header of {_HEADER_BYTES}")
    number, *offsets = np.frombuffer(frame, "<u4", _HEADER_BYTES // 4).tolist()
    if number != expected:
        raise UndecodableFrame(f"the RLE frame has {number} segments: expected {expected}")
    ends = [*offsets[1:number], len(frame)]
    if offsets[0] != _HEADER_BYTES or any(end < start for start, end in zip(offsets, ends, strict=False)):
        raise UndecodableFrame("the RLE frame's segment offsets are not in order")
    return [slice(start, end) for start, end in zip(offsets, ends, strict=False)]


def _plane(segment: bytes, size: int) -> bytes:
    """Return the bytes of a plane; what an encoder added to it is cut off."""
    plane = bytes(imagecodecs.packbits_decode(segment, out=size + _LONGEST_RUN))
    if len(plane) < size:
        raise UndecodableFrame(f"an RLE segment holds {len(plane)} bytes: expected {size}")
    return plane[:size]


def _even(segment: bytes) -> bytes:
    return segment + b"\0" * (len(segment) % 2)
