"""Instances as one volume: which of their frames are meant, in which order, and what they are made into.

Everything is decided by what the index knows: no file is opened for it.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from service.archive.index.schema.stored_json import StoredJson
from service.archive.instance import Located
from service.errors import IrregularVolume, SlicesNotFound, shorten
from service.imaging.numbers.numeric_frames import NumericFrame, numeric_frames
from service.pixels.numbers.geometry.along import Key, keys_of, volume_along
from service.pixels.numbers.geometry.frame_values import Path, values_of_frames
from service.pixels.numbers.geometry.groups import groups_of
from service.pixels.numbers.geometry.regularity import Disagreement
from service.pixels.numbers.geometry.slices import Slice, slices_of
from service.pixels.numbers.geometry.volume import STRICT, Strictness, Volume, refuse, volume_of
from service.pixels.numbers.quantities.condition import Condition
from service.pixels.rescale import Unreadable


class Wish(NamedTuple):
    """Which volume of a series is meant.

    Attributes:
        conditions: which of its frames.
        along: keywords and paths of the attributes that make a fourth axis.
        is_automatic: whatever tells several volumes apart makes one.
        part: the slices of the volume that are asked for; None for all.
        strictness: how far its slices may be from a lattice.
    """

    conditions: tuple[Condition, ...] = ()
    along: tuple[tuple[str, Path], ...] = ()
    is_automatic: bool = False
    part: slice | None = None
    strictness: Strictness = STRICT


def planned(
    instances: Sequence[Located], metadata: Mapping[bytes, StoredJson], wish: Wish
) -> tuple[Volume, list[NumericFrame]]:
    """Return the volume that instances make, and its frames in its order. Blocking: for worker threads.

    Args:
        instances: all of a series, or one.
        metadata: of each, by digest.
        wish: which volume is meant.

    Raises:
        SlicesNotFound: no frame is meant, or no slice asked for is there.
        IrregularVolume: those that are make no volume.
        NotRenderable, ContentTooLarge: they cannot become numbers.
    """
    volume = volume_alone(instances, metadata, wish)
    by_uid = {located.instance.uids.instance: located for located in instances}
    frames = numeric_frames(
        (by_uid[slice_.sop_instance_uid], slice_.frame_number) for slice_ in volume.slices
    )
    refuse(_without_modality_values(volume, frames), len(frames))
    return volume, frames


def volume_alone(instances: Sequence[Located], metadata: Mapping[bytes, StoredJson], wish: Wish) -> Volume:
    """Return the volume that instances make, whatever their values are. Blocking: for worker threads.

    Args:
        instances: all of a series, or some.
        metadata: of each, by digest.
        wish: which volume is meant.

    Raises:
        SlicesNotFound: no frame is meant, or no slice asked for is there.
        IrregularVolume: those that are make no volume.
    """
    slices, keys = _meant(instances, metadata, wish)
    try:
        return _volume(slices, keys, wish)
    except IrregularVolume as error:
        if not any(slice_.objection for slice_ in slices):
            error.groups = [
                {"values": group.values, "slices": group.number_of_slices, "volume": group.is_volume}
                for group in groups_of(slices)
            ]
        raise


def _volume(slices: Sequence[Slice], keys: Mapping[tuple[str, int], Key], wish: Wish) -> Volume:
    if wish.along:
        volume = volume_along(slices, [name for name, _ in wish.along], keys, wish.strictness)
    elif wish.is_automatic and (groups := groups_of(slices)):
        names = list(dict.fromkeys(name for group in groups for name in group.values))
        volume = volume_along(slices, names, keys_of(slices, names), wish.strictness)
    else:
        volume = volume_of(slices, wish.strictness)
    number_of_slices = volume.shape[-3]
    if wish.part is None:
        return volume
    if wish.part.stop > number_of_slices:
        raise SlicesNotFound(f"no slice {wish.part.stop}: the volume has {number_of_slices}")
    return volume.part(wish.part.start, wish.part.stop)


def _meant(
    instances: Sequence[Located], metadata: Mapping[bytes, StoredJson], wish: Wish
) -> tuple[list[Slice], dict[tuple[str, int], Key]]:
    """Return the frames that fulfil all conditions as slices, and where they lie along the fourth axis."""
    conditions = wish.conditions
    keys: dict[tuple[str, int], Key] = {}
    slices: list[Slice] = []
    without_pixels: list[str] = []
    seen: dict[str, dict[object, None]] = {condition.name: {} for condition in conditions}
    paths = [*(condition.path for condition in conditions), *(path for _, path in wish.along)]
    for located in instances:
        uid = located.instance.uids.instance
        attributes = metadata[located.instance.digest].parsed()
        number_of_frames = located.frames.number_of_frames if located.frames else 0
        meant: set[int] = set()
        for number, values in enumerate(values_of_frames(attributes, max(1, number_of_frames), paths), 1):
            keys[uid, number] = values[len(conditions) :]
            for condition, own in zip(conditions, values, strict=False):
                seen[condition.name].update(dict.fromkeys(own))
            if all(condition.accepts(own) for condition, own in zip(conditions, values, strict=False)):
                meant.add(number)
        if not number_of_frames and meant:
            without_pixels.append(uid)
        if number_of_frames and meant:
            own_slices = slices_of(attributes, number_of_frames, uid)
            slices += [slice_ for slice_ in own_slices if slice_.frame_number in meant]
    _refuse_without_pixels(without_pixels, len(instances))
    if not slices:
        raise SlicesNotFound(_not_found(conditions, seen))
    return slices, keys


def _not_found(conditions: Sequence[Condition], seen: Mapping[str, Mapping[object, None]]) -> str:
    """Tell what was looked for by names of attributes alone: their values may be a patient's."""
    names = " and ".join(shorten(condition.name) for condition in conditions)
    counts = ", ".join(f"{len(values)} values of {shorten(name)}" for name, values in seen.items())
    return (
        f"no frame has this {names}: expected some of the {counts} there are" if conditions else "no frames"
    )


def _refuse_without_pixels(uids: Sequence[str], number_of_instances: int) -> None:
    if not uids:
        return
    fault = {"attribute": "Pixel Data", "found": None, "expected": "a frame"}
    disagreements = [{"SOPInstanceUID": uid, **fault} for uid in uids]
    raise IrregularVolume(f"{len(uids)} of {number_of_instances} instances have no pixels", disagreements)


def _without_modality_values(volume: Volume, frames: Sequence[NumericFrame]) -> list[Disagreement]:
    """Return the slices that do not say in a readable way what their stored values mean."""
    return [
        Disagreement(slice_, modality.attribute, modality.found, modality.expected)
        for slice_, frame in zip(volume.slices, frames, strict=True)
        if isinstance(modality := frame.description.modality, Unreadable)
    ]
