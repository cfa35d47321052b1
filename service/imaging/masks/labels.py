"""Segmentations as label volumes: which frames make which slice, and the slices made of them.

All frames are looked through before the first byte is sent: whether segments overlap only their pixels tell.
"""

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from service.archive.files.blobs import Blobs
from service.archive.files.reading.opened import check_files
from service.archive.files.reading.runs import bring_near
from service.archive.instance import Located
from service.dicom.frames import NativeFrames
from service.errors import IrregularVolume, NotRenderable
from service.imaging.decoder import Decoder
from service.imaging.masks.frame_contents import frame_contents
from service.imaging.masks.mask_volume import SEGMENT, each_of
from service.pixels.arrays import Values
from service.pixels.codecs.decode import decoded
from service.pixels.description import ImageDescription
from service.pixels.masks.layers import Bits, as_bits, labels, overlapping, planes
from service.pixels.masks.placing import Placement
from service.pixels.masks.segments import BINARY, FRACTIONAL, LABELMAP
from service.pixels.numbers.quantities.making import Making

_FRAMES_AT_ONCE = 64
_BYTES_AT_ONCE = 4 * 2**20
_KEPT_BYTES = 2**25


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """The slices of a segmentation, made when they are read.

    Attributes:
        located: the instance.
        description: of its frames.
        kind: BINARY, FRACTIONAL or LABELMAP.
        frames: by slice of the grid the numbers of frames, each with its segment.
        placement: of a frame on its slice.
        slices: numbers of the slices that are made, of the grid.
        layers: of each volume along the fourth axis the segments, each with the value of its voxels.
        background: value of a labelmap for no segment.
        segments: numbers of all segments that there are.
        maximum: stored value of a whole voxel.
        making: what is made of slices: a region, a type.
        dtype: of the values.
        kept: slices of binary segments that have been looked through, as layers of fewer bits.
    """

    located: Located
    description: ImageDescription
    kind: str
    frames: Mapping[int, Sequence[tuple[int, int | None]]]
    placement: Placement
    slices: range
    layers: Sequence[Mapping[int, int]]
    background: int
    segments: frozenset[int]
    maximum: float
    making: Making
    dtype: np.dtype[Any]
    kept: dict[int, Sequence[tuple[int, Bits]]] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of what is made of a slice."""
        return self.making.shape(*self.placement.size)

    @property
    def image_bytes(self) -> int:
        """The number of bytes of what is made of a slice."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def kept_bytes(self) -> int:
        """The number of bytes of what has been looked through and is kept."""
        return sum(bits.nbytes for layers in self.kept.values() for _, bits in layers)

    @property
    def number_of_images(self) -> int:
        """The number of slices of all volumes."""
        return len(self.slices) * len(self.layers)

    def forget(self) -> None:
        """Let go of what is kept; it is made again."""
        self.kept.clear()

    async def check(self, decoder: Decoder) -> None:
        """Look through the frames that are needed, so that no answer breaks off or is wrong.

        Raises:
            IrregularVolume: segments overlap, or there are values of no segment.
            UndecodableFrame: a frame cannot be decoded.
            DamagedFile: the file is not as long as what was stored.
        """
        await decoder.threads.run(partial(check_files, decoder.blobs, {self.located.instance}))
        needed = [number for index in self.slices for number, _ in self._needed(index)]
        await decoder.check_streams(self.located, [] if self._is_native else needed)
        for indices in self._together(self.slices, 0):
            numbers = [number for index in indices for number, _ in self._needed(index)]
            await self._applied(decoder, numbers, partial(self._check, indices))

    async def images(self, decoder: Decoder, first: int, end: int) -> AsyncIterator[Values]:
        """Yield what is made of some slices: those of the first volume, then those of the next one."""
        for numbers in self._together(range(first, end), self.image_bytes):
            frames = [number for image in numbers for number, _ in self._of_image(image)]
            for values in await self._applied(decoder, frames, partial(self._images, numbers)):
                yield values

    @property
    def _is_native(self) -> bool:
        return isinstance(self.located.frames, NativeFrames)

    def _layer(self, image: int) -> Mapping[int, int]:
        return self.layers[image // len(self.slices)]

    def _needed(self, index: int) -> list[tuple[int, int | None]]:
        wanted = {segment for layer in self.layers for segment in layer}
        return [pair for pair in self.frames.get(index, ()) if pair[1] is None or pair[1] in wanted]

    def _of_image(self, image: int) -> list[tuple[int, int | None]]:
        layer, index = self._layer(image), self.slices[image % len(self.slices)]
        if index in self.kept:
            return []
        return [pair for pair in self.frames.get(index, ()) if pair[1] is None or pair[1] in layer]

    def _together(self, indices: range, image_bytes: int) -> Iterator[range]:
        """Yield runs of slices or images that are in memory together."""
        start, frames, size = indices.start, 0, 0
        for index in indices:
            own = len(self._of_image(index) if image_bytes else self._needed(index))
            if index > start and (frames + own > _FRAMES_AT_ONCE or size + image_bytes > _BYTES_AT_ONCE):
                yield range(start, index)
                start, frames, size = index, 0, 0
            frames, size = frames + own, size + image_bytes
        yield range(start, indices.stop)

    async def _applied(
        self, decoder: Decoder, numbers: Sequence[int], work: Callable[[Mapping[int, Values]], Any]
    ) -> Any:
        """Return what some work in a thread makes of frames: bits of a binary segmentation, or values."""
        unique = list(dict.fromkeys(numbers))
        table = self.located.frames
        if self._is_native:
            if unique and table:
                await bring_near(decoder.blobs, self.located.instance, table.span(unique[0]).offset)
            return await decoder.threads.run(lambda: work(self._read(decoder.blobs, unique)))
        frames = await asyncio.gather(*(decoder.decode(self.located, number) for number in unique))
        return await decoder.threads.run(
            lambda: work(
                {number: self._normal(frame.values) for number, frame in zip(unique, frames, strict=True)}
            )
        )

    def _read(self, blobs: Blobs, numbers: Sequence[int]) -> dict[int, Values]:
        contents = frame_contents(blobs, self.located, numbers)
        return {number: self._native(content) for number, content in contents.items()}

    def _native(self, content: bytes) -> Values:
        if self.kind != BINARY or self.description.bits_allocated != 1:
            return self._normal(
                decoded(content, self.located.instance.transfer_syntax, self.description).values
            )
        length = self.description.frame_length
        if len(content) < length:
            raise NotRenderable(f"the frame has {len(content)} bytes: expected {length}")
        return np.frombuffer(content, np.uint8, length)

    def _normal(self, values: Values) -> Values:
        if self.kind != BINARY:
            return values
        if values.max() > 1:
            raise IrregularVolume(f"a value of {values.max()} in a binary segmentation: expected 0 and 1")
        return as_bits(values)

    def _check(self, indices: range, frames: Mapping[int, Values]) -> None:
        for index in indices:
            needed = self._needed(index)
            if self.kind == BINARY and len(self.layers) == 1:
                layers = [(self.layers[0][segment or 0], frames[number]) for number, segment in needed]
                if pair := overlapping(layers):
                    raise IrregularVolume(
                        f"segments {pair[0]} and {pair[1]} share voxels in slice {index + 1}: expected one "
                        "segment, or layers=all",
                        groups=self._each(),
                    )
                self._keep(index, planes(layers))
            elif self.kind == LABELMAP:
                for number, _ in needed:
                    self._check_labels(number, frames[number])
            elif self.kind == FRACTIONAL:
                for number, _ in needed:
                    lowest, highest = frames[number].min(), frames[number].max()
                    if lowest < 0 or highest > self.maximum:
                        raise IrregularVolume(
                            f"frame {number} has values from {lowest} to {highest}: expected 0 to "
                            f"Maximum Fractional Value, {self.maximum:g}"
                        )

    def _keep(self, index: int, layers: Sequence[tuple[int, Bits]]) -> None:
        if (len(self.kept) + 1) * len(layers) * self.description.frame_length <= _KEPT_BYTES:
            self.kept[index] = layers

    def _each(self) -> list[dict[str, object]]:
        counts = Counter(segment for own in self.frames.values() for _, segment in own if segment is not None)
        return each_of(SEGMENT, list(self.layers[0]), counts)

    def _check_labels(self, number: int, values: Values) -> None:
        known = np.zeros(2**16, bool)
        known[[*self.segments, self.background, 0]] = True
        ends = values.min(), values.max()
        unknown = next((end for end in ends if not 0 <= end < len(known)), None)
        if unknown is None and not known[values].all():
            unknown = values[~known[values]][0]
        if unknown is not None:
            raise IrregularVolume(f"frame {number} has the value {unknown}: expected numbers of segments")

    def _images(self, numbers: range, frames: Mapping[int, Values]) -> list[Values]:
        return [self._image(number, frames) for number in numbers]

    def _image(self, image: int, frames: Mapping[int, Values]) -> Values:
        layer = self._layer(image)
        own = self._of_image(image)
        shape = self.description.rows, self.description.columns
        kept = self.kept.get(self.slices[image % len(self.slices)])
        if not own and not kept:
            return np.zeros(self.shape, self.dtype)
        if kept:
            made = labels(kept, shape, self.dtype)
        elif self.kind == BINARY:
            bits: list[tuple[int, Bits]] = [
                (layer[segment], frames[number]) for number, segment in own if segment is not None
            ]
            made = labels(bits, shape, self.dtype)
        elif self.kind == FRACTIONAL:
            made = (frames[own[0][0]] / self.maximum).astype(self.dtype)
        else:
            table = np.zeros(2**16, self.dtype)
            for segment, value in layer.items():
                table[segment] = value
            made = table[frames[own[0][0]]]
        return np.ascontiguousarray(self.making.part(self.placement.placed(made)))
