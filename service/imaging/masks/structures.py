"""A structure set and the grid it comes on → its label volume, with what is told about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import anyio.to_thread

from service.archive import Archive
from service.archive.index.lookups.metadata import attributes_of
from service.archive.instance import Located
from service.dicom_json import Attributes
from service.errors import IrregularVolume, SlicesNotFound, shorten
from service.imaging.masks.grids import OWN_FRAMES, Grid, Reference, grid_of, references_by_images
from service.imaging.masks.mask_volume import (
    ROI,
    MaskVolume,
    MaskWish,
    each_of,
    label_dtype,
    part_of,
)
from service.imaging.masks.regions import Regions
from service.pixels.arrays import Values
from service.pixels.masks.placing import contour_on, places_of, steps_of
from service.pixels.masks.structures import (
    CLOSED,
    EXCLUSIVE,
    POINT,
    Colour,
    Contour,
    Region,
    contours_of,
    images_of_contours,
    regions_of,
    structures_referenced,
)
from service.pixels.numbers.geometry.volume import Along, Volume
from service.pixels.numbers.quantities.making import Making
from service.scope import Scope

RULE = "voxels whose center is within the contours or on them; odd numbers of contours"


@dataclass(slots=True, eq=False)
class _Drawn:
    """The contours of one region on a grid."""

    region: Region
    colour: Colour = field(default_factory=Colour)
    slices: dict[int, list[Values]] = field(default_factory=dict)
    types: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        indices = sorted(self.slices)
        told = {
            "contours": dict(self.types),
            "slices": [indices[0] + 1, indices[-1] + 1] if indices else None,
            "without": indices[-1] - indices[0] + 1 - len(indices) if indices else 0,
        }
        return self.region.as_json() | self.colour.as_json() | told


async def structure_volume(
    archive: Archive, scope: Scope, located: Located, wish: MaskWish, making: Making
) -> MaskVolume:
    """Return the label volume of a structure set.

    Args:
        archive: where it is, and the series that it refers to.
        scope: of who asks.
        located: the structure set.
        wish: what of it is wanted, and where.
        making: a region of the images, a type.

    Raises:
        IrregularVolume: it has no place on the grid, or does not make one volume.
        SlicesNotFound: no such region or slice.
        NoSuchValues: its values do not fit in the type asked for.
    """
    metadata = await archive.index.read(attributes_of, located.instance)
    referenced = list(structures_referenced(metadata))
    references = [Reference(series, instances) for _, series, instances in referenced]
    study = located.instance.uids.study
    if not references and wish.on is None:
        images = await anyio.to_thread.run_sync(images_of_contours, metadata)
        references = await references_by_images(archive, scope, study, images)
    grid = await grid_of(archive, scope, study, references, "", wish.on, wish.tolerance)
    if grid.volume is None:
        reason = "they have no frames" if wish.on == OWN_FRAMES else grid.reason
        raise IrregularVolume(
            f"contours without a grid: {reason}; expected on= with the UID of a series of the study"
        )
    return await anyio.to_thread.run_sync(_planned, metadata, grid, grid.volume, wish, making)


def _planned(metadata: Attributes, grid: Grid, volume: Volume, wish: MaskWish, making: Making) -> MaskVolume:
    drawn = _drawn(metadata, volume, wish)
    wanted = [each for each in drawn if each.slices]
    layers = _layers(wanted, wish)
    contours: dict[int, dict[int, list[Values]]] = {}
    for each in wanted:
        for index, polygons in each.slices.items():
            contours.setdefault(index, {})[each.region.number] = polygons
    part = part_of(volume, wish)
    images = Regions(
        contours=contours,
        exclusive=frozenset(each.region.number for each in wanted if EXCLUSIVE in each.types),
        size=(volume.shape[-2], volume.shape[-1]),
        slices=range(part.start, part.stop),
        layers=layers,
        making=making,
        dtype=label_dtype(layers, making),
    )
    if wish.is_layered:
        numbers = [each.region.number for each in wanted]
        along = Along(("ReferencedROINumber",), tuple(((number,),) for number in numbers))
        volume = replace(volume, slices=volume.slices * len(numbers), along=along)
    told: dict[str, Any] = {"mask": "RTSTRUCT", "rule": RULE, "grid": grid.as_json()}
    told["segments"] = [each.as_json() for each in drawn]
    return MaskVolume(volume.part(part.start, part.stop), images, told, making)


def _drawn(metadata: Attributes, volume: Volume, wish: MaskWish) -> list[_Drawn]:
    """Return the regions that are wanted, with their contours on the grid."""
    regions = regions_of(metadata)
    numbers = {region.number for region in regions}
    drawn = {region.number: _Drawn(region) for region in _wanted(regions, wish)}
    for number, colour, contours in contours_of(metadata):
        if contours and number not in numbers:
            raise IrregularVolume(
                f"contours of ROI {number}: expected a number of Structure Set ROI Sequence"
            )
        if number in drawn:
            drawn[number].colour = colour
            _draw(drawn[number], contours, volume, wish)
    if wish.names and (empty := [each for each in drawn.values() if not each.slices]):
        types = ", ".join(empty[0].types) or "no contours"
        raise IrregularVolume(f"ROI {empty[0].region.number} has {types}: expected closed planar contours")
    if not any(each.slices for each in drawn.values()):
        raise IrregularVolume("no region has closed planar contours: expected some")
    return list(drawn.values())


def _wanted(regions: Sequence[Region], wish: MaskWish) -> list[Region]:
    if not wish.names:
        return list(regions)
    wanted = {}
    for name in wish.names:
        matches = [region for region in regions if name == str(region.number)]
        matches = matches or [region for region in regions if name == region.name]
        if not matches:
            there = ", ".join(str(region.number) for region in regions[:32])
            raise SlicesNotFound(f"no ROI {shorten(name)}: expected one of {there}, or a name")
        wanted.update({region.number: region for region in matches})
    return [wanted[number] for number in sorted(wanted)]


def _draw(drawn: _Drawn, contours: Sequence[Contour], volume: Volume, wish: MaskWish) -> None:
    """Put the contours of a region where they lie on the grid."""
    for contour in contours:
        drawn.types[contour.geometric_type] = drawn.types.get(contour.geometric_type, 0) + 1
    closed = [contour for contour in contours if contour.geometric_type in (CLOSED, EXCLUSIVE)]
    number = drawn.region.number
    if len(closed) < len(contours) and set(drawn.types) != {POINT}:
        types = ", ".join(name or "no type" for name in drawn.types)
        raise IrregularVolume(
            f"ROI {number} has contours of {types}: expected closed planar ones, or points alone"
        )
    if closed:
        _check_space(drawn.region, volume)
    beside = outside = 0
    places, tolerance = places_of(volume), steps_of(volume, wish.tolerance)
    for contour in closed:
        place = contour_on(places, contour.points, tolerance)
        if place is None:
            beside += 1
        elif not 0 <= place[0] < volume.shape[-3]:
            outside += 1
        else:
            drawn.slices.setdefault(place[0], []).append(place[1])
    if beside or (outside and wish.on is None):
        where = "in no slice" if beside else "beyond the slices"
        raise IrregularVolume(
            f"{beside or outside} of {len(closed)} contours of ROI {number} lie {where} of the grid: "
            "expected within a tenth of a step, or tolerance= in mm"
        )


def _check_space(region: Region, volume: Volume) -> None:
    own = volume.slices[0].plane.frame_of_reference
    if own and region.frame_of_reference and own != region.frame_of_reference:
        raise IrregularVolume(
            f"ROI {region.number} has another Frame of Reference UID than the grid: expected the same"
        )


def _layers(wanted: Sequence[_Drawn], wish: MaskWish) -> list[Mapping[int, int]]:
    """Return for each volume along the fourth axis, or the only one, the values of its regions."""
    numbers = [each.region.number for each in wanted]
    if wish.is_layered:
        return [{number: 1} for number in numbers]
    if min(numbers) < 1:
        counts = {each.region.number: len(each.slices) for each in wanted}
        raise IrregularVolume(
            f"ROI Number {min(numbers)}: expected numbers above 0 as values, or layers=all",
            groups=each_of(ROI, [number for number in numbers if number > 0], counts),
        )
    return [{number: number for number in numbers}]
