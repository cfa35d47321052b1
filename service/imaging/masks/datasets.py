"""A study as images and labels to train on: the masks in it, and the series that they refer to.

Labels of all masks get consecutive numbers by their names, as those who train expect them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import anyio.to_thread
import numpy as np

from service.archive import Archive
from service.archive.index.lookups.lookup import find_all, locate_all
from service.archive.instance import Located, Target
from service.dicom_json import Attributes, text
from service.errors import IrregularVolume, SlicesNotFound, shorten
from service.imaging.decoder import Decoder
from service.imaging.masks.cases import BACKGROUND, Case, Channel, Dataset, names_of
from service.imaging.masks.grids import OWN_FRAMES
from service.imaging.masks.mask_volume import MaskVolume, MaskWish
from service.imaging.masks.renumbered import renumbered
from service.imaging.masks.segmentations import segmentation_volume
from service.imaging.masks.structures import structure_volume
from service.imaging.numbers.described import described
from service.imaging.numbers.forms import form_of
from service.imaging.numbers.frame_images import FrameImages
from service.imaging.numbers.numeric_frames import check_number_of_frames
from service.imaging.numbers.volumes import Wish, planned
from service.pixels.masks.segments import SEGMENTATIONS, label_type
from service.pixels.masks.structures import STRUCTURE_SET
from service.pixels.numbers.quantities.making import Making
from service.scope import Scope

_SAME = 0.02  # of a voxel
_MAX_MASKS = 64
_MAKERS = {**dict.fromkeys(SEGMENTATIONS, segmentation_volume), STRUCTURE_SET: structure_volume}


class DatasetWish(NamedTuple):
    """What of a study is wanted.

    Attributes:
        masks: UIDs of the series of masks; none for all.
        channels: UIDs of the series of images, all on one grid; none for that which each mask refers to.
        labels: names in their order; none for all that there are.
    """

    masks: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


async def dataset_of(
    archive: Archive, decoder: Decoder, scope: Scope, study: str, wish: DatasetWish
) -> Dataset:
    """Return the data set that a study is. All frames that it needs have been looked through.

    Raises:
        StudyNotFound, SeriesNotFound: it is not here.
        SlicesNotFound: there are no masks.
        IrregularVolume: a mask or a series makes no volume, they lie on different grids, or several masks
            are of one series.
    """
    masks = await _masks(archive, scope, study, wish)
    volumes = [(located, await _mask_volume(archive, scope, located, wish)) for located in masks]
    _check_single(volumes)
    names = _labels([volume for _, volume in volumes], wish)
    cases = []
    for located, volume in volumes:
        mask = _numbered(volume, names)
        await mask.images.check(decoder)
        if len(volumes) > 1:
            mask.images.forget()
        series = wish.channels or (str(mask.told["grid"]["of"]),)
        channels = [await _channel(archive, decoder, scope, Target(study, uid)) for uid in series]
        for channel in channels:
            _check_place(channel, mask)
        cases.append(Case(channels[0].series, channels, mask, located))
    _check_modalities(cases)
    return Dataset(cases, [BACKGROUND, *names])


async def _masks(archive: Archive, scope: Scope, study: str, wish: DatasetWish) -> list[Located]:
    instances = await archive.index.read(find_all, scope, study)
    series = list(dict.fromkeys(each.uids.series for each in instances if each.sop_class_uid in _MAKERS))
    wanted = [uid for uid in series if uid in (wish.masks or series)]
    if not wanted or not {*wish.masks} <= {*wanted}:
        raise SlicesNotFound(
            f"{len(series)} series of segmentations or structure sets in the study: expected one to train on"
        )
    masks: list[Located] = []
    for uid in wanted:
        located = await archive.index.read(locate_all, scope, study, uid)
        masks += [each for each in located if each.instance.sop_class_uid in _MAKERS]
    if len(masks) > _MAX_MASKS:
        raise IrregularVolume(f"{len(masks)} masks: expected up to {_MAX_MASKS}, some of them by masks=")
    return masks


async def _mask_volume(archive: Archive, scope: Scope, located: Located, wish: DatasetWish) -> MaskVolume:
    series = located.instance.uids.series
    check_number_of_frames(located.frames.number_of_frames if located.frames else 0)
    make = _MAKERS[located.instance.sop_class_uid]
    on = wish.channels[0] if wish.channels else None
    try:
        volume = await make(archive, scope, located, MaskWish(on=on), Making())
    except IrregularVolume as error:
        raise IrregularVolume(f"mask of series {series}: {error.message}", error.disagreements) from error
    if volume.values != "labels":
        raise IrregularVolume(f"mask of series {series}: fractions of segments, expected labels")
    if volume.told["grid"]["of"] == OWN_FRAMES:
        reason = volume.told["grid"]["reason"]
        raise IrregularVolume(f"mask of series {series}: {reason}; expected channels= with series of images")
    return volume


def _check_single(volumes: Sequence[tuple[Located, MaskVolume]]) -> None:
    """Refuse several masks of one series: nobody knows which of them is the truth."""
    by_series: dict[str, list[str]] = {}
    for located, volume in volumes:
        by_series.setdefault(volume.told["grid"]["of"], []).append(located.instance.uids.series)
    for series, masks in by_series.items():
        if len(masks) > 1:
            groups = [
                {"values": {"masks": mask}, "slices": masks.count(mask), "volume": masks.count(mask) == 1}
                for mask in dict.fromkeys(masks)
            ]
            raise IrregularVolume(
                f"{len(masks)} masks of series {series}: expected one, by masks=", groups=groups
            )


def _labels(volumes: Sequence[MaskVolume], wish: DatasetWish) -> list[str]:
    """Return the names of labels in the order of their numbers, from 1."""
    there = [name for volume in volumes for name in names_of(volume).values()]
    names = list(dict.fromkeys(wish.labels or there))
    if not {*names} & {*there} or BACKGROUND in names:
        raise SlicesNotFound(
            f"no labels {shorten(', '.join(names))}: expected some that there are, by labels="
        )
    return names


def _numbered(volume: MaskVolume, names: Sequence[str]) -> MaskVolume:
    numbers = {name: number for number, name in enumerate(names, 1)}
    values = {number: numbers[name] for number, name in names_of(volume).items() if name in numbers}
    return replace(volume, images=renumbered(volume.images, values, label_type(len(names))))


async def _channel(archive: Archive, decoder: Decoder, scope: Scope, target: Target) -> Channel:
    instances = await archive.index.read(locate_all, scope, target.study, target.series or "")
    metadata = await described(archive.index, scope, target, instances)
    try:
        volume, frames = await anyio.to_thread.run_sync(planned, instances, metadata, Wish())
    except IrregularVolume as error:
        raise IrregularVolume(f"series {target.series}: {error.message}", error.disagreements) from error
    images = FrameImages(frames, await form_of(decoder, frames, Making()))
    await images.check(decoder)
    attributes: Attributes = metadata[instances[0].instance.digest].parsed()
    return Channel(target.series or "", text(attributes, "00080060") or "image", volume, images)


def _check_place(channel: Channel, mask: MaskVolume) -> None:
    volume, own = channel.volume, mask.volume
    corners = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1) * np.array(
        [[own.shape[2] - 1], [own.shape[1] - 1], [own.shape[0] - 1]]
    )
    points = np.vstack([corners, np.ones(corners.shape[1])])
    if volume.shape == own.shape:
        beside = np.linalg.norm((volume.affine - own.affine) @ points, axis=0).max()
        if beside <= _SAME * min(own.spacing):
            return
    raise IrregularVolume(
        f"series {channel.series} has {list(volume.shape)} voxels, on another grid than the mask's "
        f"{list(own.shape)}: expected the same"
    )


def _check_modalities(cases: Sequence[Case]) -> None:
    kinds = {tuple(channel.modality for channel in case.channels): case for case in cases}
    if len(kinds) > 1:
        names = " and ".join(", ".join(kind) for kind in kinds)
        groups = [
            {
                "values": {"masks": case.located.instance.uids.series},
                "slices": case.mask.volume.shape[0],
                "volume": True,
            }
            for case in cases
        ]
        raise IrregularVolume(
            f"cases of {names}: expected the same channels in all, by masks=", groups=groups
        )
