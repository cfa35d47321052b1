"""Where the frames of an instance lie: frame number → run of bytes. Noted once, when it arrives.

Native frames lie one after another, so that four numbers say it all. Encapsulated ones lie in fragments,
and the boundaries between frames are kept as a table: a frame of the ten-thousandth slide tile costs what
the only frame of a CT slice costs.
"""

import json
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from service.dicom.encoding.words import ITEM_HEADER, swapped
from service.errors import FrameNotFound


class Span(NamedTuple):
    """A run of bytes."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class NativeFrames:
    """Frames of native pixel data: PS3.5 8.1.1, A.1 to A.3.

    Attributes:
        offset: of the first frame's first byte.
        frame_bits: of one frame; with Bits Allocated 1, frames need not begin on a byte.
        number_of_frames: those that are there whole.
        word_size: in bytes, of the words to be reversed in big endian data; 1 for little endian.
    """

    offset: int
    frame_bits: int
    number_of_frames: int
    word_size: int = 1

    def span(self, number: int) -> Span:
        """Return the run of whole words that holds frame `number`, counted from 1.

        Raises:
            FrameNotFound: there are fewer frames.
        """
        _check(number, self.number_of_frames)
        first, word_bits = (number - 1) * self.frame_bits, 8 * self.word_size
        start, end = first // word_bits, -(-(first + self.frame_bits) // word_bits)
        return Span(self.offset + start * self.word_size, (end - start) * self.word_size)

    def frame(self, number: int, run: bytes) -> bytes:
        """Return the frame's bytes, little endian and beginning at bit 0. PS3.18 8.7.3.3.1."""
        if self.word_size == 1 and not self.frame_bits % 8:
            return run
        words = swapped(run, self.word_size)
        shift = (number - 1) * self.frame_bits % (8 * self.word_size)
        if shift % 8 or self.frame_bits % 8:
            bits = np.unpackbits(np.frombuffer(words, np.uint8), bitorder="little")
            return np.packbits(bits[shift : shift + self.frame_bits], bitorder="little").tobytes()
        return words[shift // 8 : (shift + self.frame_bits) // 8]


@dataclass(frozen=True, slots=True)
class EncapsulatedFrames:
    """Frames of encapsulated pixel data: PS3.5 A.4.

    Attributes:
        boundaries: uint64, shape (number_of_frames + 1,), ascending; each is where the header of a
            frame's first item begins, in bytes from the start of the data set's buffer.
    """

    boundaries: np.ndarray[tuple[int], np.dtype[np.uint64]]

    @property
    def number_of_frames(self) -> int:
        """Return how many frames can be told apart."""
        return len(self.boundaries) - 1

    def span(self, number: int) -> Span:
        """Return the run of bytes that holds frame `number`, counted from 1, with its item headers.

        Raises:
            FrameNotFound: there are fewer frames.
        """
        _check(number, self.number_of_frames)
        start, end = int(self.boundaries[number - 1]), int(self.boundaries[number])
        return Span(start, end - start)

    def frame(self, number: int, run: bytes) -> bytes:  # noqa: ARG002 (native frames need it)
        """Return the frame's code stream: its fragments joined, without item headers."""
        first = int.from_bytes(run[4:8], "little")
        if first + ITEM_HEADER == len(run):
            return run[ITEM_HEADER:]
        return b"".join(_fragments(run))


FrameTable = NativeFrames | EncapsulatedFrames


def _fragments(run: bytes) -> list[bytes]:
    parts, position = [], 0
    while position < len(run):
        length = int.from_bytes(run[position + 4 : position + ITEM_HEADER], "little")
        position += ITEM_HEADER
        parts.append(run[position : position + length])
        position += length
    return parts


def _check(number: int, number_of_frames: int) -> None:
    if not 1 <= number <= number_of_frames:
        raise FrameNotFound(number, number_of_frames)


def to_row(table: FrameTable) -> tuple[bytes, bytes | None]:
    """Return what the index keeps of a table: its numbers as JSON, and its boundaries if it has any."""
    if isinstance(table, NativeFrames):
        numbers = [table.offset, table.frame_bits, table.number_of_frames, table.word_size]
        return json.dumps(numbers).encode(), None
    return b"[]", table.boundaries.astype("<u8").tobytes()


def from_row(numbers: bytes, boundaries: bytes | None) -> FrameTable:
    """Return the table that `to_row` took apart."""
    if boundaries is not None:
        return EncapsulatedFrames(np.frombuffer(boundaries, "<u8"))
    return NativeFrames(*json.loads(numbers))
