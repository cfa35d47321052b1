"""Regions of a structure set as label volumes: the slices that are made of their contours."""

import math
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from service.errors import IrregularVolume
from service.imaging.decoder import Decoder
from service.imaging.masks.mask_volume import ROI, each_of
from service.pixels.arrays import Values
from service.pixels.masks.layers import Bits, bits_within, labels, overlapping, planes
from service.pixels.masks.polygons import partly_shared, within
from service.pixels.numbers.quantities.making import Making

_SLICES_TOGETHER = 4
_KEPT_BYTES = 2**25

Polygons = Sequence[Values]


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """The slices of a structure set, made when they are read.

    Attributes:
        contours: by slice of the grid, then by region, the corners of polygons in columns and rows.
        exclusive: regions whose contours are combined by exclusive disjunction, as they say.
        size: rows and columns of the grid.
        slices: numbers of those that are made, of the grid.
        layers: of each volume along the fourth axis the regions, each with the value of its voxels.
        making: what is made of slices: a region, a type.
        dtype: of the values.
        kept: slices of a single volume that have been made, as layers of few bits.
    """

    contours: Mapping[int, Mapping[int, Polygons]]
    exclusive: frozenset[int]
    size: tuple[int, int]
    slices: range
    layers: Sequence[Mapping[int, int]]
    making: Making
    dtype: np.dtype[Any]
    kept: dict[int, Sequence[tuple[int, Bits]]] = field(default_factory=dict)

    @property
    def image_bytes(self) -> int:
        """The number of bytes of what is made of a slice."""
        return math.prod(self.making.shape(*self.size)) * self.dtype.itemsize

    @property
    def number_of_images(self) -> int:
        """The number of slices of all volumes."""
        return len(self.slices) * len(self.layers)

    @property
    def kept_bytes(self) -> int:
        """The number of bytes of the contours, and of slices that have been made and are kept."""
        corners = sum(
            polygon.nbytes
            for regions in self.contours.values()
            for polygons in regions.values()
            for polygon in polygons
        )
        return corners + sum(bits.nbytes for layers in self.kept.values() for _, bits in layers)

    def forget(self) -> None:
        """Let go of what is kept; it is made again."""
        self.kept.clear()

    async def check(self, decoder: Decoder) -> None:
        """Look for what only the voxels tell.

        Raises:
            IrregularVolume: regions overlap, or contours of a region do so that nobody knows what is meant.
        """
        for start in range(0, len(self.slices), _SLICES_TOGETHER):
            some = self.slices[start : start + _SLICES_TOGETHER]
            await decoder.threads.run(partial(self._check, some))

    async def images(self, decoder: Decoder, first: int, end: int) -> AsyncIterator[Values]:
        """Yield what is made of some slices: those of the first volume, then those of the next one."""
        for start in range(first, end, _SLICES_TOGETHER):
            numbers = range(start, min(start + _SLICES_TOGETHER, end))
            for image in await decoder.threads.run(partial(self._images, numbers)):
                yield image

    def _check(self, indices: range) -> None:
        wanted = {region for layer in self.layers for region in layer}
        for index in indices:
            regions = self.contours.get(index, {})
            for region in regions.keys() & wanted - self.exclusive:
                if len(regions[region]) > 1 and partly_shared(regions[region], self.size):
                    raise IrregularVolume(
                        f"contours of ROI {region} in slice {index + 1} overlap or are there twice: expected "
                        "apart from each other, one within another for a hole, or CLOSEDPLANAR_XOR"
                    )
            if len(self.layers) == 1:
                layers = self._layers(index, self.layers[0])
                if pair := overlapping(layers):
                    raise IrregularVolume(
                        f"ROI {pair[0]} and ROI {pair[1]} share voxels in slice {index + 1}: expected one "
                        "roi, or layers=all",
                        groups=self._each(),
                    )
                self._keep(index, planes(layers))

    def _each(self) -> list[dict[str, object]]:
        counts = Counter(region for regions in self.contours.values() for region in regions)
        return each_of(ROI, list(self.layers[0]), counts)

    def _keep(self, index: int, layers: Sequence[tuple[int, Bits]]) -> None:
        size = math.prod(self.size) // 8 + 1
        if (len(self.kept) + 1) * len(layers) * size <= _KEPT_BYTES:
            self.kept[index] = layers

    def _layers(self, index: int, layer: Mapping[int, int]) -> list[tuple[int, Bits]]:
        regions = self.contours.get(index, {})
        return [(value, self._bits(regions[region])) for region, value in layer.items() if region in regions]

    def _bits(self, polygons: Polygons) -> Bits:
        return bits_within(*within(polygons, self.size), self.size)

    def _images(self, numbers: range) -> list[Values]:
        return [self._image(number) for number in numbers]

    def _image(self, number: int) -> Values:
        index, layer = self.slices[number % len(self.slices)], self.layers[number // len(self.slices)]
        layers = self.kept[index] if index in self.kept else self._layers(index, layer)
        return np.ascontiguousarray(self.making.part(labels(layers, self.size, self.dtype)))
