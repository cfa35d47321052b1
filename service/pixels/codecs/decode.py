"""From the bytes of a frame to stored values, whatever transfer syntax they came in.

A native frame is read as it is. The code stream of a compressed one is compared with the description before
a decoder sees it, and what the decoder makes of it is brought to the type that the description asks for.
"""

import struct
import zlib
from dataclasses import dataclass, replace

import numpy as np

from service.errors import DicomwebError, UndecodableFrame, shorten
from service.pixels.arrays import Values
from service.pixels.codecs import rle
from service.pixels.codecs.decoders import CODECS, Codec
from service.pixels.codecs.native import FrameBytes, stored_values
from service.pixels.description import ImageDescription
from service.pixels.headers.check import check
from service.pixels.headers.stream_header import StreamHeader
from service.transfer_syntaxes import DEFLATED_IMAGE_FRAME, RLE_LOSSLESS, TRANSFER_SYNTAXES, Kind

NATIVE_SYNTAXES = frozenset(
    syntax.uid for syntax in TRANSFER_SYNTAXES.values() if syntax.kind in (Kind.NATIVE, Kind.UNCOMPRESSED)
)
DECODABLE_SYNTAXES = NATIVE_SYNTAXES | {RLE_LOSSLESS, DEFLATED_IMAGE_FRAME} | CODECS.keys()
"""The transfer syntaxes of which frames can be decoded."""

_RAW_DEFLATE = -zlib.MAX_WBITS


@dataclass(frozen=True, slots=True, eq=False)
class DecodedFrame:
    """The stored values of a frame.

    Attributes:
        values: shape (rows, columns) or (rows, columns, 3); of the type that Bits Allocated and Pixel
            Representation make, uint8 of 0 and 1 for single bits. Read only.
        photometric_interpretation: of these values, which decoding may have changed.
    """

    values: Values
    photometric_interpretation: str

    def described(self, description: ImageDescription) -> ImageDescription:
        """Return the description of the stored frame as that of these values."""
        name = self.photometric_interpretation
        is_same = name == description.photometric_interpretation
        return description if is_same else replace(description, photometric_interpretation=name)


def decoded(
    frame: FrameBytes, transfer_syntax: str, description: ImageDescription, *, may_overwrite: bool = False
) -> DecodedFrame:
    """Return the stored values of a frame.

    Args:
        frame: its bytes: native ones in little endian from bit 0 on, or its code stream.
        transfer_syntax: one of DECODABLE_SYNTAXES.
        description: of this frame.
        may_overwrite: nobody needs the bytes of a native frame afterwards.

    Raises:
        UndecodableFrame: the code stream is broken, or not of the frame described.
        NotRenderable: a native frame is shorter than described.

    Standard: PS3.5 8.2, A.4.
    """
    if transfer_syntax in NATIVE_SYNTAXES:
        return _native(frame, description, may_overwrite=may_overwrite)
    try:
        return _decompressed(bytes(frame), transfer_syntax, description)
    except DicomwebError:
        raise
    except Exception as error:  # each decoder has its own, and raises others too
        reason = shorten(str(error) or type(error).__name__)
        raise UndecodableFrame(f"the frame's stream cannot be decoded: {reason}") from error


def check_stream(frame: FrameBytes, transfer_syntax: str, description: ImageDescription) -> None:
    """Compare what a code stream announces with the description. Nothing is decoded.

    Raises:
        UndecodableFrame: it is of another picture, or of none.
    """
    codec = CODECS.get(transfer_syntax)
    if codec is None:
        return
    try:
        check(codec.header(bytes(frame)), description)
    except (IndexError, ValueError, struct.error) as error:
        raise UndecodableFrame("the frame's stream has no header that can be read") from error


def _decompressed(frame: bytes, transfer_syntax: str, description: ImageDescription) -> DecodedFrame:
    if transfer_syntax == RLE_LOSSLESS:
        return _native(rle.native_frame(frame, description), replace(description, planar_configuration=1))
    if transfer_syntax == DEFLATED_IMAGE_FRAME:
        content = zlib.decompressobj(_RAW_DEFLATE).decompress(frame, description.frame_length)
        return _native(content, description)
    return _decoded_by(CODECS[transfer_syntax], frame, description)


def _native(frame: FrameBytes, description: ImageDescription, *, may_overwrite: bool = False) -> DecodedFrame:
    values = stored_values(frame, description, may_overwrite=may_overwrite)
    return _frame(values, description.photometric_interpretation)


def _decoded_by(codec: Codec, frame: bytes, description: ImageDescription) -> DecodedFrame:
    header = codec.header(frame)
    check(header, description)
    values = np.asarray(codec.decode(frame, header, description))
    shape = (header.rows, header.columns, description.samples_per_pixel)
    if values.size != np.prod(shape) or values.shape[:2] != shape[:2] or values.dtype.kind not in "iu":
        raise UndecodableFrame(f"{codec.name} decodes to {values.shape} of {values.dtype}: expected {shape}")
    values = _as_described(values.reshape(shape if shape[2] > 1 else shape[:2]), header, description)
    return _frame(_filled(values, description), codec.photometric_interpretation(header, description))


def _as_described(values: Values, header: StreamHeader, description: ImageDescription) -> Values:
    """Bring samples to the type described: their sign, then their range, then their size."""
    cell, signed = max(description.bits_allocated, 8) // 8, bool(description.pixel_representation)
    if signed != header.signed:
        bits = header.bits or 8 * values.itemsize
        values = _with_sign(values, min(bits, description.bits_stored) if signed else bits, signed=signed)
    if header.lossy:
        values = values.clip(*description.stored_range)
    return values.astype(f"{'i' if signed else 'u'}{cell}", copy=False)


def _filled(values: Values, description: ImageDescription) -> Values:
    """Fill what a tile at the edge of a slide lacks of its size with white, the light of the lamp."""
    margin = description.rows - values.shape[0], description.columns - values.shape[1]
    if not any(margin):
        return values
    white = description.stored_range[1]
    return np.pad(values, [(0, margin[0]), (0, margin[1]), (0, 0)], constant_values=white)


def _with_sign(values: Values, bits: int, *, signed: bool) -> Values:
    """Take the low bits of samples as two's complement, or as unsigned numbers.

    Many streams cannot say that their samples are signed, and some say the wrong thing.
    """
    unused = 8 * values.itemsize - bits
    cells = values.astype(f"{'i' if signed else 'u'}{values.itemsize}")
    return np.asarray((cells << unused) >> unused)


def _frame(values: Values, photometric_interpretation: str) -> DecodedFrame:
    """Return values, every pixel with its own chrominance, that nobody changes any more."""
    values = values.view()
    values.flags.writeable = False
    name = photometric_interpretation
    return DecodedFrame(values, "YBR_FULL" if name == "YBR_FULL_422" else name)
