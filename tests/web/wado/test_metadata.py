import json
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate

from tests.builders import (
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    JPEG_2000,
    NATIVE_SYNTAXES,
    ct_image,
    data_set,
    part10,
)
from tests.web.messages import store, url

JSON = "application/dicom+json"
PATIENT_NAME, PIXEL_DATA, INSTANCE_UID = "00100010", "7FE00010", "00080018"


def metadata(dicomweb: httpx.Client, uid: str, dataset: Dataset) -> dict[str, Any]:
    """Store a data set, and return its metadata."""
    store(dicomweb, part10(dataset))
    [instance] = dicomweb.get(f"{url(uid)}/metadata").json()
    assert isinstance(instance, dict)
    return instance


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("studies/{study}/metadata", ["1.1", "1.2", "2.1"]),
        ("studies/{study}/series/{study}.1/metadata", ["1.1", "1.2"]),
        ("studies/{study}/series/{study}.2/instances/{study}.2.1/metadata", ["2.1"]),
    ],
    ids=["study", "series", "instance"],
)
def test_every_level_is_an_array_of_its_instances(
    dicomweb: httpx.Client, study: str, path: str, expected: list[str]
) -> None:
    store(dicomweb, *(part10(ct_image(f"{study}.{uid}")) for uid in ("1.1", "1.2", "2.1")))

    response = dicomweb.get(path.format(study=study))

    assert response.status_code == 200
    assert response.headers["content-type"] == JSON
    uids = [instance[INSTANCE_UID]["Value"][0] for instance in response.json()]
    assert sorted(uids) == [f"{study}.{number}" for number in expected]


@pytest.mark.parametrize("transfer_syntax", NATIVE_SYNTAXES)
def test_metadata_are_the_same_in_every_transfer_syntax(
    dicomweb: httpx.Client, study: str, transfer_syntax: str
) -> None:
    original = ct_image(f"{study}.1.1", PatientWeight=70.5)
    store(dicomweb, part10(original, transfer_syntax))

    [instance] = dicomweb.get(f"{url(f'{study}.1.1')}/metadata").json()

    pixels = instance.pop(PIXEL_DATA)
    expected = original.to_json_dict() | {"00083002": {"vr": "UI", "Value": [EXPLICIT]}}
    del expected[PIXEL_DATA]
    assert instance == expected
    assert list(instance) == sorted(instance)
    assert pixels["BulkDataURI"] == str(
        dicomweb.base_url.join(f"{url(f'{study}.1.1')}/bulkdata/{PIXEL_DATA}")
    )


@pytest.mark.parametrize(
    ("transfer_syntax", "available"),
    [(IMPLICIT, EXPLICIT), (DEFLATED, EXPLICIT), (JPEG_2000, JPEG_2000), ("1.2.840.10008.1.2.4.102",) * 2],
)
def test_metadata_and_search_results_say_in_which_transfer_syntax_the_instance_is_had(
    dicomweb: httpx.Client, study: str, transfer_syntax: str, available: str
) -> None:
    original = ct_image(f"{study}.1.1", AvailableTransferSyntaxUID="1.2.3")
    if transfer_syntax not in NATIVE_SYNTAXES:
        original.PixelData = encapsulate([bytes(8)])
        original["PixelData"].is_undefined_length = True
    store(dicomweb, part10(original, transfer_syntax))

    [instance] = dicomweb.get(f"{url(f'{study}.1.1')}/metadata").json()
    [match] = dicomweb.get(f"studies/{study}/instances").json()
    file = dicomweb.get(url(f"{study}.1.1"), headers={"accept": "application/dicom; transfer-syntax=*"})

    assert instance["00083002"] == match["00083002"] == {"vr": "UI", "Value": [available]}
    assert dcmread(BytesIO(file.content)).file_meta.TransferSyntaxUID == available


UIDS = {"00080016", INSTANCE_UID, "0020000D", "0020000E"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("includefield=PatientName", {PATIENT_NAME}),
        ("includefield=00100010&includefield=PatientID,7fe00010", {PATIENT_NAME, "00100020", PIXEL_DATA}),
        ("includefield=PatientName,StudyDescription", {PATIENT_NAME}),
        ("includefield=00091001", {"00090010", "00091001"}),
        ("includefield=RequestAttributesSequence.RequestedProcedureID", {"00400275"}),
    ],
)
@pytest.mark.parametrize("level", ["", "/series/{0}.1", "/series/{0}.1/instances/{0}.1.1"])
@pytest.mark.parametrize("number", [1, 70])
def test_metadata_can_be_the_fields_that_are_asked_for_and_whose_they_are(
    dicomweb: httpx.Client, study: str, query: str, expected: set[str], level: str, number: int
) -> None:
    item = Dataset()
    item.RequestedProcedureID = "R1"
    for index in range(1, number + 1):
        original = ct_image(f"{study}.1.{index}", RequestAttributesSequence=[item])
        original.private_block(0x0009, "ACME", create=True).add_new(0x01, "SH", "a")
        original.private_block(0x0009, "OTHER", create=True).add_new(0x01, "SH", "b")
        store(dicomweb, part10(original))
    path = f"studies/{study}{level.format(study)}/metadata"

    instances, whole = (dicomweb.get(f"{path}?{query}").json(), dicomweb.get(path).json())

    assert [instance.keys() for instance in instances] == [UIDS | expected] * len(whole)
    assert instances == [{tag: one[tag] for tag in sorted(UIDS | expected)} for one in whole]


@pytest.mark.parametrize("query", ["includefield=all", "includefield=", "includefield=PatientID,all"])
def test_metadata_are_whole_unless_fields_are_named(dicomweb: httpx.Client, study: str, query: str) -> None:
    store(dicomweb, part10(ct_image(f"{study}.1.1")))

    some, whole = (dicomweb.get(f"studies/{study}/metadata?{part}").content for part in (query, ""))

    assert some == whole


def test_fields_of_metadata_come_as_xml_too_and_under_a_tag_of_their_own(
    dicomweb: httpx.Client, study: str
) -> None:
    store(dicomweb, part10(ct_image(f"{study}.1.1")))
    path = f"studies/{study}/metadata"
    xml = {"accept": 'multipart/related; type="application/dicom+xml"'}

    some, whole = (dicomweb.get(f"{path}{query}", headers=xml) for query in ("?includefield=PatientID", ""))
    again = dicomweb.get(
        path, headers={"if-none-match": dicomweb.get(f"{path}?includefield=Rows").headers["etag"]}
    )

    assert b'keyword="PatientID"' in some.content
    assert b'keyword="PatientName"' not in some.content
    assert some.headers["etag"] != whole.headers["etag"]
    assert again.status_code == 200


@pytest.mark.parametrize("query", ["includefield=PatentName", "includefield=Rows,0010"])
def test_a_field_that_is_none_is_a_bad_request(dicomweb: httpx.Client, study: str, query: str) -> None:
    store(dicomweb, part10(ct_image(f"{study}.1.1")))

    assert dicomweb.get(f"studies/{study}/metadata?{query}").status_code == 400


def test_a_bulkdata_uri_can_be_fetched(dicomweb: httpx.Client, study: str) -> None:
    original = ct_image(f"{study}.1.1")

    instance = metadata(dicomweb, f"{study}.1.1", original)

    response = dicomweb.get(
        instance[PIXEL_DATA]["BulkDataURI"], headers={"accept": "application/octet-stream"}
    )
    assert response.content == original.PixelData


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 100", "Müller^Jürgen"),
        ("ISO_IR 192", "Müller^Jürgen"),
        ("ISO_IR 144", "Люкceмбypг"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
    ],
    ids=str,
)
def test_names_of_every_character_set_come_out_in_utf_8(
    dicomweb: httpx.Client, study: str, charset: Any, name: str
) -> None:
    instance = metadata(
        dicomweb, f"{study}.1.1", data_set(f"{study}.1.1", SpecificCharacterSet=charset, PatientName=name)
    )

    groups = zip(("Alphabetic", "Ideographic", "Phonetic"), name.split("="), strict=False)
    assert instance[PATIENT_NAME]["Value"] == [dict(groups)]
    assert instance["00080005"]["Value"] == ["ISO_IR 192"]


def test_numbers_that_json_does_not_know_do_not_break_it(dicomweb: httpx.Client, study: str) -> None:
    strange = data_set(f"{study}.1.1", TimeRange=[float("nan"), float("inf")])

    store(dicomweb, part10(strange))

    response = dicomweb.get(f"{url(f'{study}.1.1')}/metadata")
    json.loads(response.text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_private_attributes_and_nested_sequences_are_kept(dicomweb: httpx.Client, study: str) -> None:
    inner = Dataset()
    inner.add_new(0x00091001, "LO", "deep inside")
    inner.add_new(0x00090010, "LO", "TESTS")
    outer = data_set(f"{study}.1.1", ReferencedStudySequence=[inner, Dataset()])

    instance = metadata(dicomweb, f"{study}.1.1", outer)

    assert instance["00081110"]["Value"] == [
        {"00090010": {"vr": "LO", "Value": ["TESTS"]}, "00091001": {"vr": "LO", "Value": ["deep inside"]}},
        {},
    ]


def test_short_binary_values_are_inline_and_long_ones_are_not(dicomweb: httpx.Client, study: str) -> None:
    both = data_set(f"{study}.1.1", EncapsulatedDocument=bytes(5000))
    both.add_new("ICCProfile", "OB", b"1234")

    instance = metadata(dicomweb, f"{study}.1.1", both)

    assert instance["00282000"] == {"vr": "OB", "InlineBinary": "MTIzNA=="}
    assert instance["00420011"].keys() == {"vr", "BulkDataURI"}


def test_a_series_longer_than_what_is_read_at_once_is_complete(dicomweb: httpx.Client, study: str) -> None:
    store(
        dicomweb,
        *(part10(data_set(f"{study}.1.{number}", InstanceNumber=number)) for number in range(1, 131)),
    )

    response = dicomweb.get(f"studies/{study}/metadata", headers={"accept-encoding": "gzip"})

    assert [instance["00200013"]["Value"] for instance in response.json()] == [
        [number] for number in range(1, 131)
    ]
    assert response.headers["content-encoding"] == "gzip"


def test_no_file_is_opened_to_answer(dicomweb_with: Callable[..., httpx.Client], tmp_path: Path) -> None:
    dicomweb = dicomweb_with()
    store(dicomweb, part10(ct_image("1.1.1")))
    shutil.rmtree(tmp_path / "instances")

    for path in ("studies/1", "studies/1/series/1.1", url("1.1.1")):
        assert dicomweb.get(f"{path}/metadata").status_code == 200


@pytest.mark.parametrize("level", ["studies/{study}", "studies/{study}/series/{study}.1"])
def test_a_tag_changes_with_what_is_in_the_study(dicomweb: httpx.Client, study: str, level: str) -> None:
    path = f"{level.format(study=study)}/metadata"
    store(dicomweb, part10(ct_image(f"{study}.1.1")))
    before = dicomweb.get(path)
    same = dicomweb.get(path, headers={"if-none-match": before.headers["etag"]})

    store(dicomweb, part10(ct_image(f"{study}.1.2")))

    after = dicomweb.get(path, headers={"if-none-match": before.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert (after.status_code, len(after.json())) == (200, 2)


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_metadata_are_the_same_with_and_without_gzip(
    dicomweb: httpx.Client, study: str, encoding: str
) -> None:
    store(dicomweb, part10(ct_image(f"{study}.1.1")))
    path = f"{url(f'{study}.1.1')}/metadata"

    response = dicomweb.get(path, headers={"accept-encoding": encoding})

    assert response.headers.get("content-encoding", "identity") == encoding
    assert response.json() == dicomweb.get(path).json()
    again = dicomweb.get(
        path, headers={"accept-encoding": encoding, "if-none-match": response.headers["etag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", JSON),
        ("application/json", "application/json"),
        ("application/dicom+json, application/json", JSON),
        ('application/dicom+json, multipart/related; type="application/dicom+xml"', JSON),
    ],
)
def test_the_representation_is_negotiated(
    dicomweb: httpx.Client, study: str, accept: str, content_type: str
) -> None:
    store(dicomweb, part10(ct_image(f"{study}.1.1")))

    response = dicomweb.get(f"studies/{study}/metadata", headers={"accept": accept})

    assert response.headers["content-type"] == content_type


@pytest.mark.parametrize(
    "path", ["studies/9", "studies/{study}/series/9", "studies/{study}/series/{study}.1/instances/9"]
)
def test_metadata_of_what_is_not_here_are_not_found(dicomweb: httpx.Client, study: str, path: str) -> None:
    store(dicomweb, part10(ct_image(f"{study}.1.1")))

    response = dicomweb.get(f"{path.format(study=study)}/metadata")

    assert response.status_code == 404


def test_an_image_is_not_acceptable_and_the_answer_says_what_is(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, part10(ct_image(f"{study}.1.1")))

    response = dicomweb.get(f"studies/{study}/metadata", headers={"accept": "image/png"})

    assert response.status_code == 406
    assert JSON in response.json()["available"]


@pytest.mark.parametrize("number", [2, 70], ids=["a few", "many"])
def test_metadata_that_were_read_before_follow_what_is_stored_and_deleted(
    dicomweb: httpx.Client, study: str, number: int
) -> None:
    store(dicomweb, *(part10(ct_image(f"{study}.1.{index}")) for index in range(1, number + 1)))
    paths = [f"studies/{study}/metadata", f"studies/{study}/series/{study}.1/metadata"]
    before = [dicomweb.get(path) for path in (*paths, *paths)]

    store(dicomweb, part10(ct_image(f"{study}.1.999")))
    with_another = [dicomweb.get(path) for path in paths]
    dicomweb.delete(url(f"{study}.1.1"))
    without_the_first = [dicomweb.get(path) for path in paths]

    assert {len(answer.json()) for answer in before} == {number}
    assert {len(answer.json()) for answer in with_another} == {number + 1}
    uids = [
        {instance[INSTANCE_UID]["Value"][0] for instance in answer.json()} for answer in without_the_first
    ]
    expected = {*(f"{study}.1.{index}" for index in range(2, number + 1)), f"{study}.1.999"}
    assert uids == [expected, expected]
    tags = [answer.headers["etag"] for answer in (*before[:2], *with_another, *without_the_first)]
    assert len(set(tags)) == 6


def test_metadata_that_were_read_before_are_the_same_with_and_without_gzip(
    dicomweb: httpx.Client, study: str
) -> None:
    store(dicomweb, *(part10(ct_image(f"{study}.1.{index}")) for index in range(1, 71)))
    path = f"studies/{study}/metadata"

    answers = [
        dicomweb.get(path, headers={"accept-encoding": coding})
        for coding in ("gzip", "identity", "gzip", "identity")
    ]

    assert [answer.headers.get("content-encoding") for answer in answers] == ["gzip", None, "gzip", None]
    assert len({answer.text for answer in answers}) == 1
