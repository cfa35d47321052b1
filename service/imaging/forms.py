"""In which form the frames of an array come: what is made of them, and of which type it is."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.errors import NoSuchValues
from service.imaging.arrays import NumericFrame, array_type, red_green_blue
from service.imaging.decoder import Decoder
from service.pixels.arrays import Values
from service.pixels.codecs.decode import DecodedFrame
from service.pixels.description import ImageDescription
from service.pixels.numbers.making import (
    MODALITY,
    STORED,
    Making,
    kind_before,
    made,
    misfit,
    stored_kind,
    typed,
)
from service.pixels.numbers.resampling import resampled

_LOOKED_AT_TOGETHER = 8  # frames


async def form_of(decoder: Decoder, frames: Sequence[NumericFrame], making: Making) -> "Form":
    """Return the form of an array. Frames are looked through where only their values tell whether they fit.

    Raises:
        NoSuchValues: they do not fit into the type asked for, or are not of the kind asked for.
        DicomwebError: what `array_type` raises.
    """
    _check_region(frames, making)
    in_colour = not all(frame.is_grayscale for frame in frames)
    if in_colour and (making.values != MODALITY or making.window or making.dtype):
        raise NoSuchValues("frames in colour have values of 8 bits: expected no values, window or dtype")
    if making.values == STORED:
        base = np.result_type(*{stored_kind(frame.description) for frame in frames}).newbyteorder("<")
    else:
        base = await array_type(decoder, frames)
    natural = base if in_colour else kind_before(making, base)
    kind = making.dtype or natural
    if not np.can_cast(natural, kind, "safe"):
        await _check_all_fit(decoder, frames, Form(making, base, kind))
    return Form(making, base, kind)


@dataclass(frozen=True, slots=True)
class Form:
    """What is made of frames.

    Attributes:
        making: what the client asked for.
        base: type of stored or modality values.
        kind: type of what is made.
    """

    making: Making
    base: np.dtype[Any]
    kind: np.dtype[Any]

    def made_of(self, decoded_frame: DecodedFrame, frame: NumericFrame) -> Values:
        """Return what is sent of a frame. Blocking: for threads.

        Raises:
            NotRenderable: its samples turn out to mean what nobody knows.
        """
        if not frame.is_grayscale:
            part = self.making.part(red_green_blue(decoded_frame, frame))
            size = self.making.size
            if size:
                part = resampled(part, size.rows, size.columns, self.making.interpolation)
            return typed(part, self.kind)
        description = decoded_frame.described(frame.description)
        return typed(made(decoded_frame.values, description, self.base, self.making, frame.factor), self.kind)

    def shape(self, frame: NumericFrame) -> tuple[int, ...]:
        """Return the shape of what is made of a frame."""
        rows, columns, *samples = frame.shape
        return (*self.making.shape(rows, columns), *samples)

    def frame_bytes(self, frame: NumericFrame) -> int:
        """Return the number of bytes of what is made of a frame."""
        return math.prod(self.shape(frame)) * self.kind.itemsize


def _check_region(frames: Sequence[NumericFrame], making: Making) -> None:
    if making.region is None:
        return
    rows, columns = frames[0].shape[:2]
    if making.region.right > columns or making.region.bottom > rows:
        region = ",".join(map(str, making.region))
        raise NoSuchValues(f"region={region}: expected one within {columns} columns and {rows} rows")


async def _check_all_fit(decoder: Decoder, frames: Sequence[NumericFrame], form: Form) -> None:
    for start in range(0, len(frames), _LOOKED_AT_TOGETHER):
        some = frames[start : start + _LOOKED_AT_TOGETHER]
        misfits = await asyncio.gather(*(_misfit(decoder, frame, form) for frame in some))
        for frame, finding in zip(some, misfits, strict=True):
            if finding:
                uid = frame.located.instance.uids.instance
                raise NoSuchValues(
                    f"dtype={form.kind.name}: frame {frame.number} of {uid} has {finding}: "
                    "expected a type that holds them all"
                )


async def _misfit(decoder: Decoder, frame: NumericFrame, form: Form) -> str:
    def finding(decoded_frame: DecodedFrame, description: ImageDescription) -> str:
        values = made(
            decoded_frame.values, decoded_frame.described(description), form.base, form.making, frame.factor
        )
        return misfit(values, form.making, form.kind)

    return await decoder.apply(frame.located, frame.number, finding)
