"""The decoders of compressed frames, by transfer syntax. All are imagecodecs.

What each decoder does wrong is put right here. libjpeg converts colour by its own guess. OpenJPH hangs on
broken headers and wraps lossy values, so that OpenJPEG decodes High-Throughput JPEG 2000 as well. CharLS
spends many seconds on a stream that was cut, unless it finds an end.
"""

from collections.abc import Callable
from dataclasses import dataclass

import imagecodecs

from service.pixels.arrays import Values
from service.pixels.description import ImageDescription
from service.pixels.headers.jpeg import jpeg_header
from service.pixels.headers.jpeg2000 import code_stream, jpeg2000_header
from service.pixels.headers.jpeg_xl import jpeg_xl_header
from service.pixels.headers.stream_header import StreamHeader
from service.transfer_syntaxes import (
    HTJ2K,
    HTJ2K_LOSSLESS,
    HTJ2K_LOSSLESS_RPCL,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_FULL_PROGRESSION,
    JPEG_LOSSLESS,
    JPEG_LOSSLESS_FIRST_ORDER,
    JPEG_LS_LOSSLESS,
    JPEG_LS_NEAR_LOSSLESS,
    JPEG_SPECTRAL_SELECTION,
    JPEG_XL,
    JPEG_XL_LOSSLESS,
    JPEG_XL_RECOMPRESSION,
)

_END_OF_IMAGE = b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class Codec:
    """How streams of one kind are read.

    Attributes:
        name: as the Standard says it.
        header: stream → what it announces.
        decode: stream → samples, shape (rows, columns) or (rows, columns, samples).
        photometric_interpretation: of what `decode` returns.
    """

    name: str
    header: Callable[[bytes], StreamHeader]
    decode: Callable[[bytes, StreamHeader, ImageDescription], Values]
    photometric_interpretation: Callable[[StreamHeader, ImageDescription], str]


def _jpeg(stream: bytes, header: StreamHeader, description: ImageDescription) -> Values:
    """Decode JPEG; three components that are YBR become RGB, others are left alone."""
    if header.samples != 3:
        return imagecodecs.jpeg8_decode(stream)
    colour_space = "YCBCR" if header.lossy and _is_ybr(header, description) else "RGB"
    return imagecodecs.jpeg8_decode(stream, colorspace=colour_space, outcolorspace="RGB")


def _is_ybr(header: StreamHeader, description: ImageDescription) -> bool:
    """Tell what three components are: the stream knows it best."""
    return (header.colour or description.photometric_interpretation) != "RGB"


def _jpeg_interpretation(header: StreamHeader, description: ImageDescription) -> str:
    return "RGB" if header.lossy and header.samples == 3 else description.photometric_interpretation


def _jpeg_2000_interpretation(header: StreamHeader, description: ImageDescription) -> str:
    name = description.photometric_interpretation
    return "RGB" if header.colour or name in ("YBR_RCT", "YBR_ICT") else name


def _jpeg_xl_interpretation(_: StreamHeader, description: ImageDescription) -> str:
    return "RGB" if description.samples_per_pixel == 3 else description.photometric_interpretation


_JPEG = Codec("JPEG", jpeg_header, _jpeg, _jpeg_interpretation)
_JPEG_LS = Codec(
    "JPEG-LS",
    jpeg_header,
    lambda stream, _, __: imagecodecs.jpegls_decode(stream + _END_OF_IMAGE),
    lambda _, description: description.photometric_interpretation,
)
_JPEG_2000 = Codec(
    "JPEG 2000",
    jpeg2000_header,
    lambda stream, _, __: imagecodecs.jpeg2k_decode(code_stream(stream), numthreads=1),
    _jpeg_2000_interpretation,
)
_JPEG_XL = Codec(
    "JPEG XL",
    jpeg_xl_header,
    lambda stream, _, __: imagecodecs.jpegxl_decode(stream, keeporientation=True, numthreads=1),
    _jpeg_xl_interpretation,
)

CODECS = {
    JPEG_BASELINE: _JPEG,
    JPEG_EXTENDED: _JPEG,
    JPEG_SPECTRAL_SELECTION: _JPEG,
    JPEG_FULL_PROGRESSION: _JPEG,
    JPEG_LOSSLESS: _JPEG,
    JPEG_LOSSLESS_FIRST_ORDER: _JPEG,
    JPEG_LS_LOSSLESS: _JPEG_LS,
    JPEG_LS_NEAR_LOSSLESS: _JPEG_LS,
    JPEG_2000_LOSSLESS: _JPEG_2000,
    JPEG_2000: _JPEG_2000,
    JPEG_XL_LOSSLESS: _JPEG_XL,
    JPEG_XL_RECOMPRESSION: _JPEG_XL,
    JPEG_XL: _JPEG_XL,
    HTJ2K_LOSSLESS: _JPEG_2000,
    HTJ2K_LOSSLESS_RPCL: _JPEG_2000,
    HTJ2K: _JPEG_2000,
}
"""The codecs of streams that announce what they hold, by transfer syntax."""
