"""From stored values to the bytes of a frame in another transfer syntax.

Every encoder but that of JPEG Baseline keeps each value. A sample is encoded with all the bits of its cell
wherever the codec has no sign, so that a decoder gets the cell back as it was, whatever Bits Stored is.
"""

from collections.abc import Callable
from typing import NamedTuple

import imagecodecs
import numpy as np

from service.pixels.arrays import Values
from service.pixels.codecs import rle
from service.pixels.codecs.decode import DecodedFrame
from service.pixels.description import GRAYSCALE, ImageDescription
from service.transfer_syntaxes import (
    HTJ2K_LOSSLESS,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_LOSSLESS_FIRST_ORDER,
    JPEG_LS_LOSSLESS,
    RLE_LOSSLESS,
)

_BASELINE_QUALITY = 90
_SPIFF = b"\xff\xe8"
_LONGEST_CODE, _HEAD_BYTES = 4, 4096  # JPEG-LS: no sample takes more than four times its bits. 14495-1 A.5.3

# Photometric Interpretation of the values → of the code stream.
_UNCHANGED = {name: name for name in (*GRAYSCALE, "PALETTE COLOR", "RGB", "YBR_FULL")}
_TRANSFORMED = _UNCHANGED | {"RGB": "YBR_RCT"}
_CHROMINANCE_HALVED = {name: name for name in GRAYSCALE} | {"RGB": "YBR_FULL_422", "YBR_FULL": "YBR_FULL_422"}
_DECODED = {"YBR_FULL_422": "YBR_FULL", "YBR_RCT": "RGB", "YBR_ICT": "RGB"}


class Encoder(NamedTuple):
    """How frames are brought into one transfer syntax: PS3.5 8.2.

    Attributes:
        encode: values, their Photometric Interpretation and Bits Stored → the code stream.
        bits_allocated: that it can take.
        photometric_interpretations: that it can take, and what they become.
        lossy_method: Lossy Image Compression Method, PS3.3 C.7.6.1.1.5; empty where every value comes back.
    """

    encode: Callable[[Values, str, int], bytes]
    bits_allocated: tuple[int, ...]
    photometric_interpretations: dict[str, str]
    lossy_method: str = ""


def encoded(frame: DecodedFrame, bits_stored: int, transfer_syntax: str) -> bytes:
    """Return the code stream of a frame.

    Args:
        frame: of a kind that `can_encode` tells.
        bits_stored: of its values.
        transfer_syntax: one of ENCODERS.

    Standard: PS3.5 8.2, A.4.
    """
    values = np.ascontiguousarray(frame.values)
    name = native_photometric_interpretation(frame.photometric_interpretation)
    return ENCODERS[transfer_syntax].encode(values, name, bits_stored)


def can_encode(description: ImageDescription, transfer_syntax: str) -> bool:
    """Tell whether frames of this description can be brought into one of the ENCODERS' transfer syntaxes."""
    encoder = ENCODERS[transfer_syntax]
    if description.floating or description.bits_allocated not in encoder.bits_allocated:
        return False
    if encoder.lossy_method and description.pixel_representation:
        return False
    name = native_photometric_interpretation(description.photometric_interpretation)
    return name in encoder.photometric_interpretations


def encoded_photometric_interpretation(photometric_interpretation: str, transfer_syntax: str) -> str:
    """Return the Photometric Interpretation of frames once they are encoded. PS3.5 8.2.1 to 8.2.4."""
    name = native_photometric_interpretation(photometric_interpretation)
    return ENCODERS[transfer_syntax].photometric_interpretations.get(name, name)


def native_photometric_interpretation(photometric_interpretation: str) -> str:
    """Return the Photometric Interpretation of values that each have all their samples."""
    return _DECODED.get(photometric_interpretation, photometric_interpretation)


def native_bytes(frame: DecodedFrame, description: ImageDescription) -> bytes:
    """Return the frame's native bytes, little endian, colour by plane where the description says so.

    Single bits begin at bit 0 and end with the byte. Standard: PS3.5 8.1.1, PS3.18 8.7.3.3.1.
    """
    values = frame.values
    if description.bits_allocated == 1:
        return np.packbits(values, axis=None, bitorder="little").tobytes()
    if values.ndim == 3 and description.planar_configuration == 1:
        values = np.moveaxis(values, -1, 0)
    return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()


def _jpeg_ls(values: Values, _photometric: str, _bits_stored: int) -> bytes:
    """Return the stream without the SPIFF header that the encoder begins with: DICOM has its own."""
    room = _LONGEST_CODE * values.nbytes + _HEAD_BYTES
    stream: bytes = imagecodecs.jpegls_encode(_cells(values), out=room)
    start = 2
    while stream[start : start + 2] == _SPIFF:
        start += 2 + int.from_bytes(stream[start + 2 : start + 4], "big")
    return stream[:2] + stream[start:]


def _jpeg_lossless(values: Values, _photometric: str, _bits_stored: int) -> bytes:
    """Return the stream of process 14 with the first predictor: PS3.5 10.2. Colour goes in as it is."""
    space = "RGB" if values.ndim == 3 else None
    return bytes(
        imagecodecs.jpeg8_encode(
            _cells(values),
            lossless=True,
            predictor=1,
            bitspersample=8 * values.itemsize,
            colorspace=space,
            outcolorspace=space,
        )
    )


def _jpeg_baseline(values: Values, photometric: str, _bits_stored: int) -> bytes:
    space = "YCBCR" if photometric == "YBR_FULL" else None  # RGB is made YCbCr by the encoder
    return bytes(
        imagecodecs.jpeg8_encode(
            values, level=_BASELINE_QUALITY, colorspace=space, outcolorspace=space, subsampling="422"
        )
    )


def _jpeg_2000(values: Values, photometric: str, bits_stored: int) -> bytes:
    return bytes(
        imagecodecs.jpeg2k_encode(
            values,
            level=0,
            codecformat="j2k",
            reversible=True,
            mct=photometric == "RGB",
            bitspersample=bits_stored,
        )
    )


def _htj2k(values: Values, photometric: str, _bits_stored: int) -> bytes:
    return bytes(imagecodecs.htj2k_encode(values, reversible=True, rgb=photometric == "RGB"))


def _cells(values: Values) -> Values:
    """Return the values as their bits, for codecs that know no sign."""
    return values.view(f"u{values.itemsize}")


# The first that suits is made when several would do.
ENCODERS = {
    JPEG_LS_LOSSLESS: Encoder(_jpeg_ls, (8, 16), _UNCHANGED),
    JPEG_2000_LOSSLESS: Encoder(_jpeg_2000, (8, 16), _TRANSFORMED),
    HTJ2K_LOSSLESS: Encoder(_htj2k, (8, 16), _TRANSFORMED),
    RLE_LOSSLESS: Encoder(lambda values, _, __: rle.encoded_frame(values), (8, 16, 32), _UNCHANGED),
    JPEG_LOSSLESS_FIRST_ORDER: Encoder(_jpeg_lossless, (8, 16), _UNCHANGED),
    JPEG_BASELINE: Encoder(_jpeg_baseline, (8,), _CHROMINANCE_HALVED, "ISO_10918_1"),
}
