"""The fourth axis of a series: volumes at the same place, one for each value of some attributes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from service.errors import IrregularVolume
from service.pixels.arrays import Values
from service.pixels.numbers.geometry.frame_values import Found
from service.pixels.numbers.geometry.slices import Slice
from service.pixels.numbers.geometry.traits import TRAITS
from service.pixels.numbers.geometry.volume import STRICT, Along, Strictness, Volume, volume_of

_B_VALUE, _DIRECTION = "DiffusionBValue", "DiffusionGradientOrientation"
_SAME = 0.02  # of a voxel: positions may be rounded

Key = tuple[Found, ...]


def volume_along(
    slices: Sequence[Slice],
    names: Sequence[str],
    keys: Mapping[tuple[str, int], Key],
    strictness: Strictness = STRICT,
) -> Volume:
    """Return volumes as one with four axes, ascending by the values of attributes.

    Args:
        slices: of all of them.
        names: keywords of the attributes.
        keys: their values, by SOP Instance UID and frame number.
        strictness: how far slices may be from a lattice.

    Raises:
        IrregularVolume: some slices make no volume, or one that lies elsewhere than the others.
    """
    groups: dict[Key, list[Slice]] = {}
    for slice_ in slices:
        groups.setdefault(keys[slice_.sop_instance_uid, slice_.frame_number], []).append(slice_)
    if any(not any(key) for key in groups):
        raise IrregularVolume(f"slices without {' and '.join(names)}: expected a value in each")
    ordered = sorted(groups, key=_order)
    volumes = [volume_of(groups[key], strictness) for key in ordered]
    _check_alike(volumes, names)
    along = Along(tuple(names), tuple(ordered))
    stack = tuple(slice_ for volume in volumes for slice_ in volume.slices)
    is_regular = all(volume.is_regular for volume in volumes)
    return replace(volumes[0], slices=stack, along=along, is_regular=is_regular)


def keys_of(slices: Sequence[Slice], names: Sequence[str]) -> dict[tuple[str, int], Key]:
    """Return the values of slices in some traits, by SOP Instance UID and frame number.

    Raises:
        IrregularVolume: it is the place, matrix or direction of slices that tells them apart.
    """
    indices = {trait.keyword: index for index, trait in enumerate(TRAITS)}
    if not indices.keys() >= set(names):
        raise IrregularVolume(f"several volumes differ in {', '.join(names)}: expected the same in all")
    return {
        (slice_.sop_instance_uid, slice_.frame_number): tuple(
            _found(slice_.traits[indices[name]]) for name in names
        )
        for slice_ in slices
    }


def _found(value: Any) -> Found:
    return () if value is None else value if isinstance(value, tuple) else (value,)


def _order(key: Key) -> list[list[tuple[bool, float, str]]]:
    """Return what values are sorted by: numbers before text, nothing before something."""
    return [
        [(isinstance(value, str), 0.0 if isinstance(value, str) else value, str(value)) for value in found]
        for found in key
    ]


def _check_alike(volumes: Sequence[Volume], names: Sequence[str]) -> None:
    first = volumes[0]
    others = [volume for volume in volumes if volume.shape != first.shape or _farthest(volume, first) > _SAME]
    if others:
        raise IrregularVolume(
            f"{len(others)} of {len(volumes)} volumes along {', '.join(names)} have another shape or place: "
            f"expected {list(first.shape)} like the first"
        )


def _farthest(volume: Volume, other: Volume) -> float:
    """Return how far the corners of two volumes of the same shape are from each other, in voxels."""
    slices, rows, columns = volume.shape
    corners = np.array(list(product((0, columns - 1), (0, rows - 1), (0, slices - 1), (1,)))).T
    distances = np.linalg.norm((volume.affine - other.affine) @ corners, axis=0)
    return float(distances.max() / min(other.spacing))


@dataclass(frozen=True, slots=True)
class Gradients:
    """b-values and directions as FSL wants them.

    Attributes:
        b_values: in s/mm², one for each volume.
        directions: shape (3, volumes), along column, row and slice numbers; 0 where there is none.
    """

    b_values: list[float]
    directions: Values

    def as_json(self) -> dict[str, Any]:
        """Return them as lists."""
        return {"bval": self.b_values, "bvec": self.directions.tolist()}

    def as_files(self) -> dict[str, bytes]:
        """Return the content of the files that FSL reads, by what their names end with."""
        lines = (" ".join(f"{value:.9g}" for value in row) for row in self.directions.tolist())
        b_values = " ".join(f"{value:.9g}" for value in self.b_values)
        return {"bval": f"{b_values}\n".encode(), "bvec": "".join(f"{line}\n" for line in lines).encode()}


def gradients_of(volume: Volume) -> Gradients | None:
    """Return the gradients of a diffusion series; None of another, or where one of them is not known.

    FSL counts directions along the axes of the image, and x backwards where the determinant of the affine is
    positive, https://fsl.fmrib.ox.ac.uk/fsl/docs/#/diffusion/ (bvecs).
    """
    if volume.along is None:
        return None
    length = volume.shape[1]
    parts = [volume.slices[start : start + length] for start in range(0, len(volume.slices), length)]
    b_values, directions = ([_shared(part, keyword) for part in parts] for keyword in (_B_VALUE, _DIRECTION))
    for index, b_value in enumerate(b_values):
        if not isinstance(b_value, int | float) or (b_value and not _is_direction(directions[index])):
            return None
        if not _is_direction(directions[index]):
            directions[index] = (0, 0, 0)
    orientation = np.array(volume.slices[0].plane.orientation)
    axes = np.array([orientation[:3], orientation[3:], np.cross(orientation[:3], orientation[3:])])
    along_axes = axes @ np.array(directions, float).T
    if np.linalg.det(volume.affine[:3, :3]) > 0:
        along_axes[0] = -along_axes[0]
    return Gradients([float(b_value) for b_value in b_values], along_axes + 0.0)


def _shared(slices: Sequence[Slice], keyword: str) -> Any:
    """Return what all slices of a volume have; None if they do not agree."""
    index = [trait.keyword for trait in TRAITS].index(keyword)
    values = {slice_.traits[index] for slice_ in slices}
    return values.pop() if len(values) == 1 else None


def _is_direction(value: Any) -> bool:
    return (
        isinstance(value, tuple) and len(value) == 3 and all(isinstance(part, int | float) for part in value)
    )
