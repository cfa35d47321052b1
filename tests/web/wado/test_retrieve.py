"""Which shape of an instance, a series or a study an Accept field gets."""

import httpx
import pytest

from tests.builders import EXPLICIT, ct_image, data_set, part10
from tests.web.compressed import JPEG
from tests.web.messages import store, url

DICOM, OCTETS = (
    'multipart/related; type="application/dicom"',
    'multipart/related; type="application/octet-stream"',
)


@pytest.fixture
def uid(dicomweb: httpx.Client, study: str) -> str:
    store(dicomweb, part10(ct_image(f"{study}.1.1")))
    return f"{study}.1.1"


@pytest.mark.parametrize(
    ("accept", "shape"),
    [
        ("*/*", DICOM),
        ("multipart/related", DICOM),
        ('multipart/related; type="*/*"', DICOM),
        (DICOM, DICOM),
        (OCTETS, OCTETS),
        ("application/zip", "application/zip"),
        (f"{DICOM}; q=0.5, application/zip", "application/zip"),
        (f"{OCTETS}, {DICOM}", DICOM),
        (f"{OCTETS}, {DICOM}; q=0.9", OCTETS),
        ("text/html, application/zip; q=0.1", "application/zip"),
        pytest.param(f"{DICOM}; transfer-syntax={JPEG}, {OCTETS}; q=0.5", OCTETS, id="the next best"),
        pytest.param(
            f"{DICOM}; transfer-syntax={JPEG}, application/zip; q=0.9, {OCTETS}; q=0.5",
            "application/zip",
            id="the next best of two",
        ),
    ],
)
@pytest.mark.parametrize("level", ["instance", "study"])
def test_the_shape_liked_best_is_sent(
    dicomweb: httpx.Client, study: str, uid: str, level: str, accept: str, shape: str
) -> None:
    path = url(uid) if level == "instance" else f"studies/{study}"

    response = dicomweb.get(path, headers={"accept": accept})

    assert response.status_code == 200
    assert response.headers["content-type"].startswith(shape)


def test_an_instance_can_be_a_file_alone_and_a_study_cannot(
    dicomweb: httpx.Client, study: str, uid: str
) -> None:
    accept = {"accept": "application/dicom"}

    assert dicomweb.get(url(uid), headers=accept).content == part10(ct_image(uid))
    assert dicomweb.get(f"studies/{study}", headers=accept).status_code == 406


def test_what_cannot_be_had_is_answered_with_all_that_can(dicomweb: httpx.Client, uid: str) -> None:
    response = dicomweb.get(url(uid), headers={"accept": "text/plain"})

    assert response.status_code == 406
    assert {f"application/dicom; transfer-syntax={EXPLICIT}", "application/zip"} < {
        *response.json()["available"]
    }


def test_no_bulk_data_is_not_found_only_for_those_who_ask_for_them(
    dicomweb: httpx.Client, study: str
) -> None:
    store(dicomweb, part10(data_set(f"{study}.1.1")))

    answers = [dicomweb.get(f"studies/{study}", headers={"accept": kind}) for kind in (OCTETS, "text/plain")]

    assert [answer.status_code for answer in answers] == [404, 406]
