from collections.abc import Callable
from io import BytesIO

import httpx
import pydicom
import pytest

from tests.builders import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    JPEG_2000,
    PREAMBLE,
    code_stream,
    ct_image,
    encapsulated,
    encoded,
    part10,
)
from tests.web.messages import parts_of, store, url

MULTIPART = 'multipart/related; type="application/dicom"'
SINGLE = {"accept": "application/dicom"}
ANY_SYNTAX = {"accept": "application/dicom; transfer-syntax=*"}


def ct(uid: str, number: int = 1) -> bytes:
    return part10(ct_image(uid, InstanceNumber=number))


@pytest.fixture
def uid(dicomweb: httpx.Client, study: str) -> str:
    """A stored CT slice."""
    uid = f"{study}.1.1"
    store(dicomweb, ct(uid))
    return uid


@pytest.fixture
def compressed(dicomweb: httpx.Client, study: str) -> str:
    """A stored image in JPEG 2000."""
    uid = f"{study}.1.9"
    store(dicomweb, part10(encapsulated([[code_stream(b"frame")]], uid=uid), JPEG_2000))
    return uid


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("studies/{study}", ["1.1", "1.2", "2.1"]),
        ("studies/{study}/series/{study}.1", ["1.1", "1.2"]),
        ("studies/{study}/series/{study}.1/instances/{study}.1.2", ["1.2"]),
    ],
    ids=["study", "series", "instance"],
)
def test_every_level_is_a_message_of_files_as_they_were_stored(
    dicomweb: httpx.Client, study: str, path: str, expected: list[str]
) -> None:
    stored = {number: ct(f"{study}.{number}") for number in ("1.1", "1.2", "2.1")}
    store(dicomweb, *stored.values())

    response = dicomweb.get(path.format(study=study))

    parts = parts_of(response)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(f"{MULTIPART}; boundary=")
    assert sorted(part.content for part in parts) == sorted(stored[number] for number in expected)
    for part in parts:
        assert part.headers["content-type"] == f"application/dicom; transfer-syntax={EXPLICIT}"
        assert int(part.headers["content-length"]) == len(part.content)
        assert dicomweb.get(part.headers["content-location"], headers=SINGLE).content == part.content


def test_instances_come_in_the_order_of_their_numbers(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, *(ct(f"{study}.1.{number}", number) for number in (3, 1, 2)))

    parts = parts_of(dicomweb.get(f"studies/{study}"))

    assert [pydicom.dcmread(BytesIO(part.content)).InstanceNumber for part in parts] == [1, 2, 3]


def test_the_length_of_a_message_is_announced_when_it_is_known(dicomweb: httpx.Client, uid: str) -> None:
    response = dicomweb.get(url(uid), headers={"accept-encoding": "identity"})

    assert int(response.headers["content-length"]) == len(response.content)


@pytest.mark.parametrize(
    "accept",
    [
        "application/dicom",
        "application/dicom; transfer-syntax=*",
        'application/dicom; transfer-syntax="1.2.840.10008.1.2.1"',
        "application/dicom;transfer-syntax=1.2.3.4;q=0.9, application/dicom;q=0.8",
        'multipart/related; type="application/dicom"; q=0.5, application/dicom',
    ],
)
def test_a_single_part_is_the_file_itself(dicomweb: httpx.Client, uid: str, accept: str) -> None:
    response = dicomweb.get(url(uid), headers={"accept": accept})

    assert response.content == ct(uid)
    assert response.headers["content-type"] == f"application/dicom; transfer-syntax={EXPLICIT}"
    assert int(response.headers["content-length"]) == len(response.content)


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "*/*",
        "multipart/related",
        "multipart/related; type=application/dicom",
        'multipart/related; type="application/dicom"; transfer-syntax=*',
        'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.1; boundary=**',
        'multipart/related; type="application/dicom"; transfer-syntax="*", application/dicom+json;q=0.1',
    ],
)
def test_a_message_is_the_default(dicomweb: httpx.Client, uid: str, accept: str | None) -> None:
    del dicomweb.headers["accept"]
    response = dicomweb.get(url(uid), headers={"accept": accept} if accept else {})
    dicomweb.headers["accept"] = "*/*"

    assert response.headers["content-type"].startswith(MULTIPART)
    assert [part.content for part in parts_of(response)] == [ct(uid)]


def test_the_accept_parameter_wins_over_the_header(dicomweb: httpx.Client, uid: str) -> None:
    response = dicomweb.get(url(uid), params={"accept": "application/dicom"}, headers={"accept": MULTIPART})

    assert response.content == ct(uid)


@pytest.mark.parametrize("accept", ["image/png", "application/dicom; transfer-syntax=1.2.3.4", "a/b;q=x"])
def test_what_cannot_be_made_is_not_acceptable_and_the_answer_lists_what_can(
    dicomweb: httpx.Client, uid: str, accept: str
) -> None:
    response = dicomweb.get(url(uid), headers={"accept": accept})

    assert response.status_code == 406
    assert f"application/dicom; transfer-syntax={EXPLICIT}" in response.json()["available"]


@pytest.mark.parametrize(
    "transfer_syntax",
    ["", "; transfer-syntax=*", f"; transfer-syntax={JPEG_2000}"],
    ids=["none", "any", "its own"],
)
def test_a_compressed_instance_goes_out_as_it_is_stored(
    dicomweb: httpx.Client, compressed: str, transfer_syntax: str
) -> None:
    response = dicomweb.get(url(compressed), headers={"accept": f"application/dicom{transfer_syntax}"})

    assert response.status_code == 200
    assert response.headers["content-type"] == f"application/dicom; transfer-syntax={JPEG_2000}"


def test_a_study_of_several_transfer_syntaxes_tells_each_with_its_part(
    dicomweb: httpx.Client, study: str, uid: str, compressed: str
) -> None:
    response = dicomweb.get(f"studies/{study}", headers={"accept": f"{MULTIPART}; transfer-syntax=*"})

    assert "transfer-syntax" not in response.headers["content-type"]
    assert {part.headers["content-type"].split("=")[1] for part in parts_of(response)} == {
        EXPLICIT,
        JPEG_2000,
    }


@pytest.mark.parametrize("transfer_syntax", [IMPLICIT, BIG_ENDIAN, DEFLATED])
@pytest.mark.parametrize("accept", [SINGLE, ANY_SYNTAX], ids=["default", "any"])
def test_what_is_never_sent_is_converted_to_explicit_little_endian(
    dicomweb: httpx.Client, study: str, transfer_syntax: str, accept: dict[str, str]
) -> None:
    uid = f"{study}.1.1"
    store(dicomweb, part10(ct_image(uid), transfer_syntax))

    response = dicomweb.get(url(uid), headers=accept)

    dataset = pydicom.dcmread(BytesIO(response.content))
    assert response.headers["content-type"] == f"application/dicom; transfer-syntax={EXPLICIT}"
    assert int(response.headers["content-length"]) == len(response.content)
    assert dataset.file_meta.TransferSyntaxUID == EXPLICIT
    assert dataset == ct_image(uid)
    assert [part.content for part in parts_of(dicomweb.get(url(uid)))] == [response.content]


def test_a_file_stored_without_its_head_goes_out_with_one(dicomweb: httpx.Client, study: str) -> None:
    uid = f"{study}.1.1"
    store(dicomweb, encoded(ct_image(uid)))

    response = dicomweb.get(url(uid), headers=SINGLE)

    assert response.content[128:132] == b"DICM"
    assert pydicom.dcmread(BytesIO(response.content)) == ct_image(uid)


@pytest.mark.parametrize("head", [PREAMBLE, b""], ids=["whole", "without preamble"])
def test_a_compressed_file_goes_out_in_its_own_transfer_syntax_whatever_its_head(
    dicomweb: httpx.Client, study: str, head: bytes
) -> None:
    uid = f"{study}.1.1"
    image = encapsulated([[code_stream(b"a frame")]], uid=uid)
    store(dicomweb, head + part10(image, JPEG_2000).removeprefix(PREAMBLE))

    response = dicomweb.get(url(uid), headers=ANY_SYNTAX)

    assert response.headers["content-type"] == f"application/dicom; transfer-syntax={JPEG_2000}"
    assert int(response.headers["content-length"]) == len(response.content)
    assert response.content.endswith(encoded(image, JPEG_2000))
    assert pydicom.dcmread(BytesIO(response.content)).file_meta.TransferSyntaxUID == JPEG_2000


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("studies/9", "StudyNotFound"),
        ("studies/{study}/series/9", "SeriesNotFound"),
        ("studies/{study}/series/{study}.1/instances/9", "InstanceNotFound"),
        ("studies/{study}/series/9/instances/{study}.1.1", "InstanceNotFound"),
        ("studies/9/series/{study}.1/instances/{study}.1.1", "InstanceNotFound"),
        ("studies/9/series/{study}.1", "SeriesNotFound"),
    ],
)
def test_what_is_not_here_is_not_found_nor_under_a_foreign_study(
    dicomweb: httpx.Client, study: str, uid: str, path: str, error: str
) -> None:
    response = dicomweb.get(path.format(study=study))

    assert response.status_code == 404
    assert (response.json()["status"], response.json()["error"]) == (404, error)


def test_the_url_of_a_part_is_the_one_the_public_sees(dicomweb_with: Callable[..., httpx.Client]) -> None:
    dicomweb = dicomweb_with(public_url="https://pacs.example/dicom-web")
    store(dicomweb, ct("1.1.1"))

    [part] = parts_of(dicomweb.get("studies/1"))

    assert part.headers["content-location"] == f"https://pacs.example/dicom-web/{url('1.1.1')}"
