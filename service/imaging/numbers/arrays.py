"""Frames as numbers: what volumes, pixels and statistics have in common.

Grayscale frames become modality values, colour frames red, green and blue. The type of an array is known
before its first byte is sent, so that arrays of any number of frames are streamed, a few in memory at a time.
What stands in the way of an array is looked for before its first byte too: an answer never breaks off.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from service.archive.files.blobs import Blobs
from service.archive.files.reading.opened import check_files
from service.archive.files.reading.runs import bring_near, read_run_now
from service.errors import NotRenderable
from service.imaging.decoder import Decoder
from service.imaging.numbers.numeric_frames import NumericFrame, is_native, unknown_interpretation
from service.pixels.arrays import Values
from service.pixels.codecs.decode import DecodedFrame, decoded
from service.pixels.description import ImageDescription
from service.pixels.display.render import DISPLAYS
from service.pixels.numbers.quantities.modality import INT16, fits_int16, may_fit_int16, value_type

_ARRAY_BYTES_AT_ONCE = 4 * 2**20  # of an array that are in memory together
_LOOKED_AT_TOGETHER = 8  # frames
_VALUE_BYTES = 2  # of most
_RGB8: np.dtype[Any] = np.dtype("u1")


Maker = Callable[[DecodedFrame, NumericFrame], Values]
"""Stored values of a frame, and what describes it → what is sent of it. Called in threads."""


async def array_type(decoder: Decoder, frames: Sequence[NumericFrame]) -> np.dtype[Any]:
    """Return the type of the array that holds all these frames.

    Frames whose values may or may not fit into int16 are looked through for that, compressed ones as well:
    many a CT says 16 bits and uses 12.

    Raises:
        NotRenderable: some are in colour and some are not, nobody knows the modality values of one, or one
            is shorter than described.
        UndecodableFrame: one that is looked at cannot be decoded.
    """
    kind, is_open = declared_type(frames)
    if not is_open:
        return kind
    for start in range(0, len(frames), _LOOKED_AT_TOGETHER):
        some = frames[start : start + _LOOKED_AT_TOGETHER]
        if not all(await asyncio.gather(*(_fits_int16(decoder, frame) for frame in some))):
            return kind
    return INT16


def declared_type(frames: Sequence[NumericFrame]) -> tuple[np.dtype[Any], bool]:
    """Return the type that holds all that these frames may have, and whether their pixels may fit int16.

    Raises:
        NotRenderable: some are in colour and some are not, or nobody knows the modality values of one.
    """
    in_gray = {frame.is_grayscale for frame in frames}
    if len(in_gray) > 1:
        raise NotRenderable("frames in gray and in colour: expected one kind in an array")
    if in_gray == {False}:
        return _RGB8, False
    kind = value_type({frame.description for frame in frames})
    return kind, kind != INT16 and all(may_fit_int16(frame.description) for frame in frames)


async def _fits_int16(decoder: Decoder, frame: NumericFrame) -> bool:
    def fits(decoded_frame: DecodedFrame, description: ImageDescription) -> bool:
        return fits_int16(description, decoded_frame.values)

    return await decoder.apply(frame.located, frame.number, fits)


async def array_chunks(
    decoder: Decoder, head: bytes, frames: Sequence[NumericFrame], made_of: Maker, frame_bytes: int
) -> AsyncIterator[bytes]:
    """Yield the file of an array: its head, sent only when there is a first frame, and its frames.

    Compressed frames are all decoded before the first byte; those that find room in the cache only once.

    Raises:
        UndecodableFrame: a frame cannot be decoded.
        DamagedFile: a file is not as long as what was stored.
    """
    instances = {frame.located.instance for frame in frames}
    await decoder.threads.run(partial(check_files, decoder.blobs, instances))
    at_once = max(1, _ARRAY_BYTES_AT_ONCE // max(math.prod(frames[0].shape) * _VALUE_BYTES, frame_bytes))
    for frame in frames[at_once:]:
        await decoder.check_streams(frame.located, [frame.number])
    await decoder.try_all((frame.located, frame.number) for frame in frames)
    for start in range(0, len(frames), at_once):
        arrays = await _arrays(decoder, frames[start : start + at_once], made_of)
        yield head
        for values in arrays:
            yield values.reshape(-1).view(np.uint8).data
        head = b""


async def array_of(decoder: Decoder, frame: NumericFrame, made_of: Maker) -> memoryview:
    """Return the bytes of what is sent of one frame.

    Raises:
        UndecodableFrame: the frame cannot be decoded.
        DamagedFile: its file is not as long as what was stored.
    """
    [values] = await _arrays(decoder, [frame], made_of)
    return values.reshape(-1).view(np.uint8).data


async def array_range(
    decoder: Decoder,
    frames: Sequence[NumericFrame],
    made_of: Maker,
    frame_bytes: int,
    offset: int,
    length: int,
) -> AsyncIterator[bytes]:
    """Yield a run of the bytes of an array; frames that have none of them are not looked at.

    Args:
        decoder: of the frames.
        frames: of the whole array.
        made_of: what is sent of each.
        frame_bytes: of what is sent of each.
        offset: bytes of the array before the run.
        length: bytes of the run, at least 1.
    """
    first, end = offset // frame_bytes, -(-(offset + length) // frame_bytes)
    before, left = offset - first * frame_bytes, length
    async for chunk in array_chunks(decoder, b"", frames[first:end], made_of, frame_bytes):
        run = chunk[before : before + left]
        before -= min(before, len(chunk))
        left -= len(run)
        yield run


async def _arrays(decoder: Decoder, frames: Sequence[NumericFrame], made_of: Maker) -> list[Values]:
    if all(
        is_native(frame.located) for frame in frames
    ):  # in one hop to a thread: decoding is less work than the hop
        await asyncio.gather(*(_bring_near(decoder.blobs, frame) for frame in frames))
        work = partial(_native_arrays, decoder.blobs, frames, made_of)
        return await decoder.threads.run(work)
    decoded_frames = await asyncio.gather(*(decoder.decode(frame.located, frame.number) for frame in frames))
    return [
        await decoder.threads.run(partial(made_of, decoded_frame, frame))
        for decoded_frame, frame in zip(decoded_frames, frames, strict=True)
    ]


async def _bring_near(blobs: Blobs, frame: NumericFrame) -> None:
    """Fetch a frame that lies far away: many at the same time, and not one after the other."""
    assert frame.located.frames is not None
    await bring_near(blobs, frame.located.instance, frame.located.frames.span(frame.number).offset)


def _native_arrays(blobs: Blobs, frames: Sequence[NumericFrame], made_of: Maker) -> list[Values]:
    return [made_of(_native_frame(blobs, frame), frame) for frame in frames]


def _native_frame(blobs: Blobs, frame: NumericFrame) -> DecodedFrame:
    instance, table = frame.located.instance, frame.located.frames
    assert table is not None
    content = table.frame(frame.number, read_run_now(blobs, instance, table.span(frame.number)))
    return decoded(content, instance.transfer_syntax, frame.description)


def red_green_blue(decoded_frame: DecodedFrame, frame: NumericFrame) -> Values:
    """Return red, green and blue of a colour frame.

    Raises:
        NotRenderable: its samples turn out to mean what nobody knows.
    """
    description = decoded_frame.described(frame.description)
    display = DISPLAYS.get(description.photometric_interpretation)
    if display is None:
        raise unknown_interpretation(description.photometric_interpretation)
    return np.ascontiguousarray(display.levels(decoded_frame.values, description, None))
