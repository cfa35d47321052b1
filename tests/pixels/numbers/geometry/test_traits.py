from typing import Any

import pytest

from service.pixels.numbers.geometry.traits import TRAITS, told, traits_of
from tests.metadata import data_set, element, tag


def _sequence(keyword: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {tag(keyword): element("SQ", *items)}


def _values(metadata: dict[str, Any], name: str, number_of_frames: int = 1) -> list[Any]:
    index = [trait.name for trait in TRAITS].index(name)
    return [traits[index] for traits in traits_of(metadata, number_of_frames)]


@pytest.mark.parametrize(
    ("keyword", "value", "name"),
    [
        ("EchoTime", 4.6, "Echo Time"),
        ("EchoNumbers", 2, "Echo Number(s)"),
        ("TemporalPositionIdentifier", 3, "Temporal Position Identifier"),
        ("DiffusionBValue", 1000, "Diffusion b-value"),
        ("ImageType", ["DERIVED", "PRIMARY"], "Image Type"),
        ("AcquisitionNumber", 7, "Acquisition Number"),
        ("RescaleType", "HU", "Rescale Type"),
    ],
)
def test_a_classic_instance_says_it_once_for_all_its_frames(keyword: str, value: Any, name: str) -> None:
    expected = tuple(value) if isinstance(value, list) else value

    assert _values(data_set(**{keyword: value}), name, 2) == [expected] * 2


def test_functional_groups_of_a_frame_come_first() -> None:
    def diffusion(value: int) -> dict[str, Any]:
        return _sequence("MRDiffusionSequence", data_set(DiffusionBValue=value))

    metadata = _sequence("SharedFunctionalGroupsSequence", diffusion(0)) | _sequence(
        "PerFrameFunctionalGroupsSequence", diffusion(1000), {}
    )

    assert _values(metadata, "Diffusion b-value", 3) == [1000, 0, 0]


def test_a_vector_has_a_value_for_each_frame() -> None:
    metadata = data_set(TimeSlotVector=[1, 1, 2])

    assert _values(metadata, "Time Slot Vector", 4) == [1, 1, 2, None]


def test_what_differs_is_told_with_its_values_and_times_are_not() -> None:
    first = next(traits_of(data_set(AcquisitionNumber=1, AcquisitionTime="101112", KVP=120), 1))
    second = next(traits_of(data_set(AcquisitionNumber=2, AcquisitionTime="101113", KVP=120), 1))

    assert told([first, second, first]) == {"Acquisition Number": [1, 2]}
