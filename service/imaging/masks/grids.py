"""The grids that masks and doses come onto: that of the series they refer to, or of another one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import anyio.to_thread

from service.archive import Archive
from service.archive.index.lookups.lookup import find_all, locate_all
from service.archive.instance import Target
from service.dicom_json import Attributes, items, text
from service.errors import IrregularVolume, SeriesNotFound, SlicesNotFound, shorten
from service.imaging.numbers.described import described
from service.imaging.numbers.volumes import Wish, volume_alone
from service.pixels.masks.lattice import in_gray
from service.pixels.numbers.geometry.slices import Slice
from service.pixels.numbers.geometry.volume import Strictness, Volume
from service.scope import Scope

OWN_FRAMES = "frames"

_REFERENCED_SERIES, _REFERENCED_INSTANCES = "00081115", "0008114A"


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


def references_of(metadata: Attributes) -> Iterator[Reference]:
    """Yield the series that an instance refers to. Standard: PS3.3 C.12.3, Common Instance Reference."""
    for item in items(metadata, _REFERENCED_SERIES):
        if series := text(item, "0020000E"):
            instances = items(item, _REFERENCED_INSTANCES)
            yield Reference(series, frozenset(text(instance, "00081155") for instance in instances))


async def references_by_images(
    archive: Archive, scope: Scope, study: str, images: frozenset[str]
) -> list[Reference]:
    """Return the series of a study that images are of, for masks which name these alone.

    Args:
        archive: where they are.
        scope: of who asks.
        study: its UID.
        images: SOP Instance UIDs.
    """
    by_series: dict[str, set[str]] = {}
    for instance in await archive.index.read(find_all, scope, study) if images else ():
        if instance.uids.instance in images:
            by_series.setdefault(instance.uids.series, set()).add(instance.uids.instance)
    return [Reference(series, frozenset(uids)) for series, uids in by_series.items()]


async def grid_of(
    archive: Archive,
    scope: Scope,
    study: str,
    references: Sequence[Reference],
    frame_of_reference: str,
    on: str | None,
    tolerance: float | None = None,
) -> Grid:
    """Return the grid that a mask comes on.

    Args:
        archive: where series are.
        scope: of who asks.
        study: of the mask: other studies are not looked through.
        references: that the mask makes.
        frame_of_reference: UID of the mask's.
        on: as in MaskWish.
        tolerance: mm that slices of the series may lie beside a lattice; None for the usual.

    Raises:
        SeriesNotFound: the series asked for is not here.
        IrregularVolume: it makes no volume, or lies in another frame of reference.
    """
    if on == OWN_FRAMES:
        return Grid(None, None, "asked for")
    if on is not None:
        instances = _instances_of(references, on)
        volume = await _grid_of_series(archive, scope, Target(study, on), instances, tolerance)
        if reason := _stranger(volume, frame_of_reference):
            raise IrregularVolume(f"on={shorten(on)}: {reason}")
        return Grid(volume, on)
    reasons = []
    for reference in references:
        try:
            target = Target(study, reference.series)
            volume = await _grid_of_series(archive, scope, target, reference.instances, tolerance)
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


async def _grid_of_series(
    archive: Archive, scope: Scope, target: Target, referenced: frozenset[str], tolerance: float | None
) -> Volume:
    """Return the volume that a series makes, or those of its instances that are referred to.

    Args:
        archive: where it is.
        scope: of who asks.
        target: the series.
        referenced: SOP Instance UIDs; if the series makes no volume, these of it may make one.
        tolerance: mm that slices may lie beside a lattice; None for the usual.

    Raises:
        SeriesNotFound: it is not here.
        IrregularVolume: it makes no volume.
    """
    instances = await archive.index.read(locate_all, scope, target.study, target.series or "")
    metadata = await described(archive.index, scope, target, instances)
    wish = Wish(strictness=Strictness(tolerance))
    try:
        volume = await anyio.to_thread.run_sync(volume_alone, instances, metadata, wish)
    except IrregularVolume:
        some = [located for located in instances if located.instance.uids.instance in referenced]
        if not 0 < len(some) < len(instances):
            raise
        volume = await anyio.to_thread.run_sync(volume_alone, some, metadata, wish)
    return replace(volume, slices=tuple(map(_plain, volume.slices)))


def _plain(slice_: Slice) -> Slice:
    """Return where a slice lies, without what its values mean."""
    return Slice(slice_.sop_instance_uid, slice_.instance_number, slice_.frame_number, in_gray(slice_.plane))
