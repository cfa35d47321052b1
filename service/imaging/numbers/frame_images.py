"""The slices of an image volume, read in the same way as those of masks."""

import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from service.archive.files.reading.opened import check_files
from service.imaging.decoder import Decoder
from service.imaging.numbers.arrays import array_of
from service.imaging.numbers.forms import Form
from service.imaging.numbers.numeric_frames import NumericFrame
from service.pixels.arrays import Values


@dataclass(frozen=True, slots=True, eq=False)
class FrameImages:
    """The slices of a volume as they are.

    Attributes:
        frames: of it, at least one.
        form: in which they come.
    """

    frames: Sequence[NumericFrame]
    form: Form

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the values."""
        return self.form.kind

    @property
    def image_bytes(self) -> int:
        """The number of bytes of a slice."""
        return math.prod(self.form.shape(self.frames[0])) * self.dtype.itemsize

    @property
    def number_of_images(self) -> int:
        """The number of slices."""
        return len(self.frames)

    @property
    def kept_bytes(self) -> int:
        """Nothing is kept."""
        return 0

    def forget(self) -> None:
        """Nothing is kept."""

    async def check(self, decoder: Decoder) -> None:
        """Make sure that all frames can be read.

        Raises:
            UndecodableFrame: one cannot be decoded.
            DamagedFile: a file is not as long as what was stored.
        """
        instances = {frame.located.instance for frame in self.frames}
        await decoder.threads.run(partial(check_files, decoder.blobs, instances))
        await decoder.try_all((frame.located, frame.number) for frame in self.frames)

    async def images(self, decoder: Decoder, first: int, end: int) -> AsyncIterator[Values]:
        """Yield some slices."""
        for frame in self.frames[first:end]:
            content = await array_of(decoder, frame, self.form.made_of)
            yield np.frombuffer(content, self.dtype).reshape(self.form.shape(frame))
