from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydicom import Dataset

from tests.builders import NATIVE_SYNTAXES, ct_image, data_set, encoded, part10
from tests.web.messages import DICOM, ct, fetch, items, reasons, store, url

FAILED, REFERENCED, OTHER_FAILURES = "00081198", "00081199", "0008119A"
CANNOT_UNDERSTAND, OTHER_STUDY, DUPLICATE, TOO_LARGE = 0xC000, 0xA901, 0x0111, 0xA701
PARSED_WITH_A_WARNING = 0xB007


def test_the_receipt_names_every_instance_and_where_to_get_it(dicomweb: httpx.Client, study: str) -> None:
    uids = [f"{study}.1.1", f"{study}.2.1"]

    response = store(dicomweb, *map(ct, uids))

    receipt = response.json()
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/dicom+json"
    assert receipt["00081190"] == {"vr": "UR", "Value": [str(dicomweb.base_url.join(f"studies/{study}"))]}
    assert receipt[REFERENCED]["vr"] == "SQ"
    assert items(response, REFERENCED) == [
        {
            "00081150": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.2"]},
            "00081155": {"vr": "UI", "Value": [uid]},
            "00081190": {"vr": "UR", "Value": [str(dicomweb.base_url.join(url(uid)))]},
        }
        for uid in uids
    ]
    assert receipt.keys() == {"00081190", REFERENCED}


@pytest.mark.parametrize(
    ("numbers", "location"),
    [
        pytest.param(["1.1"], "studies/{0}/series/{0}.1/instances/{0}.1.1", id="an instance"),
        pytest.param(["1.1", "1.2"], "studies/{0}/series/{0}.1", id="several of a series"),
        pytest.param(["1.1", "2.1"], "studies/{0}", id="several of a study"),
    ],
)
def test_the_answer_says_where_what_was_stored_is(
    dicomweb: httpx.Client, study: str, numbers: list[str], location: str
) -> None:
    response = store(dicomweb, *(ct(f"{study}.{number}") for number in numbers), b"no file")

    assert response.status_code == 202
    assert response.headers["location"] == str(dicomweb.base_url.join(location.format(study)))
    assert dicomweb.get(response.headers["location"]).status_code == 200


def test_there_is_no_one_place_for_several_studies_nor_for_nothing(
    dicomweb: httpx.Client, study: str
) -> None:
    several = store(dicomweb, ct(f"{study}.1.1"), ct(f"{study}0.1.1"))
    nothing = store(dicomweb, b"no file")

    assert "location" not in several.headers
    assert "location" not in nothing.headers


def test_every_byte_comes_back(dicomweb: httpx.Client, study: str) -> None:
    files = {f"{study}.1.{number}": ct(f"{study}.1.{number}") for number in range(3)}

    response = store(dicomweb, *files.values())

    for item in items(response, REFERENCED):
        instance = dicomweb.get(item["00081190"]["Value"][0], headers={"accept": DICOM["content-type"]})
        assert instance.content == files[item["00081155"]["Value"][0]]


@pytest.mark.parametrize("transfer_syntax", NATIVE_SYNTAXES)
def test_every_transfer_syntax_is_taken(dicomweb: httpx.Client, study: str, transfer_syntax: str) -> None:
    response = store(dicomweb, part10(ct_image(f"{study}.1.1"), transfer_syntax))

    assert response.status_code == 200


def test_instances_of_several_studies_have_no_common_url(dicomweb: httpx.Client, study: str) -> None:
    response = store(dicomweb, ct(f"{study}.1.1"), ct(f"{study}9.1.1"))

    assert response.status_code == 200
    assert response.json()["00081190"] == {"vr": "UR"}


def test_a_bad_part_does_not_spoil_the_others(dicomweb: httpx.Client, study: str) -> None:
    good = [ct(f"{study}.1.{number}") for number in range(2)]

    response = store(dicomweb, good[0], b"no DICOM at all", good[1], ct(f"{study}.1.9")[:-20])

    assert response.status_code == 202
    assert len(items(response, REFERENCED)) == 2
    assert reasons(response, OTHER_FAILURES) == [CANNOT_UNDERSTAND]
    assert reasons(response, FAILED) == [CANNOT_UNDERSTAND]
    [cut] = items(response, FAILED)
    assert cut["00081155"]["Value"] == [f"{study}.1.9"]
    assert "cut short" in cut["00000902"]["Value"][0]
    assert fetch(dicomweb, f"{study}.1.1").content == good[1]
    assert fetch(dicomweb, f"{study}.1.9").status_code == 404


def test_when_nothing_could_be_stored_the_request_conflicts(dicomweb: httpx.Client) -> None:
    response = store(dicomweb, b"no DICOM at all", b"")

    assert response.status_code == 409
    assert REFERENCED not in response.json()
    assert len(items(response, OTHER_FAILURES)) == 2


def test_an_instance_of_another_study_than_the_url_names_is_refused(
    dicomweb: httpx.Client, study: str
) -> None:
    other = f"{study}9"

    both = store(dicomweb, ct(f"{study}.1.1"), ct(f"{other}.1.1"), study=study)
    alone = store(dicomweb, ct(f"{other}.1.1"), study=study)

    assert (both.status_code, alone.status_code) == (202, 409)
    assert reasons(both, FAILED) == reasons(alone, FAILED) == [OTHER_STUDY]
    assert dicomweb.get(f"studies/{other}/metadata").status_code == 404


def test_stored_files_lie_in_a_tree_for_other_tools(
    dicomweb_with: Callable[..., httpx.Client], tmp_path: Path
) -> None:
    store(dicomweb_with(), ct("1.1.1"))

    [file] = (tmp_path / "instances/1/1.1").glob("1.1.1.*.dcm")
    assert file.read_bytes() == ct("1.1.1")


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"PatientID": ""}, id="no Patient ID"),
        pytest.param({"PatientName": None}, id="no Patient Name"),
        pytest.param({"StudyDate": "31.1.2024"}, id="a date that is none"),
        pytest.param({"InstanceNumber": "eleven"}, id="a number that is none"),
        pytest.param({"Modality": "x" * 40}, id="a code that is too long"),
        pytest.param({"Modality": "\x07"}, id="a control character"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_wrong_contents_are_no_reason_to_refuse_what_can_be_addressed(
    dicomweb: httpx.Client, study: str, odd: dict[str, Any]
) -> None:
    strange = ct_image(f"{study}.1.1")
    for keyword, value in odd.items():
        strange[keyword]._value = value

    response = store(dicomweb, part10(strange))

    assert response.status_code in (200, 202)
    assert fetch(dicomweb, f"{study}.1.1").content == part10(strange)
    assert dicomweb.get(f"{url(f'{study}.1.1')}/metadata").status_code == 200


@pytest.mark.parametrize("transfer_syntax", NATIVE_SYNTAXES[:3])
def test_a_data_set_without_its_head_is_stored_with_a_warning(
    dicomweb: httpx.Client, study: str, transfer_syntax: str
) -> None:
    response = store(dicomweb, encoded(ct_image(f"{study}.1.1"), transfer_syntax))

    [item] = items(response, REFERENCED)
    assert response.status_code == 202
    assert item["00081196"] == {"vr": "US", "Value": [PARSED_WITH_A_WARNING]}


def test_zeros_after_the_data_set_are_tolerated(dicomweb: httpx.Client, study: str) -> None:
    padded = ct(f"{study}.1.1") + bytes(100)

    assert store(dicomweb, padded).status_code in (200, 202)
    assert fetch(dicomweb, f"{study}.1.1").content == padded


def test_sequences_nested_thousands_deep_are_refused(dicomweb: httpx.Client) -> None:
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    sequence = b"\x40\x00\x75\x02SQ\0\0\xff\xff\xff\xff"
    deep = part10(data_set("1.1.1")) + (sequence + item) * 5000

    response = store(dicomweb, deep)

    assert response.status_code == 409
    assert "deep" in items(response, FAILED)[0]["00000902"]["Value"][0]


def test_the_receipt_is_negotiated_before_anything_is_stored(dicomweb: httpx.Client, study: str) -> None:
    headers = DICOM | {"accept": "image/png"}

    response = dicomweb.post("studies", content=ct(f"{study}.1.1"), headers=headers)

    assert response.status_code == 406
    assert "application/dicom+json" in response.json()["available"]
    assert fetch(dicomweb, f"{study}.1.1").status_code == 404


@pytest.mark.parametrize("study_in_url", ["1.02", "abc", "1..2", "1" * 500, "..%2f.."])
def test_a_study_in_the_url_has_to_be_a_uid(dicomweb: httpx.Client, study_in_url: str) -> None:
    response = dicomweb.post(f"studies/{study_in_url}", content=ct("1.1.1"), headers=DICOM)

    assert response.status_code in (400, 404)
    assert response.json()["message"]


def test_a_nested_instance_keeps_its_sequences(dicomweb: httpx.Client, study: str) -> None:
    inner = Dataset()
    inner.ReferencedSOPInstanceUID = "1.2"
    middle = Dataset()
    middle.ReferencedSOPSequence = [inner]
    file = part10(ct_image(f"{study}.1.1", ReferencedSeriesSequence=[middle, Dataset()]))

    assert store(dicomweb, file).status_code == 200
    assert fetch(dicomweb, f"{study}.1.1").content == file
