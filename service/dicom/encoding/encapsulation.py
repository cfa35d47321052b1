"""Frames → encapsulated Pixel Data: each in one fragment, and a table of where they begin. PS3.5 A.4."""

import struct
from collections.abc import Iterator, Sequence
from itertools import accumulate

from service.dicom.encoding.elements import PIXEL_DATA, UNDEFINED, Malformed
from service.dicom.encoding.explicit import Value, encoded, header
from service.dicom.encoding.words import ITEM_HEADER, ITEM_TAG, SEQUENCE_END

MAX_VALUE_BYTES = 2**32 - 2

_EXTENDED_OFFSET_TABLE, _EXTENDED_OFFSET_TABLE_LENGTHS = 0x7FE00001, 0x7FE00002


def encapsulated(frames: Sequence[Value]) -> Iterator[bytes | Value]:
    """Yield Pixel Data, and before it the Extended Offset Table where the Basic one is too narrow.

    Args:
        frames: where the code stream of each lies; at least one.

    Raises:
        Malformed: a frame is longer than a fragment can be.

    Standard: PS3.5 A.4, PS3.3 C.7.6.3.1.8.
    """
    lengths = [frame.length + frame.length % 2 for frame in frames]
    if max(lengths) > MAX_VALUE_BYTES:
        raise Malformed(f"a frame has {max(lengths)} bytes: expected up to {MAX_VALUE_BYTES}")
    offsets = list(accumulate((ITEM_HEADER + length for length in lengths), initial=0))[:-1]
    fits = offsets[-1] <= MAX_VALUE_BYTES
    if not fits:
        yield encoded(_EXTENDED_OFFSET_TABLE, "OV", _table("Q", offsets))
        yield encoded(_EXTENDED_OFFSET_TABLE_LENGTHS, "OV", _table("Q", lengths))
    basic = _table("L", offsets) if fits else b""
    yield header(PIXEL_DATA, "OB", UNDEFINED) + _item(len(basic)) + basic
    for frame, length in zip(frames, lengths, strict=True):
        yield _item(length)
        yield frame
        yield b"\0" * (length - frame.length)
    yield SEQUENCE_END


def _item(length: int) -> bytes:
    return ITEM_TAG + struct.pack("<L", length)


def _table(code: str, numbers: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(numbers)}{code}", *numbers)
