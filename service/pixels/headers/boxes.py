"""The boxes that files of JPEG 2000, JPEG XL and MP4 are made of."""

from collections.abc import Iterator


def boxes(stream: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the type and the content of each box; one that was cut is the last.

    Standard: ISO/IEC 15444-1 Annex I.4.
    """
    position = 0
    while position + 8 <= len(stream):
        length, start = int.from_bytes(stream[position : position + 4], "big"), position + 8
        if length == 1:
            length, start = int.from_bytes(stream[start : start + 8], "big"), start + 8
        end = position + length if length else len(stream)
        if end < start:
            return
        yield stream[position + 4 : position + 8], stream[start:end]
        position = end
