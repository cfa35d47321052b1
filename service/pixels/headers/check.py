"""What the code stream of a compressed frame says about itself, compared with what the file says about it.

A decoder allocates what a stream announces. So the announcement is read first, and a stream that
contradicts the description of its frame is refused before any decoder sees it.
"""

from service.errors import UndecodableFrame
from service.pixels.description import ImageDescription
from service.pixels.headers.stream_header import StreamHeader

_Size = tuple[int, int, int]
"""Rows, columns, and the samples of a pixel."""


def check(header: StreamHeader, description: ImageDescription) -> None:
    """Refuse a stream that is not of the frame described.

    A colour stream of a slide may be smaller: scanners cut the tiles at the right and lower edge.

    Raises:
        UndecodableFrame: they differ in size or components, or its samples do not fit Bits Allocated.
    """
    samples = description.samples_per_pixel
    size = header.rows, header.columns, header.samples or samples
    expected = description.rows, description.columns, samples
    if size != expected and not (description.cut_tiles and _is_edge_tile(size, expected)):
        raise UndecodableFrame(f"the frame's stream is of {_words(size)}: expected {_words(expected)}")
    if (header.bits or 1) > description.bits_allocated:
        limit = description.bits_allocated
        raise UndecodableFrame(f"the frame's samples have {header.bits} bits: expected up to {limit}")


def _is_edge_tile(size: _Size, expected: _Size) -> bool:
    rows, columns, samples = size
    return samples == expected[2] == 3 and 0 < rows <= expected[0] and 0 < columns <= expected[1]


def _words(size: _Size) -> str:
    rows, columns, samples = size
    return f"{rows} rows, {columns} columns, {samples} sample{'s' * (samples > 1)} a pixel"
