from typing import Any

import pytest

from service.dicom.text.captions import captions


def _of(tag: str, *values: Any) -> dict[str, Any]:
    return {tag: {"vr": "LO", "Value": list(values)}}


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ({"Alphabetic": "Doe^Jane^Q^Dr"}, "Doe, Jane Q"),
        ({"Alphabetic": "Doe"}, "Doe"),
        ({"Ideographic": "山田^太郎"}, "山田, 太郎"),
        ({"Alphabetic": "^Jane"}, "Jane"),
    ],
)
def test_a_name_is_written_as_people_write_it(name: dict[str, str], written: str) -> None:
    assert captions(_of("00100010", name), "patient") == [written]


def test_the_patient_is_name_number_birth_sex_and_age() -> None:
    metadata = {
        **_of("00100010", {"Alphabetic": "Doe^Jane"}),
        **_of("00100020", "7"),
        **_of("00100030", "19700102"),
        **_of("00100040", "F"),
        **_of("00101010", "033Y"),
    }

    assert captions(metadata, "patient") == ["Doe, Jane", "ID 7", "1970-01-02  F  033Y"]


def test_technique_is_how_the_image_was_made() -> None:
    metadata = {
        **_of("00080060", "CT"),
        **_of("00080020", "20040119"),
        **_of("00080030", "072730.5"),
        **_of("00200013", 12),
        **_of("00180050", "1.2500"),
        **_of("00180060", 120.0),
    }

    assert captions(metadata, "technique") == ["CT  2004-01-19  07:27", "Image 12", "Slice 1.25 mm", "120 kV"]


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"00100010": {"vr": "PN"}, "00100020": {"vr": "LO"}},
        _of("00100010", None),
        _of("00100010", {}),
        _of("00100020", ""),
    ],
)
def test_what_is_not_known_is_not_written(metadata: dict[str, Any]) -> None:
    assert captions(metadata, "patient") == []


def test_values_that_are_not_what_they_should_be_are_written_as_they_are() -> None:
    assert captions({**_of("00080020", "long ago"), **_of("00180060", "much")}, "technique") == [
        "long ago",
        "much kV",
    ]
