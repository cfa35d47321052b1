"""Frames as numbers: what volumes, pixels and statistics have in common.

Grayscale frames become modality values, colour frames red, green and blue. The type of an array is known
before its first byte is sent, so that arrays of any number of frames are streamed, a few in memory at a time.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from service.archive.files.blobs import LocalBlobs
from service.archive.files.runs import read_run_now
from service.archive.instance import Located
from service.dicom.frames import NativeFrames
from service.errors import NotRenderable, shorten
from service.imaging.decoder import Decoder, description_of
from service.pixels.arrays import Values
from service.pixels.codecs.decode import DecodedFrame, decoded
from service.pixels.description import GRAYSCALE, ImageDescription
from service.pixels.display.render import DISPLAYS
from service.pixels.numbers.modality import FLOAT32, INT16, fits_int16, modality_values, value_type
from service.transfer_syntaxes import DEFLATED

_ARRAY_BYTES_AT_ONCE = 4 * 2**20  # of an array that are in memory together
_RGB8: np.dtype[Any] = np.dtype("u1")


class NumericFrame(NamedTuple):
    """One frame of an array.

    Attributes:
        located: its instance.
        number: counted from 1.
        description: of it.
    """

    located: Located
    number: int
    description: ImageDescription

    @property
    def is_grayscale(self) -> bool:
        """Whether the frame has modality values."""
        return self.description.photometric_interpretation in GRAYSCALE

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns; of a colour frame, also the three colours."""
        size = self.description.rows, self.description.columns
        return size if self.is_grayscale else (*size, 3)


def numeric_frames(places: Iterable[tuple[Located, int]]) -> list[NumericFrame]:
    """Return frames, given by their instances and numbers. Blocking: for worker threads.

    Raises:
        NotRenderable: what describes its pixels is missing or makes no sense.
    """
    return [NumericFrame(located, number, description_of(located, number)) for located, number in places]


def array_type(frames: Sequence[NumericFrame]) -> np.dtype[Any]:
    """Return the type of the array that holds all these frames.

    Raises:
        NotRenderable: some are in colour and some are not.
    """
    in_gray = {frame.is_grayscale for frame in frames}
    if len(in_gray) > 1:
        raise NotRenderable("frames in gray and in colour: expected one kind in an array")
    return value_type(frame.description for frame in frames) if in_gray == {True} else _RGB8


def narrowest_type(blobs: LocalBlobs, frames: Sequence[NumericFrame]) -> np.dtype[Any]:
    """Return the type as `array_type` does; int16 also where only the pixels show that all values fit.

    Native frames are looked through for that: many a CT says 16 bits and uses 12. Blocking: for worker
    threads.

    Raises:
        NotRenderable: some frames are in colour and some are not, or one is shorter than described.
    """
    kind = array_type(frames)
    if kind != FLOAT32 or not all(map(_is_native, frames)):
        return kind
    return INT16 if all(_fits_int16(blobs, frame) for frame in frames) else kind


def _fits_int16(blobs: LocalBlobs, frame: NumericFrame) -> bool:
    if frame.description.floating:
        return False
    frame_values = _native_frame(blobs, frame).values
    return fits_int16(frame.description, int(frame_values.min()), int(frame_values.max()))


async def array_chunks(
    decoder: Decoder, head: bytes, frames: Sequence[NumericFrame], kind: np.dtype[Any]
) -> AsyncIterator[bytes]:
    """Yield the file of an array: its head, sent only when there is a first frame, and its frames.

    Raises:
        UndecodableFrame: a frame cannot be decoded.
    """
    at_once = max(1, _ARRAY_BYTES_AT_ONCE // (math.prod(frames[0].shape) * kind.itemsize))
    for start in range(0, len(frames), at_once):
        arrays = await _arrays(decoder, frames[start : start + at_once], kind)
        yield head
        for values in arrays:
            yield values.reshape(-1).view(np.uint8).data
        head = b""


async def _arrays(decoder: Decoder, frames: Sequence[NumericFrame], kind: np.dtype[Any]) -> list[Values]:
    if all(map(_is_native, frames)):  # in one hop to a thread: decoding is less work than the hop
        work = partial(_native_arrays, decoder.blobs, frames, kind)
        return await decoder.threads.run(work)
    decoded_frames = await asyncio.gather(*(decoder.decode(frame.located, frame.number) for frame in frames))
    return [
        await decoder.threads.run(partial(_values, decoded_frame, frame, kind))
        for decoded_frame, frame in zip(decoded_frames, frames, strict=True)
    ]


def _is_native(frame: NumericFrame) -> bool:
    """Tell whether the frame lies in its file as it is."""
    located = frame.located
    return isinstance(located.frames, NativeFrames) and located.instance.transfer_syntax != DEFLATED


def _native_arrays(blobs: LocalBlobs, frames: Sequence[NumericFrame], kind: np.dtype[Any]) -> list[Values]:
    return [_values(_native_frame(blobs, frame), frame, kind) for frame in frames]


def _native_frame(blobs: LocalBlobs, frame: NumericFrame) -> DecodedFrame:
    instance, table = frame.located.instance, frame.located.frames
    assert table is not None
    content = table.frame(frame.number, read_run_now(blobs, instance, table.span(frame.number)))
    return decoded(content, instance.transfer_syntax, frame.description)


def _values(decoded_frame: DecodedFrame, frame: NumericFrame, kind: np.dtype[Any]) -> Values:
    description = decoded_frame.described(frame.description)
    if frame.is_grayscale:
        return np.ascontiguousarray(modality_values(decoded_frame.values, description, kind))
    display = DISPLAYS.get(description.photometric_interpretation)
    if display is None:
        name = shorten(description.photometric_interpretation)
        raise NotRenderable(f"Photometric Interpretation {name}: expected one of {', '.join(DISPLAYS)}")
    return np.ascontiguousarray(display.levels(decoded_frame.values, description, None))
