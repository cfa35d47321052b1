"""Volumes on another grid, whose own values are all in memory while slices are made of them."""

import math
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from service.errors import ContentTooLarge
from service.imaging.decoder import Decoder
from service.imaging.masks.mask_volume import Images
from service.pixels.arrays import Values
from service.pixels.masks.sampling import Coordinates, coordinates
from service.pixels.numbers.quantities.making import Making

_MAX_BYTES = 2**26
_SLICES_TOGETHER = 4


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """The slices of a volume on another grid.

    Attributes:
        source: its own slices, whole.
        source_shape: slices, rows and columns of it.
        matrix: (column, row, slice, 1) of the grid → those of the source.
        size: rows and columns of the grid.
        slices: those that are made, of the grid.
        making: the region of a slice that is made.
        interpolation: source, places and size of a slice → its values.
    """

    source: Images
    source_shape: tuple[int, int, int]
    matrix: Values
    size: tuple[int, int]
    slices: range
    making: Making
    interpolation: Callable[[Values, Coordinates, tuple[int, int]], Values]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the values."""
        return self.source.dtype

    @property
    def image_bytes(self) -> int:
        """The number of bytes of what is made of a slice."""
        return math.prod(self.making.shape(*self.size)) * self.dtype.itemsize

    @property
    def kept_bytes(self) -> int:
        """The number of bytes that the source keeps."""
        return self.source.kept_bytes

    @property
    def number_of_images(self) -> int:
        """The number of slices of all volumes."""
        return len(self.slices) * (self.source.number_of_images // self.source_shape[0])

    def forget(self) -> None:
        """Let go of what the source keeps; it is made again."""
        self.source.forget()

    async def check(self, decoder: Decoder) -> None:
        """Look through the source.

        Raises:
            ContentTooLarge: it does not fit into memory.
            DicomwebError: what its own check raises.
        """
        size = math.prod(self.source_shape) * self.dtype.itemsize
        if size > _MAX_BYTES:
            raise ContentTooLarge(f"{size} bytes to bring onto another grid: expected up to {_MAX_BYTES}")
        await self.source.check(decoder)

    async def images(self, decoder: Decoder, first: int, end: int) -> AsyncIterator[Values]:
        """Yield what is made of some slices: those of the first volume, then those of the next one."""
        loaded: Mapping[int, Values] = {}
        for start in range(first, end, _SLICES_TOGETHER):
            numbers = range(start, min(start + _SLICES_TOGETHER, end))
            for volume in sorted({number // len(self.slices) for number in numbers}):
                if volume not in loaded:
                    loaded = {volume: await self._loaded(decoder, volume)}
                own = [number for number in numbers if number // len(self.slices) == volume]
                for image in await decoder.threads.run(partial(self._made, loaded[volume], own)):
                    yield image

    async def _loaded(self, decoder: Decoder, volume: int) -> Values:
        length = self.source_shape[0]
        whole = np.empty(self.source_shape, self.dtype)
        index = 0
        async for image in self.source.images(decoder, volume * length, (volume + 1) * length):
            whole[index] = image
            index += 1
        return whole

    def _made(self, source: Values, numbers: list[int]) -> list[Values]:
        made = []
        for number in numbers:
            places = coordinates(self.matrix, self.size, self.slices[number % len(self.slices)])
            made.append(np.ascontiguousarray(self.making.part(self.interpolation(source, places, self.size))))
        return made
