"""Volumes as they are going to be sent, kept: a slice of one costs no look at the others.

A plan depends on a revision of a series and on what was asked for. Whoever asks for one that is being made
waits for it.
"""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from service.archive.instance import Located
from service.cache import Cache
from service.dicom.frames import EncapsulatedFrames
from service.imaging.numbers.forms import Form
from service.imaging.numbers.numeric_frames import NumericFrame
from service.pixels.description import ImageDescription
from service.pixels.lut import LookupTable
from service.pixels.numbers.geometry.volume import Volume
from service.pixels.numbers.quantities.making import STORED
from service.shared import Shared

_SLICE_BYTES, _INSTANCE_BYTES, _DESCRIPTION_BYTES = 1400, 2500, 1500  # about


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A volume, the frames it is made of in its order, and in which form they come.

    Attributes:
        volume: with its slices as they are in the files.
        frames: of it.
        form: of all.
    """

    volume: Volume
    frames: Sequence[NumericFrame]
    form: Form

    @property
    def kind(self) -> np.dtype[Any]:
        """The type of the values."""
        return self.form.kind

    @property
    def made(self) -> Volume:
        """The volume with its slices in the part and size that are made of them."""
        making = self.form.making
        rows, columns = self.volume.shape[-2:]
        affine = self.volume.affine @ making.matrix(rows, columns)
        return replace(self.volume, affine=affine, size=making.shape(rows, columns))

    @property
    def interpretation(self) -> str:
        """MONOCHROME1 where low values are white in what people see: the values stay as they are."""
        return self.volume.slices[0].plane.photometric_interpretation

    @property
    def padding(self) -> list[list[float]] | None:
        """The ranges of values of the array that stand for no pixel; None where none can be told."""
        making = self.form.making
        if making.window or making.size:
            return None
        ranges = {
            (frame.description.padding, frame.description.modality, frame.factor)
            for frame in self.frames
            if frame.description.padding
        }
        if making.values == STORED:
            return [
                list(padding) for padding in dict.fromkeys(padding for padding, _, _ in ranges if padding)
            ]
        return [
            sorted((modality.modality(np.array(padding, float)) * factor).tolist())
            for padding, modality, factor in ranges
        ]


class Plans:
    """The plans used last. For the event loop's thread alone."""

    def __init__(self, max_bytes: int) -> None:
        self._cache: Cache[Plan] = Cache(max_bytes)
        self._shared: Shared[Plan] = Shared()

    async def find(self, key: Hashable, make: Callable[[], Awaitable[Plan]]) -> Plan:
        """Return the plan that is kept under a key that names all it depends on, or make it.

        Raises:
            DicomwebError: what making it raises.
        """

        async def made() -> Plan:
            plan = _slim(await make())
            self._cache.keep(key, plan, _size(plan))
            return plan

        return self._cache.get(key) or await self._shared.run(key, made)


def _slim(plan: Plan) -> Plan:
    """Return a plan whose frames share what describes their numbers, without what pictures alone need."""
    descriptions: dict[ImageDescription, ImageDescription] = {}
    frames = []
    for frame in plan.frames:
        description = replace(frame.description, voi=None, palette=None, overlays=())
        frames.append(frame._replace(description=descriptions.setdefault(description, description)))
    return replace(plan, frames=frames)


def _size(plan: Plan) -> int:
    """Return about how much memory a plan takes, in bytes."""
    instances = {id(frame.located): frame.located for frame in plan.frames}
    descriptions = {id(frame.description): frame.description for frame in plan.frames}
    return (
        len(plan.frames) * _SLICE_BYTES
        + sum(map(_instance_bytes, instances.values()))
        + sum(map(_description_bytes, descriptions.values()))
    )


def _instance_bytes(located: Located) -> int:
    table = located.frames.boundaries.nbytes if isinstance(located.frames, EncapsulatedFrames) else 0
    return _INSTANCE_BYTES + table + len(located.image or b"")


def _description_bytes(description: ImageDescription) -> int:
    modality = description.modality
    return _DESCRIPTION_BYTES + (modality.entries.nbytes if isinstance(modality, LookupTable) else 0)
