"""Size and number of the pictures of a video, read from its container. Nothing of it is decoded.

A video may be longer than memory: it is read through a function that returns a run of its bytes. What is read
are the headers of an MP4 file, wherever they lie in it, or the first sequence header of MPEG-2.

Standard: ISO/IEC 14496-12 (MP4), ISO/IEC 13818-2 6.2.2.1 (MPEG-2).
"""

from collections.abc import Callable
from typing import NamedTuple

from service.errors import UndecodableFrame
from service.pixels.headers.boxes import boxes

Read = Callable[[int, int], bytes]
"""Offset and length in bytes → those bytes, or as many as there are."""

_MAX_INDEX_BYTES = 2**26  # of an MP4 file's moov box
_MAX_BOXES = 1024  # before it
_MPEG_2_HEAD_BYTES = 2**20  # in which an MPEG-2 stream has its first sequence header
_SEQUENCE_HEADER = b"\x00\x00\x01\xb3"
_TO_SAMPLES = (b"mdia", b"minf", b"stbl")


class VideoHeader(NamedTuple):
    """What a video says of its pictures; their number is None where it does not."""

    rows: int
    columns: int
    number_of_frames: int | None


def video_header(read: Read) -> VideoHeader:
    """Return what a video in MP4, or of MPEG-2, announces.

    Raises:
        UndecodableFrame: the video is neither, or does not say how large its pictures are.
    """
    header = _mp4_header(read) if read(4, 4) == b"ftyp" else _mpeg_2_header(read(0, _MPEG_2_HEAD_BYTES))
    if header is None or not (header.rows and header.columns):
        raise UndecodableFrame("the video says neither as MP4 nor as MPEG-2 how large its pictures are")
    return header


def _mpeg_2_header(head: bytes) -> VideoHeader | None:
    start = head.find(_SEQUENCE_HEADER) + len(_SEQUENCE_HEADER)
    if start < len(_SEQUENCE_HEADER) or start + 3 > len(head):
        return None
    columns, rows = divmod(int.from_bytes(head[start : start + 3], "big"), 2**12)
    return VideoHeader(rows, columns, None)


def _mp4_header(read: Read) -> VideoHeader | None:
    tracks = (content for kind, content in boxes(_index(read)) if kind == b"trak")
    return next(filter(None, map(_track_header, tracks)), None)


def _index(read: Read) -> bytes:
    """Return the content of the moov box, which may lie behind all pictures."""
    position = 0
    for _ in range(_MAX_BOXES):
        header = read(position, 16)
        length, start = int.from_bytes(header[:4], "big"), 8
        if length == 1:
            length, start = int.from_bytes(header[8:16], "big"), 16
        if header[4:8] == b"moov" and length <= _MAX_INDEX_BYTES:
            return read(position + start, max(0, length - start))
        if length < start:
            break
        position += length
    return b""


def _track_header(track: bytes) -> VideoHeader | None:
    """Return what a track says of its pictures; None if it has none."""
    content = track
    for name in _TO_SAMPLES:
        children = dict(boxes(content))
        if name == b"minf" and children.get(b"hdlr", b"")[8:12] != b"vide":
            return None
        content = children.get(name, b"")
    samples = dict(boxes(content))
    entry = samples.get(b"stsd", b"")[16:]
    columns, rows = (int.from_bytes(entry[start : start + 2], "big") for start in (24, 26))
    return VideoHeader(rows, columns, int.from_bytes(samples.get(b"stsz", b"")[8:12], "big") or None)
