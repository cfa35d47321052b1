"""What the code stream of a compressed frame says about itself, compared with what the file says about it.

A decoder allocates what a stream announces. So the announcement is read first, and a stream that
contradicts the description of its frame is refused before any decoder sees it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from service.errors import UndecodableFrame
from service.pixels.description import ImageDescription

Size = tuple[int, int, int]
"""Rows, columns, and the samples of a pixel."""


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """The announcement of a code stream.

    Attributes:
        rows: of the image.
        columns: of the image.
        samples: components of a pixel; None where only the decoder can tell.
        bits: of a sample; None where only the decoder can tell.
        signed: samples are signed.
        lossy: coded by DCT, so that samples may leave the range of Bits Stored.
        colour: what three components are: RGB, YBR, or empty where the stream does not say.
    """

    rows: int
    columns: int
    samples: int | None = None
    bits: int | None = None
    signed: bool = False
    lossy: bool = False
    colour: str = ""


def check(header: StreamHeader, description: ImageDescription) -> None:
    """Refuse a stream that is not of the frame described.

    A colour stream may be smaller: slide scanners cut the tiles at the right and lower edge.

    Raises:
        UndecodableFrame: they differ in size or components, or its samples do not fit Bits Allocated.
    """
    samples = description.samples_per_pixel
    size = header.rows, header.columns, header.samples or samples
    expected = description.rows, description.columns, samples
    if size != expected and not _is_edge_tile(size, expected):
        raise UndecodableFrame(f"the frame's stream is of {_words(size)}: expected {_words(expected)}")
    if (header.bits or 1) > description.bits_allocated:
        limit = description.bits_allocated
        raise UndecodableFrame(f"the frame's samples have {header.bits} bits: expected up to {limit}")


def boxes(stream: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of the boxes of a file in the format of JP2 and JPEG XL; cut ones end it.

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


def _is_edge_tile(size: Size, expected: Size) -> bool:
    rows, columns, samples = size
    return samples == expected[2] == 3 and 0 < rows <= expected[0] and 0 < columns <= expected[1]


def _words(size: Size) -> str:
    rows, columns, samples = size
    return f"{rows} rows, {columns} columns, {samples} sample{'s' * (samples > 1)} a pixel"
