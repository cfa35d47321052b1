"""In which form the frames of an array come: what is made of them, and of which type it is."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.errors import NoSuchValues
from service.imaging.decoder import Decoder
from service.imaging.numbers.arrays import array_type, declared_type, red_green_blue
from service.imaging.numbers.numeric_frames import NumericFrame
from service.pixels.arrays import Values, put
from service.pixels.codecs.decode import DecodedFrame
from service.pixels.description import ImageDescription
from service.pixels.numbers.quantities.making import (
    MODALITY,
    STORED,
    Making,
    kind_before,
    made,
    misfit,
    stored_kind,
    typed,
)
from service.pixels.numbers.quantities.modality import INT16, fits_int16, modality_values
from service.pixels.numbers.quantities.resampling import resampled

_LOOKED_AT_TOGETHER = 8  # frames


async def form_of(decoder: Decoder, frames: Sequence[NumericFrame], making: Making) -> "Form":
    """Return the form of an array. Frames are looked through where only their values tell whether they fit.

    Raises:
        NoSuchValues: they do not fit into the type asked for, or are not of the kind asked for.
        DicomwebError: what `array_type` raises.
    """
    _check(frames, making)
    form = _form(frames, making, _stored_type(frames, making) or await array_type(decoder, frames))
    if not form.holds_all:
        await _check_all_fit(decoder, frames, form)
    return form


def form_of_decoded(
    decoded_frames: Sequence[DecodedFrame],
    frames: Sequence[NumericFrame],
    making: Making,
    base: np.dtype[Any] | None = None,
) -> "Form":
    """Return what `form_of` returns, of frames that are decoded already. Blocking: for worker threads.

    Args:
        decoded_frames: whole ones.
        frames: what describes them.
        making: what is made of them.
        base: of an earlier form of the same frames and values, which they need not be looked through for.

    Raises:
        NoSuchValues, NotRenderable: as `form_of` does.
    """
    _check(frames, making)
    pairs = list(zip(decoded_frames, frames, strict=True))
    base = base or _stored_type(frames, making)
    if base is None:
        base, is_open = declared_type(frames)
        if is_open and all(fits_int16(frame.description, decoded.values) for decoded, frame in pairs):
            base = INT16
    form = _form(frames, making, base)
    if not form.holds_all:
        for decoded_frame, frame in pairs:
            _refuse(frame, form, _finding(decoded_frame, frame.description, frame, form))
    return form


def _check(frames: Sequence[NumericFrame], making: Making) -> None:
    _check_region(frames, making)
    in_colour = not all(frame.is_grayscale for frame in frames)
    if in_colour and (making.values != MODALITY or making.window or making.dtype):
        raise NoSuchValues("frames in colour have values of 8 bits: expected no values, window or dtype")


def _stored_type(frames: Sequence[NumericFrame], making: Making) -> np.dtype[Any] | None:
    """Return the type of stored values, where these are asked for."""
    if making.values != STORED:
        return None
    return np.result_type(*{stored_kind(frame.description) for frame in frames}).newbyteorder("<")


def _form(frames: Sequence[NumericFrame], making: Making, base: np.dtype[Any]) -> "Form":
    natural = kind_before(making, base) if all(frame.is_grayscale for frame in frames) else base
    kind = making.dtype or natural
    return Form(making, base, kind, holds_all=np.can_cast(natural, kind, "safe"))


@dataclass(frozen=True, slots=True)
class Form:
    """What is made of frames.

    Attributes:
        making: what the client asked for.
        base: type of stored or modality values.
        kind: type of what is made.
        holds_all: it holds whatever may be made; else the values tell whether they fit.
    """

    making: Making
    base: np.dtype[Any]
    kind: np.dtype[Any]
    holds_all: bool = True

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

    def make(self, decoded_frame: DecodedFrame, frame: NumericFrame, out: Values) -> None:
        """Write what `made_of` returns where it is to be: of that shape and type. Blocking: for threads."""
        making = self.making
        part, description = making.part(decoded_frame.values), decoded_frame.described(frame.description)
        if making.values == STORED and not making.is_rounded and part.dtype == self.kind:
            put(part, out)
            return
        if not (frame.is_grayscale and making.values == MODALITY and not making.is_rounded):
            out[...] = self.made_of(decoded_frame, frame)
            return
        if self.kind == self.base:
            modality_values(part, description, self.base, out)
        elif self.holds_all:
            out[...] = modality_values(part, description, self.base)
        else:
            out[...] = typed(modality_values(part, description, self.base), self.kind)

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
            _refuse(frame, form, finding)


def _refuse(frame: NumericFrame, form: Form, finding: str) -> None:
    """Raise NoSuchValues if something was found that keeps a frame from the form."""
    if finding:
        uid = frame.located.instance.uids.instance
        raise NoSuchValues(
            f"dtype={form.kind.name}: frame {frame.number} of {uid} has {finding}: "
            "expected a type that holds them all"
        )


async def _misfit(decoder: Decoder, frame: NumericFrame, form: Form) -> str:
    def finding(decoded_frame: DecodedFrame, description: ImageDescription) -> str:
        return _finding(decoded_frame, description, frame, form)

    return await decoder.apply(frame.located, frame.number, finding)


def _finding(
    decoded_frame: DecodedFrame, description: ImageDescription, frame: NumericFrame, form: Form
) -> str:
    described = decoded_frame.described(description)
    return misfit(
        made(decoded_frame.values, described, form.base, form.making, frame.factor), form.making, form.kind
    )
