"""What tells slices of a series apart beside their place: echoes, times, segments, kinds of images.

Some make several volumes of a series, whatever the places of its slices: they are never mixed. Others may
differ within one volume, and are named where slices lie in the same place.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from service.dicom_json import PER_FRAME_GROUPS, SHARED_GROUPS, Attributes, items
from service.json_text import Later
from service.pixels.numbers.geometry.diffusion import with_diffusion

Traits = tuple[Any, ...]
"""The values of one slice, in the order of TRAITS; None where it has none."""


class Trait(NamedTuple):
    """An attribute that tells slices apart.

    Attributes:
        name: as the Standard says it.
        paths: tags from the data set, or from the functional groups of a frame, down to the attribute.
        parts: slices that differ in it are of several volumes.
        is_vector: the data set has a value for each frame, PS3.3 C.8.4.8.
        is_told: in the description of a volume; it would be too long with what differs in every slice.
    """

    name: str
    paths: tuple[tuple[str, ...], ...]
    parts: bool = False
    is_vector: bool = False
    is_told: bool = True

    @property
    def keyword(self) -> str:
        """The name as PS3.6 has it for programs."""
        return keyword_of(self.name)


def keyword_of(name: str) -> str:
    """Return the keyword of an attribute's name: EchoNumbers for Echo Number(s)."""
    words = re.findall(r"[A-Za-z0-9]+", name.replace("(s)", "s"))
    return "".join(word[0].upper() + word[1:] for word in words)


def _parting(name: str, *paths: str, is_vector: bool = False) -> Trait:
    return Trait(name, tuple(tuple(path.split("/")) for path in paths), parts=True, is_vector=is_vector)


def _other(name: str, *paths: str, is_told: bool = True) -> Trait:
    return Trait(name, tuple(tuple(path.split("/")) for path in paths), is_told=is_told)


TRAITS = (
    _parting("Echo Time", "00180081"),
    _parting("Effective Echo Time", "00189114/00189082"),
    _parting("Echo Number(s)", "00180086"),
    _parting("Temporal Position Identifier", "00200100"),
    _parting("Temporal Position Index", "00209111/00209128"),
    _parting("Temporal Position Time Offset", "00209310/0020930D"),
    _parting("Diffusion b-value", "00189087", "00189117/00189087"),
    _parting("Nominal Percentage of Cardiac Phase", "00209241", "00189118/00209241"),
    _parting("Complex Image Component", "00089208", "00189226/00089208"),
    _parting("Referenced Segment Number", "0062000A/0062000B"),
    _parting("Energy Window Vector", "00540010", is_vector=True),
    _parting("Phase Vector", "00540030", is_vector=True),
    _parting("R-R Interval Vector", "00540060", is_vector=True),
    _parting("Time Slot Vector", "00540070", is_vector=True),
    _parting("Time Slice Vector", "00540100", is_vector=True),
    _other("SOP Class UID", "00080016"),
    _other("Image Type", "00080008"),
    _other("Frame Type", "00189226/00089007", "00189329/00089007", "00189751/00089007"),
    _other("Acquisition Number", "00200012"),
    _other("Frame Acquisition Number", "00209111/00209156"),
    _other("Stack ID", "00209111/00209056"),
    _other("Inversion Time", "00180082"),
    _other("Inversion Times", "00189115/00189079"),
    _other("Diffusion Gradient Orientation", "00189089", "00189117/00189076/00189089"),
    _other("Repetition Time", "00180080"),
    _other("Flip Angle", "00181314"),
    _other("KVP", "00180060"),
    _other("Convolution Kernel", "00181210", "00189314/00181210"),
    _other("Contrast/Bolus Agent", "00180010"),
    _other("Rescale Type", "00281054", "00289145/00281054"),
    _other("Units", "00541001"),
    _other("Slice Thickness", "00180050", "00289110/00180050"),
    _other("Trigger Time", "00181060", is_told=False),
    _other("Nominal Cardiac Trigger Delay Time", "00189118/00209153", is_told=False),
    _other("Frame Reference Time", "00541300", is_told=False),
    _other("Acquisition Time", "00080032", is_told=False),
    _other("Content Time", "00080033", is_told=False),
)

_MAX_TOLD = 32  # values of one attribute in the description of a volume
_BY_TOP: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
for _index, _trait in enumerate(TRAITS):
    for _path in _trait.paths:
        _BY_TOP.setdefault(_path[0], []).append((_index, _path[1:]))


def traits_of(metadata: Attributes, number_of_frames: int) -> Iterator[Traits]:
    """Yield the traits of each frame of an instance: what its own functional groups say comes first."""
    metadata = with_diffusion(metadata)
    shared = next(iter(items(metadata, SHARED_GROUPS)), {})
    usual = {**_values(metadata), **_values(shared)}
    groups = items(metadata, PER_FRAME_GROUPS)
    vectors = {
        index: usual.pop(index) for index, trait in enumerate(TRAITS) if trait.is_vector and index in usual
    }
    for number in range(number_of_frames):
        own = _values(groups[number]) if number < len(groups) else {}
        own |= {index: _at(vector, number) for index, vector in vectors.items()}
        values = usual | own
        yield tuple(values.get(index) for index in range(len(TRAITS)))


def _at(vector: Any, number: int) -> Any:
    if isinstance(vector, tuple):
        return vector[number] if number < len(vector) else None
    return vector if number == 0 else None


def _values(scope: Attributes) -> dict[int, Any]:
    """Return the traits that stand in a data set or in the functional groups of a frame."""
    found: dict[int, Any] = {}
    for top in scope.keys() & _BY_TOP.keys():
        for index, below in _BY_TOP[top]:
            value = _value(scope, (top, *below))
            if value is not None:
                found[index] = value
    return found


def _value(scope: Attributes, path: Sequence[str]) -> Any:
    for tag in path[:-1]:
        scope = next(iter(items(scope, tag)), {})
    element = scope.get(path[-1])
    values = element.get("Value") if isinstance(element, Mapping) else None
    if not isinstance(values, list | Later) or not values:
        return None
    plain = tuple(value if isinstance(value, str | int | float) else None for value in values)
    return plain if len(plain) > 1 else plain[0]


def differing(slices: Sequence[Traits]) -> Iterator[tuple[Trait, list[Any]]]:
    """Yield the traits in which slices differ, each with its values in the order of the slices."""
    for trait, values in zip(TRAITS, zip(*slices, strict=True), strict=True):
        if len(set(values)) > 1:
            yield trait, list(values)


def told(slices: Sequence[Traits]) -> dict[str, list[Any]]:
    """Return what differs within one volume, by name: the first of its distinct values."""
    return {
        trait.name: list(dict.fromkeys(values))[:_MAX_TOLD]
        for trait, values in differing(slices)
        if trait.is_told
    }
