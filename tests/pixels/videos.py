"""Videos that are nothing but their headers."""

import struct


def box(kind: bytes, *content: bytes) -> bytes:
    """Return a box of an MP4 file."""
    joined = b"".join(content)
    return struct.pack(">L", 8 + len(joined)) + kind + joined


def mp4(rows: int, columns: int, frames: int) -> bytes:
    """Return an MP4 file of a track of sound and one of pictures, its index at the end."""
    entry = box(b"avc1", bytes(24), struct.pack(">HH", columns, rows), bytes(50))
    samples = (
        box(b"stsd", struct.pack(">LL", 0, 1), entry),
        box(b"stsz", struct.pack(">LLL", 0, 0, frames), bytes(4 * frames)),
    )
    sound = box(b"trak", box(b"mdia", _handler(b"soun"), box(b"minf", box(b"stbl"))))
    pictures = box(b"trak", box(b"mdia", _handler(b"vide"), box(b"minf", box(b"stbl", *samples))))
    return box(b"ftyp", b"isom", bytes(4)) + box(b"mdat", bytes(1000)) + box(b"moov", sound, pictures)


def mpeg_2(rows: int, columns: int) -> bytes:
    """Return a program stream that begins with a sequence of pictures of this size."""
    size = (columns << 12 | rows).to_bytes(3, "big")
    return b"\0\0\1\xba" + bytes(40) + b"\0\0\1\xb3" + size + bytes(200)


def _handler(kind: bytes) -> bytes:
    return box(b"hdlr", bytes(8), kind, bytes(12))
