"""Native frames: from bytes to stored values, without copying them where nothing has to change."""

import numpy as np

from service.errors import NotRenderable
from service.pixels.arrays import Values
from service.pixels.description import ImageDescription

FrameBytes = bytes | bytearray | memoryview


def stored_values(frame: FrameBytes, description: ImageDescription, *, may_overwrite: bool = False) -> Values:
    """Return the stored values of a native frame.

    Args:
        frame: little endian bytes; a frame of single bits starts at bit 0. Bytes after it are padding.
        description: of this frame.
        may_overwrite: nobody needs these bytes afterwards, so that the values may take their place.

    Returns:
        Shape (rows, columns), or (rows, columns, 3) whatever the Planar Configuration and with every
        pixel's own chrominance; of the type that Bits Allocated and Pixel Representation make. Bits
        outside Bits Stored are gone.

    Raises:
        NotRenderable: there are fewer bytes than the description needs, or an odd number of columns
            whose neighbours share their chrominance.

    Standard: PS3.5 8.1.1, 8.2; PS3.3 C.7.6.3.1.
    """
    length = len(memoryview(frame).cast("B"))
    if length < description.frame_length:
        raise NotRenderable(f"the frame has {length} bytes: expected {description.frame_length}")
    if description.is_subsampled and description.columns % 2:
        raise NotRenderable(f"{description.columns} columns of pairs: expected an even number")
    return _shaped(_samples(frame, description, may_overwrite=may_overwrite), description)


def _samples(frame: FrameBytes, description: ImageDescription, *, may_overwrite: bool) -> Values:
    """Return the samples in the order of the bytes, shape (number of samples,)."""
    number = description.frame_samples
    if description.bits_allocated == 1:
        octets = np.frombuffer(frame, np.uint8, description.frame_length)
        return np.unpackbits(octets, count=number, bitorder="little")
    kind = "f" if description.floating else "i" if description.pixel_representation else "u"
    cells = np.frombuffer(frame, f"<{kind}{description.bits_allocated // 8}", number)
    if description.floating:
        return cells
    return _significant_bits(cells, description, cells if may_overwrite and cells.flags.writeable else None)


def _significant_bits(cells: Values, description: ImageDescription, out: Values | None) -> Values:
    """Keep Bits Stored bits up to High Bit, of which the highest is the sign of signed ones."""
    unused = description.bits_allocated - description.bits_stored
    if unused == 0:
        return cells
    above = description.bits_allocated - 1 - description.high_bit
    if above == unused and not description.pixel_representation:
        return np.bitwise_and(cells, (1 << description.bits_stored) - 1, out=out)
    shifted = np.left_shift(cells, above, out=out)
    return np.right_shift(shifted, unused, out=shifted)


def _shaped(samples: Values, description: ImageDescription) -> Values:
    size = (description.rows, description.columns)
    if description.samples_per_pixel == 1:
        return samples.reshape(size)
    if description.is_subsampled:
        return _with_chrominance(samples).reshape(*size, 3)
    if description.planar_configuration == 1:
        return np.stack(list(samples.reshape(-1, *size)), axis=-1)
    return samples.reshape(*size, -1)


def _with_chrominance(samples: Values) -> Values:
    """Give both pixels of Y1 Y2 CB CR their chrominance. PS3.3 C.7.6.3.1.2."""
    pairs = samples.reshape(-1, 4)
    pixels = np.empty((len(pairs), 2, 3), samples.dtype)
    pixels[:, :, 0] = pairs[:, :2]
    pixels[:, :, 1:] = pairs[:, np.newaxis, 2:]
    return pixels
