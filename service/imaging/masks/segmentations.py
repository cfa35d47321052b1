"""A segmentation and the grid it comes on → its label volume, with what is told about it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import anyio.to_thread
import numpy as np

from service.archive import Archive
from service.archive.index.lookups.metadata import attributes_of
from service.archive.instance import Located
from service.dicom_json import text
from service.errors import IrregularVolume, NoSuchValues
from service.imaging.description import description_of
from service.imaging.masks.grids import OWN_FRAMES, Grid, grid_of, references_by_images, references_of
from service.imaging.masks.labels import Labels
from service.imaging.masks.mask_volume import (
    SEGMENT,
    Images,
    MaskVolume,
    MaskWish,
    each_of,
    label_dtype,
    part_of,
)
from service.imaging.masks.sampled import Sampled
from service.imaging.masks.segment_source import SegmentSource, by_slice, own_volume, source_of, wanted_of
from service.pixels.masks.placing import Fit, placed_on
from service.pixels.masks.sampling import nearest
from service.pixels.masks.segment_frames import sources_of
from service.pixels.masks.segments import FRACTIONAL, LABELMAP, Segment, background_of, maximum_of
from service.pixels.numbers.geometry.plane import Plane
from service.pixels.numbers.geometry.volume import Along, Volume
from service.pixels.numbers.quantities.making import Making
from service.pixels.numbers.quantities.modality import FLOAT32
from service.scope import Scope


async def segmentation_volume(
    archive: Archive, scope: Scope, located: Located, wish: MaskWish, making: Making
) -> MaskVolume:
    """Return the label volume of a segmentation.

    Args:
        archive: where it is, and the series that it refers to.
        scope: of who asks.
        located: the segmentation.
        wish: what of it is wanted, and where.
        making: a region, a type.

    Raises:
        IrregularVolume: it has no place on the grid, or does not make one volume.
        SlicesNotFound: no such segment or slice.
        NoSuchValues: its values do not fit in the type asked for.
    """
    metadata = await archive.index.read(attributes_of, located.instance)
    source = await anyio.to_thread.run_sync(source_of, located, metadata)
    study = located.instance.uids.study
    references = list(references_of(metadata))
    if not references:
        images = await anyio.to_thread.run_sync(sources_of, metadata)
        references = await references_by_images(archive, scope, study, images)
    grid = await grid_of(
        archive,
        scope,
        located.instance.uids.study,
        references,
        text(metadata, "00200052"),
        wish.on,
        wish.tolerance,
    )
    return await anyio.to_thread.run_sync(_planned, located, source, grid, wish, making)


def _planned(
    located: Located, source: SegmentSource, grid: Grid, wish: MaskWish, making: Making
) -> MaskVolume:
    wanted = wanted_of(source, wish)
    volume, images, sampling = _on_grid(located, source, wanted, grid, wish, making)
    if wish.is_layered:
        numbers = [segment.number for segment in wanted]
        along = Along(("ReferencedSegmentNumber",), tuple(((number_,),) for number_ in numbers))
        volume = replace(volume, slices=volume.slices * len(numbers), along=along)
    values = "fractions" if source.kind == FRACTIONAL else "labels"
    told = {"mask": source.kind, **_fractions(source), "grid": grid.as_json() | sampling}
    return MaskVolume(
        volume, images, told | {"segments": [segment.as_json() for segment in wanted]}, making, values
    )


def _on_grid(
    located: Located,
    source: SegmentSource,
    wanted: Sequence[Segment],
    grid: Grid,
    wish: MaskWish,
    making: Making,
) -> tuple[Volume, Images, dict[str, str]]:
    """Return the slices that are wanted, where they lie, and how they came onto the grid."""
    planes = [slice_.plane for slice_ in source.slices]
    volume = grid.volume or own_volume(source)
    fit = placed_on(volume, planes, wish.tolerance)
    part = part_of(volume, wish)
    if fit is None and grid.volume is not None and wish.on is not None:
        own = own_volume(source)
        placement, indices = _fit_on(own, planes)
        slices = range(own.shape[0])
        labels = _labels(
            located, source, wanted, wish, (placement, indices), slices, Making(dtype=making.dtype)
        )
        matrix = np.linalg.inv(own.affine) @ volume.affine
        size = volume.shape[-2], volume.shape[-1]
        span = range(part.start, part.stop)
        sampled = Sampled(labels, (len(slices), *labels.shape), matrix, size, span, making, nearest)
        return volume.part(part.start, part.stop), sampled, {"sampling": "nearest"}
    fit = _checked_fit(fit, source, volume, grid, wish)
    labels = _labels(located, source, wanted, wish, fit, range(part.start, part.stop), making)
    return volume.part(part.start, part.stop), labels, {}


def _fit_on(own: Volume, planes: Sequence[Plane]) -> Fit:
    fit = placed_on(own, planes)
    if fit is None:
        raise IrregularVolume("frames lie beside each other: expected one matrix at different heights")
    return fit


def _labels(
    located: Located,
    source: SegmentSource,
    wanted: Sequence[Segment],
    wish: MaskWish,
    fit: Fit,
    slices: range,
    making: Making,
) -> Labels:
    placement, indices = fit
    frames = by_slice(source, indices)
    layers = _layers(source, wanted, wish, frames)
    return Labels(
        located=located,
        description=description_of(located, 1),
        kind=source.kind,
        frames=frames,
        placement=placement,
        slices=slices,
        layers=layers,
        background=background_of(source.metadata) if source.kind == LABELMAP else 0,
        segments=frozenset(segment.number for segment in source.segments),
        maximum=maximum_of(source.metadata) if source.kind == FRACTIONAL else 1,
        making=making,
        dtype=_dtype(source.kind, layers, making),
    )


def _checked_fit(fit: Fit | None, source: SegmentSource, volume: Volume, grid: Grid, wish: MaskWish) -> Fit:
    """Return how frames lie on the grid, none of which would be cut off without a word."""
    if grid.volume is None:
        return _fit_on(volume, [slice_.plane for slice_ in source.slices])
    finding = "their voxels are not those of the grid, or lie beside them"
    if fit is not None:
        placement, indices = fit
        rows, columns = source.slices[0].plane.rows, source.slices[0].plane.columns
        outside = sum(not 0 <= index < volume.shape[0] for index in indices)
        if wish.on is not None or (not outside and placement.is_inside(rows, columns)):
            return fit
        finding = f"{outside or len(indices)} of {len(indices)} frames lie outside of it"
    groups = [
        {"values": {"on": on}, "slices": len(source.slices), "volume": True}
        for on in (OWN_FRAMES, grid.series)
    ]
    raise IrregularVolume(f"frames do not fit on the grid of series {grid.series}: {finding}", groups=groups)


def _layers(
    source: SegmentSource,
    wanted: Sequence[Segment],
    wish: MaskWish,
    frames: Mapping[int, Sequence[tuple[int, int | None]]],
) -> list[dict[int, int]]:
    """Return for each volume along the fourth axis, or the only one, the values of its segments."""
    numbers = [segment.number for segment in wanted]
    if wish.is_layered:
        return [{number_: 1} for number_ in numbers]
    if source.kind == FRACTIONAL and len(numbers) > 1:
        counts = Counter(segment for own in frames.values() for _, segment in own if segment is not None)
        raise IrregularVolume(
            f"fractions of {len(numbers)} segments: expected one segment, or layers=all",
            groups=each_of(SEGMENT, numbers, counts),
        )
    return [{number_: number_ for number_ in numbers}]


def _dtype(kind: str, layers: Sequence[Mapping[int, int]], making: Making) -> np.dtype[Any]:
    if kind == FRACTIONAL:
        if making.dtype is not None and making.dtype.kind != "f":
            raise NoSuchValues(f"dtype={making.dtype.name}: fractions of a segment, expected float32")
        return making.dtype or FLOAT32
    return label_dtype(layers, making)


def _fractions(source: SegmentSource) -> dict[str, str]:
    return {"fractions": text(source.metadata, "00620010")} if source.kind == FRACTIONAL else {}
