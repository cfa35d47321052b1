"""What is wanted of a mask, and on which grid it comes: that of the series it refers to, or another."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np

from service.archive import Archive
from service.dicom_json import Attributes, items, text
from service.errors import IrregularVolume, NoSuchValues, SeriesNotFound, SlicesNotFound, shorten
from service.imaging.decoder import Decoder
from service.imaging.grids import grid_of_series
from service.pixels.arrays import Values
from service.pixels.masks.segments import FRACTIONAL, label_type
from service.pixels.numbers.making import Making
from service.pixels.numbers.volume import Volume
from service.scope import Scope

OWN_FRAMES = "frames"
SEGMENT, ROI = "segment", "roi"

_REFERENCED_SERIES, _REFERENCED_INSTANCES = "00081115", "0008114A"
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


@dataclass(frozen=True, slots=True)
class Reference:
    """A series that a mask refers to.

    Attributes:
        series: its UID.
        instances: UIDs of those of its instances that are named.
    """

    series: str
    instances: frozenset[str]


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the voxels of a mask lie.

    Attributes:
        volume: of an image series; None for that of the mask's own frames.
        series: UID of it.
        reason: why it is not that of the series which the mask refers to; empty if it is.
    """

    volume: Volume | None
    series: str | None
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the grid as a client is told it."""
        return {"of": self.series or OWN_FRAMES, "reason": self.reason or None}


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
    """

    volume: Volume
    images: Images
    told: Mapping[str, Any]
    making: Making

    @property
    def made(self) -> Volume:
        """The volume with the part of its slices that is made."""
        rows, columns = self.volume.shape[-2:]
        affine = self.volume.affine @ self.making.matrix(rows, columns)
        return replace(self.volume, affine=affine, size=self.making.shape(rows, columns))

    @property
    def values(self) -> str:
        """What its values are."""
        return "labels" if self.told["mask"] != FRACTIONAL else "fractions"


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


def references_of(metadata: Attributes) -> Iterator[Reference]:
    """Yield the series that an instance refers to. Standard: PS3.3 C.12.3, Common Instance Reference."""
    for item in items(metadata, _REFERENCED_SERIES):
        if series := text(item, "0020000E"):
            instances = items(item, _REFERENCED_INSTANCES)
            yield Reference(series, frozenset(text(instance, "00081155") for instance in instances))


async def grid_of(
    archive: Archive,
    scope: Scope,
    study: str,
    references: Sequence[Reference],
    frame_of_reference: str,
    on: str | None,
) -> Grid:
    """Return the grid that a mask comes on.

    Args:
        archive: where series are.
        scope: of who asks.
        study: of the mask: other studies are not looked through.
        references: that the mask makes.
        frame_of_reference: UID of the mask's.
        on: as in MaskWish.

    Raises:
        SeriesNotFound: the series asked for is not here.
        IrregularVolume: it makes no volume, or lies in another frame of reference.
    """
    if on == OWN_FRAMES:
        return Grid(None, None, "asked for")
    if on is not None:
        volume = await grid_of_series(archive, scope, study, on, _instances_of(references, on))
        if reason := _stranger(volume, frame_of_reference):
            raise IrregularVolume(f"on={shorten(on)}: {reason}")
        return Grid(volume, on)
    reasons = []
    for reference in references:
        try:
            volume = await grid_of_series(archive, scope, study, reference.series, reference.instances)
        except SeriesNotFound:
            reasons.append("the series that it refers to is not in this study")
            continue
        except (IrregularVolume, SlicesNotFound) as error:
            reasons.append(f"the series that it refers to makes no volume: {error.message}")
            continue
        if reason := _stranger(volume, frame_of_reference):
            reasons.append(f"the series that it refers to {reason}")
            continue
        return Grid(volume, reference.series)
    return Grid(None, None, "; ".join(dict.fromkeys(reasons)) or "it refers to no series")


def _instances_of(references: Sequence[Reference], series: str) -> frozenset[str]:
    return frozenset().union(*(reference.instances for reference in references if reference.series == series))


def _stranger(volume: Volume, frame_of_reference: str) -> str:
    """Tell why a volume is in another space than a mask; nothing if it is in the same."""
    own = volume.slices[0].plane.frame_of_reference
    if own and frame_of_reference and own != frame_of_reference:
        return "has another Frame of Reference UID than the mask: expected the same"
    return ""


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
