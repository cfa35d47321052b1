from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.builders import ct_image, part10
from tests.web.messages import store, url

NUMBER_OF_SERIES, NUMBER_OF_INSTANCES, MODALITIES = "00201206", "00201208", "00080061"
FILES = {
    "1.1.1": part10(ct_image("1.1.1")),
    "1.1.2": part10(ct_image("1.1.2")),
    "1.2.1": part10(ct_image("1.2.1", Modality="SR")),
    "2.1.1": part10(ct_image("2.1.1")),
}


@pytest.fixture
def stored(empty_dicomweb: httpx.Client) -> httpx.Client:
    """A client of a service that holds FILES, on each kind of database in turn."""
    store(empty_dicomweb, *FILES.values())
    return empty_dicomweb


def study(dicomweb: httpx.Client) -> list[Any]:
    """Return series, instances and modalities of study 1."""
    [match] = dicomweb.get("studies?StudyInstanceUID=1").json()
    return [match[tag]["Value"] for tag in (NUMBER_OF_SERIES, NUMBER_OF_INSTANCES, MODALITIES)]


@pytest.mark.parametrize(
    ("path", "left"),
    [
        (url("1.1.1"), [[2], [2], ["CT", "SR"]]),
        (url("1.2.1"), [[1], [2], ["CT"]]),
        ("studies/1/series/1.1", [[1], [1], ["SR"]]),
    ],
    ids=["an instance", "the last instance of a series", "a series"],
)
def test_what_is_deleted_is_gone_and_counts_follow(stored: httpx.Client, path: str, left: list[Any]) -> None:
    stored.get(path)

    response = stored.delete(path)

    assert (response.status_code, response.content) == (204, b"")
    assert [stored.get(link).status_code for link in (path, f"{path}/metadata")] == [404, 404]
    assert study(stored) == left


def test_a_deleted_study_is_gone_with_all_that_was_in_it(stored: httpx.Client, tmp_path: Path) -> None:
    response = stored.delete("studies/1")

    assert response.status_code == 204
    for path in ("studies/1", "studies/1/series/1.1", url("1.1.1"), f"{url('1.1.1')}/frames/1"):
        assert stored.get(path).status_code == 404
    assert stored.get("studies?StudyInstanceUID=1").status_code == 204
    assert [path.name for path in (tmp_path / "instances").iterdir()] == ["2"]
    assert stored.get("studies/2").status_code == 200


@pytest.mark.parametrize("path", ["studies/1", "studies/1/series/1.1", url("1.1.1")])
def test_what_is_deleted_cannot_be_deleted_again(stored: httpx.Client, path: str) -> None:
    first, second = stored.delete(path), stored.delete(path)

    assert (first.status_code, second.status_code) == (204, 404)
    assert second.json()["message"]


@pytest.mark.parametrize("other", [FILES["1.1.1"], part10(ct_image("1.1.1", PatientID="P2"))])
def test_its_uid_can_be_stored_again_with_the_same_or_other_bytes(stored: httpx.Client, other: bytes) -> None:
    stored.delete(url("1.1.1"))

    response = store(stored, other)

    assert response.status_code == 200
    assert stored.get(url("1.1.1"), headers={"accept": "application/dicom"}).content == other


@pytest.mark.parametrize(
    "path",
    [
        "studies/9",
        "studies/1/series/9",
        "studies/2/series/1.1",
        url("1.1.9"),
        url("2.1.1").replace("2.1/", "1.1/"),
    ],
)
def test_what_is_not_here_is_not_found_and_nothing_else_goes(stored: httpx.Client, path: str) -> None:
    response = stored.delete(path)

    assert response.status_code == 404
    assert len(stored.get("instances").json()) == len(FILES)


def test_all_studies_at_once_cannot_be_deleted(stored: httpx.Client) -> None:
    response = stored.delete("studies")

    assert response.status_code == 405
    assert len(stored.get("instances").json()) == len(FILES)
