"""Stored files that are not what was stored any more: told before the first byte, and repaired by a store."""

from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.builders import DEFLATED, EXPLICIT, IMPLICIT, JPEG_2000, encapsulated, image, part10
from tests.web.messages import ct, fetch, store, url

SMALL = np.arange(64 * 64, dtype=np.uint16).reshape(1, 64, 64)
LARGE = np.random.default_rng(1).integers(0, 2**12, (2, 1024, 1024), np.uint16)

FILES = {
    "small": part10(image(SMALL, "1.1.1"), EXPLICIT),
    "large": part10(image(LARGE, "1.1.1"), EXPLICIT),
    "to be converted": part10(image(SMALL, "1.1.1"), IMPLICIT),
    "deflated": part10(image(SMALL, "1.1.1"), DEFLATED),
    "encapsulated": part10(encapsulated([[bytes(3000)], [bytes(5000)]], uid="1.1.1"), JPEG_2000),
}
REQUESTS = [
    pytest.param("", "application/dicom; transfer-syntax=*", id="the file"),
    pytest.param("", 'multipart/related; type="application/dicom"; transfer-syntax=*', id="its message"),
    pytest.param("", "application/dicom", id="in the default transfer syntax"),
    pytest.param("", "application/zip", id="a ZIP file"),
    pytest.param("/frames/1", "application/octet-stream; transfer-syntax=*", id="a frame"),
    pytest.param("/bulkdata/7FE00010", "*/*", id="a value"),
    pytest.param("/rendered", "image/png", id="a picture"),
    pytest.param("/pixels", "application/x-npy", id="an array"),
]
Damage = Callable[[Path], None]


def shorter(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def other(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def gone(path: Path) -> None:
    path.unlink()


def a_link(path: Path) -> None:
    path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))


def a_broken_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


@pytest.fixture
def client(dicomweb_with: Callable[..., httpx.Client]) -> httpx.Client:
    return dicomweb_with()


def stored_path(tmp_path: Path, uid: str = "1.1.1") -> Path:
    [path] = tmp_path.rglob(f"{uid}.*.dcm")
    return path


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
@pytest.mark.parametrize("damage", [shorter, longer, empty], ids=lambda damage: damage.__name__)
@pytest.mark.parametrize(("resource", "accept"), REQUESTS)
def test_what_is_asked_of_a_damaged_file_is_refused_with_the_reason(
    client: httpx.Client, tmp_path: Path, file: bytes, damage: Damage, resource: str, accept: str
) -> None:
    store(client, file)
    damage(stored_path(tmp_path))

    response = client.get(url("1.1.1") + resource, headers={"accept": accept})

    assert response.status_code == 503 or (response.status_code, resource) == (406, "/pixels")
    if response.status_code == 503:
        assert response.json()["error"] == "DamagedFile"
        assert f"expected {len(file)}" in response.json()["message"]


@pytest.mark.parametrize(
    "accept",
    ['multipart/related; type="application/dicom"', "application/zip", "multipart/related; type=*/*"],
)
def test_one_damaged_file_among_many_is_told_before_the_first_byte(
    client: httpx.Client, tmp_path: Path, accept: str
) -> None:
    store(client, part10(image(LARGE, "1.1.1")), part10(image(LARGE, "1.1.2")))
    shorter(stored_path(tmp_path, "1.1.2"))

    response = client.get("studies/1", headers={"accept": accept})

    assert response.status_code == 503
    assert response.json()["error"] == "DamagedFile"


def test_a_volume_with_a_damaged_slice_is_refused(client: httpx.Client, tmp_path: Path) -> None:
    slices = [
        ct(
            f"1.1.{number}",
            InstanceNumber=number,
            ImagePositionPatient=[0, 0, number],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            PixelSpacing=[1, 1],
        )
        for number in (1, 2)
    ]
    store(client, *slices)
    shorter(stored_path(tmp_path, "1.1.2"))

    response = client.get("studies/1/series/1.1/volume", headers={"accept": "application/x-npy"})

    assert response.status_code == 503


@pytest.mark.parametrize("file", [FILES["small"], FILES["large"]], ids=["small", "large"])
@pytest.mark.parametrize(
    "damage",
    [shorter, longer, empty, other, gone, a_link, a_broken_link],
    ids=lambda damage: damage.__name__,
)
def test_storing_a_damaged_instance_again_repairs_it(
    client: httpx.Client, tmp_path: Path, file: bytes, damage: Damage
) -> None:
    store(client, file)
    damage(stored_path(tmp_path))

    response = store(client, file)

    assert response.status_code == 200
    assert fetch(client, "1.1.1").content == file
    assert stored_path(tmp_path).read_bytes() == file
    assert not stored_path(tmp_path).is_symlink()


def test_where_a_folder_stands_in_the_place_of_a_file_a_store_brings_another(
    client: httpx.Client, tmp_path: Path
) -> None:
    store(client, FILES["small"])
    path = stored_path(tmp_path)
    path.unlink()
    (path / "more").mkdir(parents=True)

    assert fetch(client, "1.1.1").status_code == 503
    assert store(client, FILES["small"]).status_code == 200
    assert fetch(client, "1.1.1").content == FILES["small"]
