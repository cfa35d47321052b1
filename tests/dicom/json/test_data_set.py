"""DICOM JSON as a data set in memory: read again by pydicom, it says what the JSON says."""

from io import BytesIO
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.filereader import read_dataset

from service.dicom.json.data_set import encoded
from tests.metadata import data_set

ATTRIBUTES = data_set(
    StudyInstanceUID="1.2",
    PatientName="Müller^Jürgen",
    ModalitiesInStudy=["CT", "SR"],
    Rows=512,
    SliceThickness=[1.5],
    InstanceNumber=3,
    PatientComments=None,
    RequestAttributesSequence=[data_set(ScheduledProcedureStepID="S1"), data_set(RequestedProcedureID="R2")],
)


def read(content: bytes, *, implicit: bool) -> Dataset:
    dataset = read_dataset(BytesIO(content), implicit, True)
    dataset.decode()
    return dataset


@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize(
    ("wanted", "used"),
    [
        ("", "ISO_IR 192"),
        ("ISO_IR 100", "ISO_IR 100"),
        ("ISO_IR 144", "ISO_IR 192"),
        ("\\ISO 2022 IR 87", "ISO_IR 192"),
    ],
)
def test_a_data_set_says_what_its_json_says(wanted: str, used: str, *, implicit: bool) -> None:
    dataset = read(encoded(ATTRIBUTES, wanted, implicit=implicit), implicit=implicit)

    assert dataset.SpecificCharacterSet == used
    assert dataset.PatientName == "Müller^Jürgen"
    assert list(dataset.ModalitiesInStudy) == ["CT", "SR"]
    assert (dataset.Rows, dataset.SliceThickness, dataset.InstanceNumber) == (512, 1.5, 3)
    assert dataset.PatientComments == ""
    assert [item.get("ScheduledProcedureStepID") for item in dataset.RequestAttributesSequence] == [
        "S1",
        None,
    ]


def test_text_in_ascii_needs_no_character_set() -> None:
    assert "SpecificCharacterSet" not in read(
        encoded(data_set(PatientID="P1"), implicit=False), implicit=False
    )


@pytest.mark.parametrize(
    "element",
    [
        pytest.param({"vr": "US", "Value": ["text"]}, id="no number"),
        pytest.param({"vr": "US", "Value": [70000]}, id="a number that is too large"),
        pytest.param({"vr": "OB", "BulkDataURI": "somewhere"}, id="a value that lies elsewhere"),
        pytest.param({"vr": "PN", "Value": ["text"]}, id="no name"),
    ],
)
def test_what_a_vr_cannot_hold_is_empty(element: dict[str, Any]) -> None:
    dataset = read(
        encoded({"00280010": element, "00280011": {"vr": "US", "Value": [5]}}, implicit=False), implicit=False
    )

    assert not dataset["Rows"].value
    assert dataset.Columns == 5


def test_a_value_that_is_too_long_for_the_header_of_its_vr_is_written_as_un() -> None:
    uids = [f"1.2.{number}" for number in range(10_000, 20_000)]

    content = encoded(data_set(FailedSOPInstanceUIDList=uids), implicit=False)

    assert content[4:6] == b"UN"
    assert content.rstrip(b"\0").endswith("\\".join(uids[-2:]).encode())
