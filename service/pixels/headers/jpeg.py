"""The header of a JPEG or JPEG-LS stream, and what its colour really is.

Photometric Interpretation is often wrong for JPEG: what a stream carries is decided by its own markers, as
every viewer of photographs does it.

Standard: ISO/IEC 10918-1 Annex B, 10918-5 (JFIF), 10918-6 (Adobe); ISO/IEC 14495-1 Annex C (JPEG-LS).
"""

from collections.abc import Iterator
from typing import NamedTuple

from service.errors import UndecodableFrame
from service.pixels.headers.stream_header import StreamHeader
from service.transfer_syntaxes import (
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_FULL_PROGRESSION,
    JPEG_LOSSLESS,
    JPEG_LOSSLESS_FIRST_ORDER,
    JPEG_LS_LOSSLESS,
    JPEG_LS_NEAR_LOSSLESS,
)

_START_OF_IMAGE, _START_OF_SCAN, _END_OF_IMAGE = b"\xff\xd8", 0xDA, 0xD9
_WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xD8)))
_DCT_FRAMES = {0xC0: JPEG_BASELINE, 0xC1: JPEG_EXTENDED, 0xC2: JPEG_FULL_PROGRESSION}
_LOSSLESS_FRAME, _JPEG_LS_FRAME = 0xC3, 0xF7
_FRAME_HEADERS = _DCT_FRAMES.keys() | {_LOSSLESS_FRAME, _JPEG_LS_FRAME}
_JFIF, _ADOBE = 0xE0, 0xEE


class Segment(NamedTuple):
    """A marker and what belongs to it."""

    marker: int
    content: bytes


def jpeg_header(stream: bytes) -> StreamHeader:
    """Return what a JPEG or JPEG-LS stream announces.

    Raises:
        UndecodableFrame: the stream is neither, or ends before its pixels begin.
    """
    if not stream.startswith(_START_OF_IMAGE):
        raise UndecodableFrame(f"the frame begins with {stream[:4].hex()}: expected a JPEG stream, ffd8")
    head = list(segments(stream))
    frame = next((segment for segment in head if segment.marker in _FRAME_HEADERS), None)
    if frame is None or len(frame.content) < 6 + 3 * frame.content[5]:
        raise UndecodableFrame("the JPEG stream has no frame header of a process that can be decoded")
    content, is_dct = frame.content, frame.marker in _DCT_FRAMES
    return StreamHeader(
        rows=int.from_bytes(content[1:3], "big"),
        columns=int.from_bytes(content[3:5], "big"),
        samples=content[5],
        bits=content[0],
        lossy=is_dct,
        colour=_colour(head, content[6:]) if is_dct and content[5] == 3 else "",
    )


def jpeg_transfer_syntax(stream: bytes) -> str:
    """Return the transfer syntax that a JPEG or JPEG-LS stream is of. PS3.5 A.4.1, A.4.3.

    Raises:
        UndecodableFrame: the stream is of no process of DICOM, or ends before its pixels begin.
    """
    contents = {segment.marker: segment.content for segment in segments(stream)}
    scan = contents.get(_START_OF_SCAN, b"")
    selection = scan[1 + 2 * scan[0]] if scan else None  # of the predictor; of JPEG-LS, how near it is
    if _LOSSLESS_FRAME in contents:
        return JPEG_LOSSLESS_FIRST_ORDER if selection == 1 else JPEG_LOSSLESS
    if _JPEG_LS_FRAME in contents:
        return JPEG_LS_NEAR_LOSSLESS if selection else JPEG_LS_LOSSLESS
    for marker, transfer_syntax in _DCT_FRAMES.items():
        if marker in contents:
            return transfer_syntax
    raise UndecodableFrame("the JPEG stream has no frame header of a process that DICOM knows")


def is_subsampled(stream: bytes) -> bool:
    """Tell whether the components of a JPEG stream are sampled differently."""
    frames = (segment.content for segment in segments(stream) if segment.marker in _FRAME_HEADERS)
    return len(set(next(frames, b"")[7::3])) > 1


def segments(stream: bytes) -> Iterator[Segment]:
    """Yield the segments before the coded pixels, the header of the first scan being the last of them."""
    position = len(_START_OF_IMAGE)
    while position + 4 <= len(stream) and stream[position] == 0xFF:
        marker = stream[position + 1]
        if marker == _END_OF_IMAGE:
            return
        if marker == 0xFF:  # a fill byte
            position += 1
        elif marker in _WITHOUT_LENGTH:
            position += 2
        else:
            end = position + 2 + int.from_bytes(stream[position + 2 : position + 4], "big")
            content = stream[position + 4 : end]
            if marker not in _FRAME_HEADERS or len(content) >= 6:
                yield Segment(marker, content)
            if marker == _START_OF_SCAN:
                return
            position = max(end, position + 4)


def _colour(head: list[Segment], components: bytes) -> str:
    """Return what the markers say about three components: RGB, YBR or nothing."""
    if len(set(components[1::3])) > 1:  # only chrominance is ever subsampled
        return "YBR"
    adobe = next((segment.content for segment in head if segment.marker == _ADOBE), b"")
    if adobe.startswith(b"Adobe") and len(adobe) >= 12:
        return "YBR" if adobe[11] else "RGB"
    if components[0::3] in (b"RGB", b"rgb"):
        return "RGB"
    is_jfif = any(segment.marker == _JFIF and segment.content.startswith(b"JFIF\0") for segment in head)
    return "YBR" if is_jfif else ""
