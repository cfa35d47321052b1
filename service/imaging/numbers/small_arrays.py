"""Arrays of a few frames that lie in their files as they are: made and put together at once.

A program that trains on random slices asks for one frame after the other. What larger arrays need, to be
looked through before their first byte and then streamed, would cost such a frame more than its values do.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from service.archive.files.reading.runs import read_run_behind
from service.archive.instance import Located
from service.dicom.frames import NativeFrames, Span
from service.errors import NoSuchValues
from service.imaging.decoder import Decoder
from service.imaging.description import description_of
from service.imaging.numbers.arrays import array_of
from service.imaging.numbers.forms import Form, form_of_decoded
from service.imaging.numbers.numeric_frames import NumericFrame, is_native, numeric_frames
from service.pixels.codecs.decode import DecodedFrame, decoded
from service.pixels.description import GRAYSCALE
from service.pixels.numbers.files.array_files import npy_head
from service.pixels.numbers.quantities.making import MODALITY, STORED, Making, Region

_STORED_BYTES = 4 * 2**20  # of all frames together
_MADE_PIXELS = 2 * 2**20  # of all of them, where a size is asked for
HEAD_BYTES = 128
"""Of most arrays of one frame: so many are left free before its bytes, which then need not move."""
_QUICK_BYTES = 2**20  # of all frames together: these take less than a millisecond
_QUICK_DESCRIPTION_BYTES = 2**14  # as they are kept


class SmallArray(NamedTuple):
    """An array that is in memory.

    Attributes:
        file: as NPY.
        form: in which the frames came.
    """

    file: memoryview
    form: Form


def is_small(places: Sequence[tuple[Located, int]], making: Making) -> bool:
    """Tell whether an array of frames, given by their instances and numbers, is made by `small_array`."""
    if making.values not in (MODALITY, STORED) or not all(is_native(located) for located, _ in places):
        return False
    if making.size and making.size.rows * making.size.columns * len(places) > _MADE_PIXELS:
        return False
    sizes = (located.frames.span(number).length for located, number in places if located.frames)
    return sum(sizes) <= _STORED_BYTES


def is_quick(places: Sequence[tuple[Located, int]], making: Making) -> bool:
    """Tell whether a small array is made in less time than a hop to a thread costs."""
    if making.is_rounded:
        return False
    sizes = (located.frames.span(number).length for located, number in places if located.frames)
    are_short = all(len(located.image or b"") <= _QUICK_DESCRIPTION_BYTES for located, _ in places)
    return are_short and sum(sizes) * (2 if making.dtype else 1) <= _QUICK_BYTES


async def bytes_of_frame(decoder: Decoder, frame: NumericFrame, form: Form) -> memoryview:
    """Return the bytes of what is sent of one frame, in a form that is known.

    Raises:
        UndecodableFrame: the frame cannot be decoded.
        DamagedFile: its file is not as long as what was stored.
    """
    located, place, making = frame.located, [(frame.located, frame.number)], form.making
    if located.frames is None or not is_small(place, making):
        return await array_of(decoder, frame, form.made_of)
    span = located.frames.span(frame.number)
    content = await read_run_behind(decoder.blobs, located.instance, span, HEAD_BYTES)
    work = partial(_made_in_place, frame, content, form)
    return work() if is_quick(place, making) else await decoder.threads.run(work)


def _made_in_place(frame: NumericFrame, content: memoryview, form: Form) -> memoryview:
    file = _room([content], HEAD_BYTES, form.frame_bytes(frame))[HEAD_BYTES:]
    form.make(_decoded(frame, content), frame, file.view(form.kind).reshape(form.shape(frame)))
    return file.data


def rows_of_region(located: Located, number: int, making: Making, known: Form | None) -> Span | None:
    """Return where the rows of a region lie, if they are all of a frame that has to be read.

    Args:
        located: instance of the frame, for which `is_quick` holds.
        number: of the frame, counted from 1.
        making: what is made of it.
        known: form of the frame, whatever was made of it; without it the whole frame tells its type.
    """
    table, region = located.frames, making.region
    if known is None or region is None or not isinstance(table, NativeFrames) or table.word_size != 1:
        return None
    description = description_of(located, number)
    row_bytes, odd_bits = divmod(description.columns * description.bits_allocated, 8)
    whole = table.span(number)
    is_whole = whole.length >= description.frame_length and not (odd_bits or table.frame_bits % 8)
    is_within = region.bottom <= description.rows and region.right <= description.columns
    if not (is_whole and is_within and description.photometric_interpretation in GRAYSCALE):
        return None
    return Span(whole.offset + region.top * row_bytes, (region.bottom - region.top) * row_bytes)


def small_array(
    places: Sequence[tuple[Located, int]],
    contents: Sequence[memoryview],
    making: Making,
    known: Form | None = None,
    *,
    is_stack: bool,
    has_rows: bool = False,
) -> SmallArray:
    """Return an array. Blocking, for worker threads, unless it `is_quick`.

    Args:
        places: instances and numbers of frames, for which `is_small` holds.
        contents: the bytes of these frames in their files, each behind HEAD_BYTES; they are written over.
        making: what is made of them.
        known: form of the same frames and values, whatever was made of them.
        is_stack: frames are the first axis; else there is only one frame.
        has_rows: there is one frame, and of it the rows of the region alone.

    Raises:
        NotRenderable: what describes their pixels is missing or makes no sense.
        NoSuchValues: they do not fit into one array, or into the type asked for.
    """
    frames = numeric_frames(places)
    check_alike(frames)
    if has_rows:
        frames, making = [_rows(frames[0], making)], _columns(making)
    decoded_frames = [_decoded(frame, content) for frame, content in zip(frames, contents, strict=True)]
    if known and known.making == making and known.holds_all:
        form = known
    else:
        form = form_of_decoded(decoded_frames, frames, making, known.base if known else None)
    shape = form.shape(frames[0])
    head = npy_head((len(frames), *shape) if is_stack else shape, form.kind)
    file = _room(contents, len(head), form.frame_bytes(frames[0]) * len(frames))
    file[: len(head)] = np.frombuffer(head, np.uint8)
    arrays = file[len(head) :].view(form.kind).reshape(len(frames), *shape)
    for decoded_frame, frame, array in zip(decoded_frames, frames, arrays, strict=True):
        form.make(decoded_frame, frame, array)
    return SmallArray(file.data, form)


def _rows(frame: NumericFrame, making: Making) -> NumericFrame:
    assert making.region is not None
    rows = making.region.bottom - making.region.top
    return frame._replace(description=replace(frame.description, rows=rows))


def _columns(making: Making) -> Making:
    """Return what is made of the rows of a region: its columns."""
    assert making.region is not None
    left, top, right, bottom = making.region
    return replace(making, region=Region(left, 0, right, bottom - top))


def _room(contents: Sequence[memoryview], head: int, size: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return memory for a head and an array: that of the frame itself where it has this size."""
    if head == HEAD_BYTES and len(contents) == 1 and len(contents[0]) == head + size:
        return np.frombuffer(contents[0], np.uint8)
    return np.empty(head + size, np.uint8)


def _decoded(frame: NumericFrame, content: memoryview) -> DecodedFrame:
    table = frame.located.frames
    assert table is not None
    return decoded(
        table.frame(frame.number, content[HEAD_BYTES:]),
        frame.located.instance.transfer_syntax,
        frame.description,
        may_overwrite=True,
    )


def check_alike(frames: Sequence[NumericFrame]) -> None:
    """Return if frames are of one size.

    Raises:
        NoSuchValues: they are not.
    """
    sizes = list(dict.fromkeys(frame.shape[:2] for frame in frames))
    if len(sizes) > 1:
        listed = " and ".join(f"{rows} rows and {columns} columns" for rows, columns in sizes[:2])
        raise NoSuchValues(f"frames of {listed}: expected one size in an array")
