"""Instances stored as metadata, in JSON and XML: they become files, and go the way of files. PS3.18 10.5."""

from collections.abc import Callable
from pathlib import Path

import httpx
import orjson
import pytest

from tests.builders import data_set, part10
from tests.dicom.every_vr import every_vr
from tests.metadata import instance
from tests.web.messages import DICOM, items
from tests.web.stow.posted import (
    DOCUMENT,
    JSON,
    OTHER_STUDY,
    REFERENCED,
    XML,
    Bulk,
    body,
    by_reference,
    failure,
    identify,
    metadata_of,
    post,
    post_xml,
    send,
    stored,
    xml,
)


def test_metadata_alone_are_stored(dicomweb: httpx.Client, study: str) -> None:
    uid = f"{study}.1.1"

    response = post(dicomweb, [instance(uid, PatientName="Größe^山田", Rows=3, SliceThickness=0.5)])

    assert response.status_code == 200, response.text
    assert stored(dicomweb, uid).PatientName == "Größe^山田"
    metadata = metadata_of(dicomweb, uid)
    assert metadata["00280010"] == {"vr": "US", "Value": [3]}
    assert metadata["00180050"] == {"vr": "DS", "Value": [0.5]}


def test_a_file_made_here_is_a_part_10_file(dicomweb: httpx.Client, study: str) -> None:
    uid = f"{study}.1.1"
    post(dicomweb, [instance(uid)])

    meta = stored(dicomweb, uid).file_meta

    assert meta.MediaStorageSOPInstanceUID == uid
    assert meta.MediaStorageSOPClassUID == "1.2.840.10008.5.1.4.1.1.2"
    assert meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"


@pytest.mark.parametrize("media_type", [JSON, f"{JSON}; charset=utf-8"])
def test_metadata_may_be_the_whole_body(dicomweb: httpx.Client, study: str, media_type: str) -> None:
    content = orjson.dumps([instance(f"{study}.1.1"), instance(f"{study}.1.2")])

    response = dicomweb.post(f"studies/{study}", content=content, headers={"content-type": media_type})

    assert response.status_code == 200, response.text
    assert len(items(response, REFERENCED)) == 2


def test_xml_may_be_the_whole_body(dicomweb: httpx.Client, study: str) -> None:
    response = dicomweb.post("studies", content=xml(f"{study}.1.1"), headers={"content-type": XML})

    assert response.status_code == 200, response.text
    assert stored(dicomweb, f"{study}.1.1").SOPInstanceUID == f"{study}.1.1"


def test_every_part_of_xml_is_an_instance(dicomweb: httpx.Client, study: str) -> None:
    document = '<DicomAttribute tag="00420011" vr="OB"><BulkData uri="../report"/></DicomAttribute>'
    documents = [xml(f"{study}.1.1"), xml(f"{study}.1.2", document)]

    response = post_xml(dicomweb, documents, Bulk("../report", b"%PDF"))

    assert response.status_code == 200, response.text
    assert stored(dicomweb, f"{study}.1.2").EncapsulatedDocument == b"%PDF"


def test_what_comes_out_goes_in_again(dicomweb: httpx.Client, study: str) -> None:
    every = every_vr()
    identify(every, study)
    dicomweb.post("studies", content=part10(every), headers=DICOM)
    before = metadata_of(dicomweb, f"{study}.1.1")
    again = before | {"00080018": {"vr": "UI", "Value": [f"{study}.1.2"]}}

    response = post(dicomweb, [again])

    assert response.status_code == 200, response.text
    assert metadata_of(dicomweb, f"{study}.1.2") == again
    assert "AvailableTransferSyntaxUID" not in stored(dicomweb, f"{study}.1.2")


def test_an_instance_of_another_study_is_refused_as_a_file_is(dicomweb: httpx.Client, study: str) -> None:
    response = post(dicomweb, [instance("1.2.3")], path=f"studies/{study}")

    assert response.status_code == 409
    assert failure(response)[0] == OTHER_STUDY


def test_other_content_under_known_uids_is_refused_as_a_file_is(dicomweb: httpx.Client, study: str) -> None:
    first = post(dicomweb, [instance(f"{study}.1.1")])
    same = post(dicomweb, [instance(f"{study}.1.1")])
    other = post(dicomweb, [instance(f"{study}.1.1", Rows=3)])

    assert [response.status_code for response in (first, same, other)] == [200, 200, 409]


def test_a_message_cut_short_stores_nothing(dicomweb: httpx.Client, study: str) -> None:
    metadata = instance(f"{study}.1.1") | {DOCUMENT: by_reference("OB", "d")}
    whole = body(JSON, [orjson.dumps([metadata, instance(f"{study}.1.2")])], (Bulk("d", b"x" * 100),))

    for place in (5, 60, len(whole) - 60, len(whole) - 5):
        assert send(dicomweb, whole[:place], JSON).status_code == 400

    assert dicomweb.get(f"studies/{study}/metadata").status_code == 404


def test_nothing_is_left_of_a_request(dicomweb_with: Callable[..., httpx.Client], tmp_path: Path) -> None:
    dicomweb = dicomweb_with()
    metadata = instance("1.1.1") | {DOCUMENT: by_reference("OB", "d")}
    large = Bulk("d", bytes(3 * 2**20))

    post(dicomweb, [metadata], large)
    post(dicomweb, [metadata, instance("1.1.2") | {DOCUMENT: by_reference("OB", "other")}], large)
    send(dicomweb, body(JSON, [b"no JSON"], (large,)), JSON)
    send(dicomweb, body(JSON, [orjson.dumps([metadata])], (large,))[:-10], JSON)

    assert not list((tmp_path / "incoming").iterdir())


def test_files_and_metadata_are_the_same_to_a_search(dicomweb: httpx.Client, study: str) -> None:
    post(dicomweb, [instance(f"{study}.1.1", PatientName="Doe^Jane", Modality="CT")])
    dicomweb.post("studies", content=part10(data_set(f"{study}.1.2")), headers=DICOM)

    (match,) = dicomweb.get("studies", params={"StudyInstanceUID": study, "PatientName": "doe*"}).json()

    assert match["00201208"]["Value"] == [2]


@pytest.mark.parametrize("kind", [JSON, XML, "application/dicom"])
def test_a_body_may_begin_with_the_end_of_a_line(dicomweb: httpx.Client, study: str, kind: str) -> None:
    uid = f"{study}.1.1"
    documents = {
        JSON: orjson.dumps([instance(uid)]),
        XML: xml(uid),
        "application/dicom": part10(data_set(uid)),
    }

    content = body(kind, [documents[kind]], ())

    assert content.startswith(b"\r\n--")
    assert send(dicomweb, content, kind).status_code == 200
