"""From the Pixel Data element to the table of its frames."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from service.dicom.encoding.elements import PIXEL_DATA, Buffer, Element, Encoding, Fragment
from service.dicom.encoding.words import ITEM_HEADER, PIXEL_SIZES, WORD_SIZES
from service.dicom.frames import EncapsulatedFrames, FrameTable, NativeFrames
from service.dicom_json import Attributes, first_value, text
from service.transfer_syntaxes import RLE_LOSSLESS, is_video

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
_RLE_FIRST_SEGMENT = bytes((64, 0, 0, 0))  # its place, behind the header. PS3.5 G.5.


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
    extended = (
        element for element in elements if element.tag == _EXTENDED_OFFSET_TABLE and element.items is None
    )
    tables = (next(extended, None), "<u8"), (element.fragments[0] if element.fragments else None, "<u4")
    streams = _Streams(buffer, element.fragments[1:], tables, is_rle=transfer_syntax == RLE_LOSSLESS)
    return EncapsulatedFrames(
        _boundaries(streams.starts(number_of_frames(attributes) or 1), element.fragments)
    )


def number_of_frames(attributes: Attributes) -> int | None:
    """Return Number of Frames (0028,0008) where it is a positive number."""
    return _positive(attributes, "00280008")


def is_number_unreadable(attributes: Attributes) -> bool:
    """Tell whether Number of Frames (0028,0008) is there and no number: those count then that are there."""
    value = first_value(attributes, "00280008")
    return value is not None and not isinstance(value, int)


def _native(element: Element, encoding: Encoding, attributes: Attributes) -> NativeFrames:
    allocated = _FLOAT_BITS.get(element.tag) or _positive(attributes, "00280100") or 0
    bits = _frame_bits(attributes, allocated)
    available = element.length * 8 // bits if bits else 0
    count = (
        available if is_number_unreadable(attributes) else min(number_of_frames(attributes) or 1, available)
    )
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


class _Streams(NamedTuple):
    """The fragments of encapsulated pixel data, and what tells which of them begin a frame.

    Attributes:
        buffer: that they lie in.
        fragments: without the Basic Offset Table.
        tables: the Extended Offset Table and the Basic one, as far as they are there, with their types.
        is_rle: they are RLE coded.
    """

    buffer: Buffer
    fragments: Sequence[Fragment]
    tables: Sequence[tuple[Element | Fragment | None, str]]
    is_rle: bool

    def starts(self, count: int) -> Sequence[int]:
        """Return the index of each frame's first fragment.

        In the Standard's order: the Extended Offset Table, the Basic one, one frame, one fragment a frame;
        failing these, where code streams begin. An offset table that points between fragments is ignored.
        If none of them makes the number of frames that is described, they are believed, and the number not.

        Args:
            count: of frames, as they are described.
        """
        if not self.fragments:
            return []
        tables = [starts for table, kind in self.tables if (starts := self._by_table(table, kind))]
        if starts := next((starts for starts in tables if len(starts) == count), []):
            return starts
        if count == len(self.fragments):
            return range(len(self.fragments))
        streams = self._by_streams()
        if len(streams) == count:
            return streams
        for starts in tables:
            if set(streams) <= set(starts) and (streams or count > 1):
                return starts
        return streams or ([0] if count == 1 else [])

    def _by_table(self, table: Element | Fragment | None, kind: str) -> list[int]:
        """Return where a table says that frames begin; nothing if that is not where fragments do."""
        size = int(kind[-1])
        number = table.length // size if table else 0
        if not table or not 0 < number <= len(self.fragments):
            return []
        offsets = np.frombuffer(self.buffer[table.offset : table.offset + number * size], kind)
        return _starts_at(offsets.tolist(), self.fragments)

    def _by_streams(self) -> list[int]:
        """Return where code streams begin; nothing if the first fragment begins none."""
        starts = [
            index
            for index, fragment in enumerate(self.fragments)
            if self._is_start(self.buffer[fragment.offset : fragment.offset + 12])
        ]
        return starts if starts[:1] == [0] else []

    def _is_start(self, content: bytes) -> bool:
        """Tell whether a fragment begins as a code stream does; an RLE coded one with its header."""
        if self.is_rle:
            return content[4:8] == _RLE_FIRST_SEGMENT and 0 < int.from_bytes(content[:4], "little") < 16
        return content.startswith(_STREAM_STARTS)


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
