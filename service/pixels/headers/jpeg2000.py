"""The header of a JPEG 2000 or High-Throughput JPEG 2000 stream, bare or inside a JP2 file.

Standard: ISO/IEC 15444-1 Annex A, Annex I; 15444-15.
"""

import struct

from service.errors import UndecodableFrame
from service.pixels.headers.boxes import boxes
from service.pixels.headers.stream_header import StreamHeader

_START_AND_SIZE = b"\xff\x4f\xff\x51"
_JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  "
_CODING_STYLE, _START_OF_TILE = 0xFF52, 0xFF90
_SIZE = struct.Struct(">HH8IH")


def code_stream(frame: bytes) -> bytes:
    """Return the code stream: what it lies in, should it be a JP2 file, is not DICOM's. PS3.5 A.4.4."""
    if not frame.startswith(_JP2_SIGNATURE):
        return frame
    return next((content for kind, content in boxes(frame) if kind == b"jp2c"), b"")


def jpeg2000_header(frame: bytes) -> StreamHeader:
    """Return what a JPEG 2000 stream announces.

    Raises:
        UndecodableFrame: the stream is not JPEG 2000, or ends within its header.
    """
    stream = code_stream(frame)
    if not stream.startswith(_START_AND_SIZE):
        raise UndecodableFrame(f"the frame begins with {frame[:4].hex()}: expected JPEG 2000, ff4fff51")
    end = 4 + _SIZE.size
    if len(stream) < end + 3:
        raise UndecodableFrame("the JPEG 2000 stream ends within its header")
    _, _, right, bottom, left, top, *_, samples = _SIZE.unpack_from(stream, 4)
    depth = stream[end]
    return StreamHeader(
        rows=bottom - top,
        columns=right - left,
        samples=samples,
        bits=(depth & 0x7F) + 1,
        signed=bool(depth & 0x80),
        colour="YBR" if any(_coding_style(stream)[4:5]) else "",  # its own transform: RCT or ICT
    )


def is_reversible(frame: bytes) -> bool:
    """Tell whether the wavelet of a JPEG 2000 stream (5-3, not 9-7) can give back every value.

    Raises:
        UndecodableFrame: the stream is not JPEG 2000, or ends within its header.
    """
    jpeg2000_header(frame)
    return _coding_style(code_stream(frame))[9:10] == b"\1"


def _coding_style(stream: bytes) -> bytes:
    """Return the parameters of the COD marker; empty where it is missing. ISO/IEC 15444-1 A.6.1."""
    position = 4 + int.from_bytes(stream[4:6], "big")
    while position + 9 <= len(stream):
        marker, length = struct.unpack_from(">HH", stream, position)
        if marker == _CODING_STYLE:
            return stream[position + 4 : position + 2 + length]
        if marker == _START_OF_TILE:
            break
        position += 2 + length
    return b""
