"""From the Pixel Data element to the table of its frames."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from service.dicom.elements import PIXEL_DATA, Buffer, Element, Encoding, Fragment
from service.dicom.frames import ITEM_HEADER, EncapsulatedFrames, FrameTable, NativeFrames

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

VIDEO_SYNTAXES = tuple(f"1.2.840.10008.1.2.4.{number}" for number in range(100, 109))


def find_pixel_data(elements: Sequence[Element]) -> Element | None:
    """Return the element of the top level that holds the pixels, if there is one."""
    pixels = (PIXEL_DATA, FLOAT_PIXEL_DATA, DOUBLE_FLOAT_PIXEL_DATA)
    return next((one for one in reversed(elements) if one.tag in pixels), None)


def frame_table(
    buffer: Buffer,
    elements: Sequence[Element],
    encoding: Encoding,
    transfer_syntax: str,
    attributes: Mapping[str, Any],
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
    if transfer_syntax.startswith(VIDEO_SYNTAXES):
        return _one_run(element.fragments)
    wanted = number_of_frames(attributes) or 1
    extended = next((one for one in elements if one.tag == _EXTENDED_OFFSET_TABLE), None)
    starts = _frame_starts(buffer, element, extended, wanted)
    return EncapsulatedFrames(_boundaries(starts, element.fragments))


def number_of_frames(attributes: Mapping[str, Any]) -> int | None:
    """Return Number of Frames (0028,0008) where it is a positive number."""
    value = first_value(attributes, "00280008")
    return value if isinstance(value, int) and value > 0 else None


def first_value(attributes: Mapping[str, Any], tag: str) -> Any:
    """Return the first value of an attribute in DICOM JSON, None without one."""
    values = attributes.get(tag, {}).get("Value")
    return values[0] if values else None


def frame_bits(attributes: Mapping[str, Any], allocated: int) -> int:
    """Return the size of one native frame in bits; 0 where the Image Pixel attributes do not tell."""
    rows, columns = first_value(attributes, "00280010"), first_value(attributes, "00280011")
    samples = first_value(attributes, "00280002") or 1
    if not all(isinstance(one, int) and one > 0 for one in (rows, columns, samples, allocated)):
        return 0
    subsampling = _SUBSAMPLED.get(str(first_value(attributes, "00280004")))
    return int(rows * columns * allocated * (subsampling if subsampling and samples == 3 else samples))


def _native(element: Element, encoding: Encoding, attributes: Mapping[str, Any]) -> NativeFrames:
    allocated = _FLOAT_BITS.get(element.tag) or first_value(attributes, "00280100") or 0
    bits = frame_bits(attributes, allocated if isinstance(allocated, int) else 0)
    available = element.length * 8 // bits if bits else 0
    count = min(number_of_frames(attributes) or 1, available)
    return NativeFrames(element.offset, bits, count, _word_size(element, encoding, allocated))


def _word_size(element: Element, encoding: Encoding, allocated: int) -> int:
    if encoding.little_endian or element.vr == "OB":
        return 1
    return max(2, allocated // 8)


def _one_run(fragments: Sequence[Fragment]) -> EncapsulatedFrames:
    """Return a table of one frame made of all fragments: a video is one stream."""
    return EncapsulatedFrames(_boundaries([0] if len(fragments) > 1 else [], fragments))


def _frame_starts(buffer: Buffer, element: Element, extended: Element | None, wanted: int) -> list[int]:
    """Return the index of each frame's first fragment, the Basic Offset Table not counted.

    In the Standard's order: the Extended Offset Table, the Basic one, one frame, one fragment a frame;
    failing these, where code streams begin. An offset table that points between fragments is ignored.
    """
    table, *fragments = element.fragments or [Fragment(0, 0)]
    if extended is not None and extended.length:
        starts = _from_offsets(buffer, extended.offset, extended.length, "<u8", fragments)
        if len(starts) == wanted:
            return starts
    if table.length >= 4:
        starts = _from_offsets(buffer, table.offset, table.length, "<u4", fragments)
        if len(starts) == wanted:
            return starts
    if wanted == 1 and fragments:
        return [0]
    if wanted == len(fragments):
        return list(range(wanted))
    starts = [
        index
        for index, one in enumerate(fragments)
        if buffer[one.offset : one.offset + 12].startswith(_STREAM_STARTS)
    ]
    return starts if len(starts) == wanted and starts[0] == 0 else []


def _from_offsets(
    buffer: Buffer, offset: int, length: int, kind: str, fragments: Sequence[Fragment]
) -> list[int]:
    if not fragments:
        return []
    size = int(kind[-1])
    offsets = np.frombuffer(buffer[offset : offset + length // size * size], kind).tolist()
    origin = fragments[0].offset
    index_of = {one.offset - origin: index for index, one in enumerate(fragments)}
    starts = [index_of.get(one, -1) for one in offsets]
    ascending = all(earlier < later for earlier, later in pairwise(starts))
    return starts if starts and starts[0] == 0 and ascending else []


def _boundaries(
    starts: Sequence[int], fragments: Sequence[Fragment]
) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """Return the positions of the frames' first item headers and the end of the last frame."""
    frames = fragments[1:]
    end = [frames[-1].offset + frames[-1].length] if starts else [0]
    return np.array([frames[start].offset - ITEM_HEADER for start in starts] + end, np.uint64)
