"""From the Pixel Data element to the table of its frames."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from service.dicom.encoding.elements import PIXEL_DATA, Buffer, Element, Encoding, Fragment
from service.dicom.encoding.words import ITEM_HEADER, PIXEL_SIZES, WORD_SIZES
from service.dicom.frames import EncapsulatedFrames, FrameTable, NativeFrames
from service.dicom_json import Attributes, first_value, text
from service.transfer_syntaxes import is_video

FLOAT_PIXEL_DATA, DOUBLE_FLOAT_PIXEL_DATA = 0x7FE00008, 0x7FE00009
_EXTENDED_OFFSET_TABLE = 0x7FE00001

_FLOAT_BITS = {FLOAT_PIXEL_DATA: 32, DOUBLE_FLOAT_PIXEL_DATA: 64}

# Chroma subsampling makes a pixel of three samples smaller: bits of a pixel per bit allocated.
_SUBSAMPLED = {"YBR_FULL_422": 2.0, "YBR_PARTIAL_422": 2.0, "YBR_PARTIAL_420": 1.5}

# How a code stream begins: JPEG and JPEG-LS, JPEG 2000 (bare and in JP2), JPEG XL (bare and boxed).
_STREAM_STARTS = (
    b"\xff\xd8",
    b"\xff\x4f\xff\x51",
    b"\x00\x00\x00\x0cjP  ",
    b"\xff\x0a",
    b"\x00\x00\x00\x0cJXL ",
)


def find_pixel_data(elements: Sequence[Element]) -> Element | None:
    """Return the element of the top level that holds the pixels, if there is one."""
    tags = (PIXEL_DATA, FLOAT_PIXEL_DATA, DOUBLE_FLOAT_PIXEL_DATA)
    return next(
        (element for element in reversed(elements) if element.tag in tags and element.items is None), None
    )


def frame_table(
    buffer: Buffer,
    elements: Sequence[Element],
    encoding: Encoding,
    transfer_syntax: str,
    attributes: Attributes,
) -> FrameTable | None:
    """Return where the frames of an instance lie.

    Args:
        buffer: which the elements' offsets refer to.
        elements: of the data set's top level.
        encoding: of the data set.
        transfer_syntax: its UID.
        attributes: the instance's DICOM JSON: the Image Pixel attributes are read, and not trusted.

    Returns:
        A table of the frames that are there whole, possibly none; None without pixel data.

    Standard: PS3.5 8.1.1, A.4.
    """
    element = find_pixel_data(elements)
    if element is None or not element.length:
        return None
    if element.fragments is None:
        return _native(element, encoding, attributes)
    if is_video(transfer_syntax):
        return _one_run(element.fragments)
    count = number_of_frames(attributes) or 1
    tables = (
        element for element in elements if element.tag == _EXTENDED_OFFSET_TABLE and element.items is None
    )
    starts = _frame_starts(buffer, element.fragments, next(tables, None), count)
    return EncapsulatedFrames(_boundaries(starts, element.fragments))


def number_of_frames(attributes: Attributes) -> int | None:
    """Return Number of Frames (0028,0008) where it is a positive number."""
    return _positive(attributes, "00280008")


def _native(element: Element, encoding: Encoding, attributes: Attributes) -> NativeFrames:
    allocated = _FLOAT_BITS.get(element.tag) or _positive(attributes, "00280100") or 0
    bits = _frame_bits(attributes, allocated)
    available = element.length * 8 // bits if bits else 0
    count = min(number_of_frames(attributes) or 1, available)
    swapped = not encoding.little_endian and element.vr != "OB"
    word_size = PIXEL_SIZES.get(allocated, WORD_SIZES["OW"]) if swapped else 1
    return NativeFrames(element.offset, bits, count, word_size)


def _frame_bits(attributes: Attributes, allocated: int) -> int:
    """Return the size of one native frame in bits; 0 where the Image Pixel attributes do not tell."""
    rows, columns = _positive(attributes, "00280010") or 0, _positive(attributes, "00280011") or 0
    samples = _positive(attributes, "00280002") or 1
    subsampling = _SUBSAMPLED.get(text(attributes, "00280004")) if samples == 3 else None
    return int(rows * columns * allocated * (subsampling or samples))


def _positive(attributes: Attributes, tag: str) -> int | None:
    value = first_value(attributes, tag)
    return value if isinstance(value, int) and value > 0 else None


def _one_run(fragments: Sequence[Fragment]) -> EncapsulatedFrames:
    """Return a table of one frame made of all fragments: a video is one stream."""
    return EncapsulatedFrames(_boundaries([0] if len(fragments) > 1 else [], fragments))


def _frame_starts(
    buffer: Buffer, items: Sequence[Fragment], extended: Element | None, count: int
) -> list[int]:
    """Return the index of each frame's first fragment, the Basic Offset Table not counted.

    In the Standard's order: the Extended Offset Table, the Basic one, one frame, one fragment a frame;
    failing these, where code streams begin. An offset table that points between fragments is ignored.
    """
    fragments = items[1:]
    if count > len(fragments):
        return []
    for table, kind in ((extended, "<u8"), (items[0], "<u4")):
        if table and table.length // int(kind[-1]) == count:
            offsets = np.frombuffer(buffer[table.offset : table.offset + table.length], kind, count)
            if starts := _starts_at(offsets.tolist(), fragments):
                return starts
    if count == 1:
        return [0]
    if count == len(fragments):
        return list(range(count))
    starts = [
        index
        for index, fragment in enumerate(fragments)
        if buffer[fragment.offset : fragment.offset + 12].startswith(_STREAM_STARTS)
    ]
    return starts if len(starts) == count and starts[0] == 0 else []


def _starts_at(offsets: Sequence[int], fragments: Sequence[Fragment]) -> list[int]:
    """Return the indices of the fragments at these offsets; none if one lies between, or out of order."""
    origin = fragments[0].offset
    index_of = {fragment.offset - origin: index for index, fragment in enumerate(fragments)}
    starts = [index_of.get(offset, -1) for offset in offsets]
    ascending = all(earlier < later for earlier, later in pairwise(starts))
    return starts if starts[0] == 0 and ascending else []


def _boundaries(
    starts: Sequence[int], fragments: Sequence[Fragment]
) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """Return the positions of the frames' first item headers and the end of the last frame."""
    frames = fragments[1:]
    end = [frames[-1].offset + frames[-1].length] if starts else [0]
    return np.array([frames[start].offset - ITEM_HEADER for start in starts] + end, np.uint64)
