"""From the bytes of a frame to stored values.

Only native frames so far. Decoders of compressed frames belong here too: whatever a frame came as,
what leaves this file are stored values of the described shape.
"""

import numpy as np

from service.errors import NotRenderable
from service.pixels.arrays import Values
from service.pixels.description import ImageDescription

Frame = bytes | bytearray | memoryview


def stored_values(frame: Frame, description: ImageDescription) -> Values:
    """Return the stored values of a native frame, without copying them where nothing has to change.

    Args:
        frame: little endian bytes; a frame of single bits starts at bit 0. Bytes after it are padding.
        description: of this frame.

    Returns:
        Shape (rows, columns), or (rows, columns, 3) whatever the Planar Configuration; of the type that
        Bits Allocated and Pixel Representation make. Bits outside Bits Stored are gone.

    Raises:
        NotRenderable: there are fewer bytes than the description needs.

    Standard: PS3.5 8.1.1, 8.2; PS3.3 C.7.6.3.1.
    """
    length = len(memoryview(frame).cast("B"))
    if length < description.frame_length:
        raise NotRenderable(f"the frame has {length} bytes: expected {description.frame_length}")
    return _shaped(_samples(frame, description), description)


def _samples(frame: Frame, description: ImageDescription) -> Values:
    """Return the samples in the order of the bytes, shape (number of samples,)."""
    number = description.rows * description.columns * description.samples_per_pixel
    if description.bits_allocated == 1:
        octets = np.frombuffer(frame, np.uint8, description.frame_length)
        return np.unpackbits(octets, count=number, bitorder="little")
    kind = "f" if description.floating else "i" if description.pixel_representation else "u"
    cells = np.frombuffer(frame, f"<{kind}{description.bits_allocated // 8}", number)
    return cells if description.floating else _significant_bits(cells, description)


def _significant_bits(cells: Values, description: ImageDescription) -> Values:
    """Keep Bits Stored bits up to High Bit, of which the highest is the sign of signed ones."""
    unused = description.bits_allocated - description.bits_stored
    if unused == 0:
        return cells
    above = description.bits_allocated - 1 - description.high_bit
    return np.asarray((cells << above) >> unused)


def _shaped(samples: Values, description: ImageDescription) -> Values:
    size = (description.rows, description.columns)
    if description.samples_per_pixel == 1:
        return samples.reshape(size)
    if description.planar_configuration == 1:
        return np.stack(list(samples.reshape(-1, *size)), axis=-1)
    return samples.reshape(*size, -1)
