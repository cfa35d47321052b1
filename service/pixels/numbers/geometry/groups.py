"""The volumes that slices make which do not make one: what tells them apart, and how many there are of each.

They are told apart by the matrix and orientation, then by echo, time, segment and the like, then by what
slices in the same place differ in.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from service.errors import IrregularVolume
from service.pixels.numbers.geometry.regularity import SHARED, causes_of, incomplete, unlike
from service.pixels.numbers.geometry.slices import Slice
from service.pixels.numbers.geometry.traits import TRAITS, keyword_of
from service.pixels.numbers.geometry.volume import stacked, volume_of

_MAX_GROUPS = 256
_DEPTH = 4

_Feature = tuple[str, Callable[[Slice], Any]]


@dataclass(frozen=True, slots=True)
class Group:
    """Slices that are alike.

    Attributes:
        values: which they share, and other groups do not, by keyword.
        number_of_slices: at least one.
        is_volume: they make one.
    """

    values: dict[str, Any]
    number_of_slices: int
    is_volume: bool


def groups_of(slices: Sequence[Slice]) -> list[Group]:
    """Return the groups of slices; none if nothing tells them apart, or there are too many."""
    groups = list(_divided(slices, {}, _DEPTH))
    return groups if 1 < len(groups) <= _MAX_GROUPS else []


def _divided(slices: Sequence[Slice], values: dict[str, Any], depth: int) -> Iterator[Group]:
    features = _telling_apart(slices) if depth else []
    if not features:
        yield Group(values, len(slices), _is_volume(slices))
        return
    parts = _parts(slices, features)
    for key, part in parts.items():
        own = {name: value for (name, _), value in zip(features, key, strict=True)}
        yield from _divided(part, values | own, depth - 1)


def _telling_apart(slices: Sequence[Slice]) -> list[_Feature]:
    if incomplete(slices):
        return _needed(slices, _PARTING)
    names = dict.fromkeys(disagreement.attribute for disagreement in unlike(slices))
    planes = _needed(slices, [_of_plane(name) for name in names])
    return planes or _needed(slices, _PARTING) or _cause(slices)


def _cause(slices: Sequence[Slice]) -> list[_Feature]:
    """Return the first attribute that leaves no two slices of a group in the same place."""
    stack, normal = stacked(slices)
    for cause in causes_of(stack, normal):
        feature = _of_trait(TRAITS.index(cause))
        parts = _parts(stack, [feature])
        if len(parts) < len(slices) and not any(causes_of(part, normal) for part in parts.values()):
            return [feature]
    return []


def _of_plane(name: str) -> _Feature:
    return keyword_of(name), lambda slice_: SHARED[name](slice_.plane) or None


def _of_trait(index: int) -> _Feature:
    return TRAITS[index].keyword, lambda slice_: slice_.traits[index]


def _needed(slices: Sequence[Slice], features: Sequence[_Feature]) -> list[_Feature]:
    """Return those of some features that tell slices apart which the others before them do not."""
    needed: list[_Feature] = []
    for feature in features:
        if len(_parts(slices, [*needed, feature])) > max(1, len(_parts(slices, needed))):
            needed.append(feature)
    return needed


def _parts(slices: Sequence[Slice], features: Sequence[_Feature]) -> dict[tuple[Any, ...], list[Slice]]:
    parts: dict[tuple[Any, ...], list[Slice]] = {}
    for slice_ in slices:
        parts.setdefault(tuple(value(slice_) for _, value in features), []).append(slice_)
    return parts


def _is_volume(slices: Sequence[Slice]) -> bool:
    try:
        volume_of(slices)
    except IrregularVolume:
        return False
    return True


_PARTING = [_of_trait(index) for index, trait in enumerate(TRAITS) if trait.parts]
