"""Masks, and what is wanted of them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np

from service.errors import NoSuchValues, SlicesNotFound
from service.imaging.decoder import Decoder
from service.pixels.arrays import Values
from service.pixels.masks.segments import label_type
from service.pixels.numbers.geometry.volume import Volume
from service.pixels.numbers.quantities.making import Making

SEGMENT, ROI = "segment", "roi"

_MAX_TOLD = 256


class MaskWish(NamedTuple):
    """Which part of a mask is wanted, and where.

    Attributes:
        names: numbers or names of segments or regions; none for all.
        is_layered: each on a layer of its own.
        on: UID of the series on whose grid; OWN_FRAMES; None for that which the mask refers to.
        part: the slices that are asked for; None for all.
        tolerance: mm that frames or contours may lie beside a slice.
    """

    names: tuple[str, ...] = ()
    is_layered: bool = False
    on: str | None = None
    part: slice | None = None
    tolerance: float | None = None


class Images(Protocol):
    """The slices of a volume, or of several, made when they are read."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the type of the values."""

    @property
    def image_bytes(self) -> int:
        """Return the number of bytes of what is made of a slice."""

    @property
    def number_of_images(self) -> int:
        """Return the number of slices of all volumes."""

    @property
    def kept_bytes(self) -> int:
        """Return the number of bytes that are kept once it has been looked through."""

    def forget(self) -> None:
        """Let go of what is kept; it is made again."""

    async def check(self, decoder: Decoder) -> None:
        """Look for what would make an answer break off or be wrong."""

    def images(self, decoder: Decoder, first: int, end: int) -> AsyncIterator[Values]:
        """Yield what is made of some slices: those of the first volume, then those of the next one."""


@dataclass(frozen=True, slots=True, eq=False)
class MaskVolume:
    """A mask on a grid.

    Attributes:
        volume: where its voxels lie, before a region is cut out.
        images: its slices, made when they are read.
        told: what its description says beside what every volume says.
        making: the part of a slice that is made, and its type.
        values: what its values are.
    """

    volume: Volume
    images: Images
    told: Mapping[str, Any]
    making: Making
    values: str = "labels"

    @property
    def made(self) -> Volume:
        """The volume with the part of its slices that is made."""
        rows, columns = self.volume.shape[-2:]
        affine = self.volume.affine @ self.making.matrix(rows, columns)
        return replace(self.volume, affine=affine, size=self.making.shape(rows, columns))


def mask_description(mask: MaskVolume) -> dict[str, object]:
    """Return what there is to know about a mask, as a client is told it."""
    volume = mask.made
    return {
        "shape": volume.shape,
        "type": mask.images.dtype.name,
        "regular": volume.is_regular,
        "made": mask.making.as_json() | {"values": mask.values},
        "spacing": volume.spacing,
        "affine": volume.affine.tolist(),
        **({"along": volume.along.as_json()} if volume.along else {}),
        "PhotometricInterpretation": volume.slices[0].plane.photometric_interpretation,
        "padding": [],
        **mask.told,
        "varying": {},
        "slices": [
            {
                "SOPInstanceUID": slice_.sop_instance_uid or None,
                "InstanceNumber": slice_.instance_number,
                "frame": slice_.frame_number or None,
                "position": slice_.plane.position,
            }
            for slice_ in volume.slices
        ],
    }


def each_of(name: str, numbers: Sequence[int], slices: Mapping[int, int]) -> list[dict[str, object]]:
    """Return what can be asked for where segments or regions do not make one volume: each, or layers.

    Args:
        name: of the parameter that selects one.
        numbers: of all that are meant.
        slices: how many slices each is in.
    """
    single = [
        {"values": {name: number}, "slices": slices.get(number, 0), "volume": True}
        for number in numbers[:_MAX_TOLD]
    ]
    layered = {"values": {"layers": "all"}, "slices": sum(slices.values()), "volume": True}
    return [*single, layered]


def part_of(volume: Volume, wish: MaskWish) -> slice:
    """Return the slices of a volume that are wanted.

    Raises:
        SlicesNotFound: one is not there.
    """
    length = volume.shape[-3]
    if wish.part is None:
        return slice(0, length)
    if wish.part.stop > length:
        raise SlicesNotFound(f"no slice {wish.part.stop}: the volume has {length}")
    return wish.part


def label_dtype(layers: Sequence[Mapping[int, int]], making: Making) -> np.dtype[Any]:
    """Return the type that labels come in.

    Raises:
        NoSuchValues: they do not fit in the type asked for.
    """
    highest = max(value for layer in layers for value in layer.values())
    dtype = making.dtype or label_type(highest)
    if dtype.kind in "iu" and highest > np.iinfo(dtype).max:
        raise NoSuchValues(f"dtype={dtype.name}: numbers up to {highest}, expected a type for them")
    return dtype
