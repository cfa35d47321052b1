"""The Image Pixel attributes of pictures that came without them: taken from what the pictures announce.

Standard: PS3.3 C.7.6.3, PS3.18 10.5.1.4; PS3.5 8.2 for Photometric Interpretation.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from service.errors import UndecodableFrame
from service.pixels.headers.jpeg import is_subsampled, jpeg_header, jpeg_transfer_syntax
from service.pixels.headers.jpeg2000 import is_reversible, jpeg2000_header
from service.pixels.headers.jpeg_xl import jpeg_xl_header, jpeg_xl_samples
from service.pixels.headers.stream_header import StreamHeader
from service.pixels.headers.video import Read, video_header
from service.transfer_syntaxes import (
    HTJ2K,
    HTJ2K_LOSSLESS,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_2000_MULTICOMPONENT,
    JPEG_2000_MULTICOMPONENT_LOSSLESS,
    TRANSFER_SYNTAXES,
)

STREAM_HEAD_BYTES = 2**20  # of a code stream, in which what it announces has to be


@dataclass(frozen=True, slots=True)
class ImagePixel:
    """What describes the pixels of an image.

    Attributes:
        rows: of a frame.
        columns: of a frame.
        samples_per_pixel: 1 or 3.
        photometric_interpretation: as the Standard names it.
        bits_stored: of a sample; Bits Allocated are the next 8, 16 or 32.
        signed: samples are two's complement.
        lossy: values were lost.
        number_of_frames: None where it is not known.
    """

    rows: int
    columns: int
    samples_per_pixel: int
    photometric_interpretation: str
    bits_stored: int
    signed: bool = False
    lossy: bool = False
    number_of_frames: int | None = None

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes of the Image Pixel Module, as DICOM JSON."""
        allocated = next(bits for bits in (8, 16, 32) if bits >= self.bits_stored)
        numbers = {
            "00280002": self.samples_per_pixel,
            "00280006": 0 if self.samples_per_pixel > 1 else None,
            "00280010": self.rows,
            "00280011": self.columns,
            "00280100": allocated,
            "00280101": self.bits_stored,
            "00280102": self.bits_stored - 1,
            "00280103": int(self.signed),
        }
        return {
            **{tag: _element("US", value) for tag, value in numbers.items() if value is not None},
            "00280004": _element("CS", self.photometric_interpretation),
            **({"00280008": _element("IS", self.number_of_frames)} if self.number_of_frames else {}),
            **({"00282110": _element("CS", "01")} if self.lossy else {}),
        }


CodeStreamReader = Callable[[bytes], tuple[str, ImagePixel]]
"""The first bytes of a code stream → its transfer syntax, and what it says of its image."""


def image_pixel_of_stream(media_type: str, head: bytes) -> tuple[str, ImagePixel]:
    """Return the transfer syntax of a code stream, and what it says of its image.

    Args:
        media_type: one of `CODE_STREAMS`.
        head: its first bytes, at least STREAM_HEAD_BYTES of a longer one.

    Raises:
        UndecodableFrame: the stream is not of this media type, or does not say what its image is.
    """
    try:
        return CODE_STREAMS[media_type](head)
    except (IndexError, ValueError, struct.error) as error:
        raise UndecodableFrame(f"the {media_type} has no header that can be read") from error


def image_pixel_of_video(read: Read) -> ImagePixel:
    """Return what a video says of its pictures. PS3.5 8.2.5 to 8.2.8.

    Raises:
        UndecodableFrame: the video is neither MP4 nor MPEG-2, or does not say how large its pictures are.
    """
    rows, columns, number = video_header(read)
    return ImagePixel(rows, columns, 3, "YBR_PARTIAL_420", 8, lossy=True, number_of_frames=number)


def _jpeg(head: bytes) -> tuple[str, ImagePixel]:
    header, transfer_syntax = jpeg_header(head), jpeg_transfer_syntax(head)
    is_ybr = header.lossy and header.colour != "RGB"
    name = ("YBR_FULL_422" if is_subsampled(head) else "YBR_FULL") if is_ybr else "RGB"
    return transfer_syntax, _image_pixel(header, name, transfer_syntax)


def _jpeg_2000(lossless: str, lossy: str) -> CodeStreamReader:
    """Return the reader of JPEG 2000 that goes by one of two transfer syntaxes."""

    def read(head: bytes) -> tuple[str, ImagePixel]:
        header, reversible = jpeg2000_header(head), is_reversible(head)
        transform = "YBR_RCT" if reversible else "YBR_ICT"
        transfer_syntax = lossless if reversible else lossy
        return transfer_syntax, _image_pixel(header, transform if header.colour else "RGB", transfer_syntax)

    return read


def _jpeg_xl(head: bytes) -> tuple[str, ImagePixel]:
    header, (samples, bits, transfer_syntax) = jpeg_xl_header(head), jpeg_xl_samples(head)
    header = replace(header, samples=samples, bits=bits)
    return transfer_syntax, _image_pixel(header, "RGB", transfer_syntax)


def _image_pixel(header: StreamHeader, colour: str, transfer_syntax: str) -> ImagePixel:
    if header.samples not in (1, 3):
        raise UndecodableFrame(f"the stream has {header.samples} samples a pixel: expected 1 or 3")
    bits = header.bits or 0
    if not (header.rows and header.columns and 0 < bits <= 32):
        announcement = f"{header.rows} rows, {header.columns} columns, {bits} bits"
        raise UndecodableFrame(f"the stream has {announcement}: expected a size, and 1 to 32 bits a sample")
    return ImagePixel(
        header.rows,
        header.columns,
        header.samples,
        colour if header.samples == 3 else "MONOCHROME2",
        bits,
        header.signed,
        lossy=TRANSFER_SYNTAXES[transfer_syntax].lossy,
    )


def _element(vr: str, value: object) -> dict[str, Any]:
    return {"vr": vr, "Value": [value]}


_HIGH_THROUGHPUT = _jpeg_2000(HTJ2K_LOSSLESS, HTJ2K)

CODE_STREAMS: dict[str, CodeStreamReader] = {
    "image/jpeg": _jpeg,
    "image/jls": _jpeg,
    "image/jp2": _jpeg_2000(JPEG_2000_LOSSLESS, JPEG_2000),
    "image/jpx": _jpeg_2000(JPEG_2000_MULTICOMPONENT_LOSSLESS, JPEG_2000_MULTICOMPONENT),
    **dict.fromkeys(("image/jph", "image/jphc"), _HIGH_THROUGHPUT),
    "image/jxl": _jpeg_xl,
}
"""Media type → how a stream of it is read."""
