"""Slashes as clients send them: doubled where a base URL ends with one, and trailing."""

import httpx
import pytest

from tests.builders import ct_image, part10
from tests.web.messages import DICOM, store


def get(client: httpx.Client, path: str) -> httpx.Response:
    return client.get(client.base_url.copy_with(raw_path=path.encode()))


@pytest.mark.parametrize(
    "path", ["/dicom-web//studies", "/dicom-web/studies/", "//dicom-web/studies", "///dicom-web///studies//"]
)
def test_a_search_is_answered_however_many_slashes_it_has(
    dicomweb: httpx.Client, study: str, path: str
) -> None:
    store(dicomweb, part10(ct_image(f"{study}.1.1")))

    response = get(dicomweb, f"{path}?StudyInstanceUID={study}")

    assert response.status_code == 200
    assert response.history == []
    [match] = response.json()
    assert match["00081190"]["Value"] == [f"{str(dicomweb.base_url).rstrip('/')}/studies/{study}"]


@pytest.mark.parametrize(
    "path",
    [
        "/dicom-web//studies/{0}/series/{0}.1/instances/{0}.1.1/frames/1",
        "/dicom-web/studies/{0}//metadata/",
        "/dicom-web/studies/{0}/series/",
        "/dicom-web//wado?requestType=WADO&studyUID={0}&seriesUID={0}.1&objectUID={0}.1.1",
        "//wado/?requestType=WADO&studyUID={0}&seriesUID={0}.1&objectUID={0}.1.1",
    ],
)
def test_so_is_a_retrieve(dicomweb: httpx.Client, study: str, path: str) -> None:
    store(dicomweb, part10(ct_image(f"{study}.1.1")))

    assert get(dicomweb, path.format(study)).status_code == 200


def test_so_is_a_store(dicomweb: httpx.Client, study: str) -> None:
    url = dicomweb.base_url.copy_with(raw_path=b"/dicom-web//studies/")

    response = dicomweb.post(url, content=part10(ct_image(f"{study}.1.1")), headers=DICOM)

    assert response.status_code == 200


def test_an_empty_uid_never_deletes_what_is_above(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, part10(ct_image(f"{study}.1.1")))

    for path in (f"studies/{study}/", f"studies/{study}//", f"studies/{study}/series//"):
        assert dicomweb.delete(path).status_code == 404
    assert dicomweb.get(f"studies/{study}/series").status_code == 200


@pytest.mark.parametrize("path", ["//evil.example", "//evil.example/", "//evil.example/studies/", "//viewer"])
def test_nobody_is_led_to_another_host(dicomweb: httpx.Client, path: str) -> None:
    response = get(dicomweb, path)

    assert response.status_code == 404
    assert "location" not in response.headers


def test_a_uid_that_is_empty_is_no_study(dicomweb: httpx.Client) -> None:
    response = get(dicomweb, "/dicom-web/studies//series")

    assert response.status_code == 400
    assert "expected a UID" in response.json()["message"]
