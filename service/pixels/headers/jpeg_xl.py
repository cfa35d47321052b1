"""The header of a JPEG XL stream, bare or in its container: its size, and where that is plain, its samples.

Standard: ISO/IEC 18181-1 Annex D.2 (SizeHeader) and D.3 (ImageMetadata), 18181-2 (the container).
"""

from typing import NamedTuple

from service.errors import UndecodableFrame
from service.pixels.headers.boxes import boxes
from service.pixels.headers.stream_header import StreamHeader
from service.transfer_syntaxes import JPEG_XL, JPEG_XL_LOSSLESS, JPEG_XL_RECOMPRESSION

_SIGNATURE = b"\xff\x0a"
_CONTAINER = b"\x00\x00\x00\x0cJXL "
_LENGTHS = (9, 13, 18, 30)  # bits of a side, by the two bits before it
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_MAX_HEADER_BYTES = 16
_GRAY_SPACE = 1  # of the colour spaces


class _Bits:
    """Bits of a little endian number, lowest first."""

    def __init__(self, content: bytes) -> None:
        self._rest = int.from_bytes(content, "little")

    def take(self, number: int) -> int:
        """Return the next bits as a number."""
        bits = self._rest & ((1 << number) - 1)
        self._rest >>= number
        return bits


class JpegXlSamples(NamedTuple):
    """What the samples of a JPEG XL stream are.

    Attributes:
        samples: components of a pixel, 1 or 3.
        bits: of a sample.
        transfer_syntax: its UID, by how it was coded: lossless, JPEG recompression, or with losses.
    """

    samples: int
    bits: int
    transfer_syntax: str


def jpeg_xl_header(frame: bytes) -> StreamHeader:
    """Return what a JPEG XL stream announces.

    Raises:
        UndecodableFrame: the stream is not JPEG XL.
    """
    rows, columns = _size(_bits(frame))
    return StreamHeader(rows, columns, colour="RGB")


def jpeg_xl_samples(frame: bytes) -> JpegXlSamples:
    """Return what the samples are, of a stream that is neither animated nor has an alpha channel.

    Raises:
        UndecodableFrame: the stream is not JPEG XL, or has an animation, floating point or other channels.
    """
    bits = _bits(frame)
    _size(bits)
    if bits.take(1):  # all is as usual
        return JpegXlSamples(3, 8, JPEG_XL)
    if bits.take(1) or bits.take(1):  # an animation or the like; floating point
        raise UndecodableFrame("the JPEG XL stream does not say plainly what its samples are")
    depth = (8, 10, 12, 0)[bits.take(2)] or bits.take(6) + 1
    bits.take(1)
    if bits.take(2):
        raise UndecodableFrame(
            "the JPEG XL stream has an alpha channel or other channels besides its colours"
        )
    transfer_syntax = JPEG_XL if bits.take(1) else JPEG_XL_LOSSLESS
    is_gray = not bits.take(1) and bits.take(3) >> 1 == _GRAY_SPACE  # after the bit that announces a profile
    if any(kind == b"jbrd" for kind, _ in boxes(frame)):
        transfer_syntax = JPEG_XL_RECOMPRESSION
    return JpegXlSamples(1 if is_gray else 3, depth, transfer_syntax)


def _bits(frame: bytes) -> _Bits:
    """Return the bits behind the signature of a stream."""
    stream = _code_stream(frame)
    if not stream.startswith(_SIGNATURE):
        raise UndecodableFrame(f"the frame begins with {frame[:4].hex()}: expected JPEG XL, ff0a")
    return _Bits(stream[2:_MAX_HEADER_BYTES])


def _size(bits: _Bits) -> tuple[int, int]:
    in_eights = bool(bits.take(1))
    rows = _side(bits, in_eights=in_eights)
    ratio = _RATIOS.get(bits.take(3))
    return rows, rows * ratio[0] // ratio[1] if ratio else _side(bits, in_eights=in_eights)


def _side(bits: _Bits, *, in_eights: bool) -> int:
    if in_eights:
        return 8 * (bits.take(5) + 1)
    return bits.take(_LENGTHS[bits.take(2)]) + 1


def _code_stream(frame: bytes) -> bytes:
    """Return the code stream, or as much of it as the first box that has some holds."""
    if not frame.startswith(_CONTAINER):
        return frame
    index_bytes = {b"jxlc": 0, b"jxlp": 4}
    return next((content[index_bytes[kind] :] for kind, content in boxes(frame) if kind in index_bytes), b"")
