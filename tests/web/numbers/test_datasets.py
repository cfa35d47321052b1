"""A study as a folder to train on, read as nnU-Net reads it: by nibabel, and by the names of files."""

import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import nibabel
import numpy as np
import pytest

from service.pixels.arrays import Values
from tests.segmentations import blocks, ct_series, segmentation
from tests.structure_sets import Polygon, contour, inside, structure_set
from tests.web.series import ROOT, store

STUDY = f"{ROOT}/studies/1.1/volume"
LABELS = blocks(6, 3)
SQUARE: Polygon = [(2, 2), (5, 2), (5, 4), (2, 4)]


@dataclass(frozen=True)
class _Folder:
    path: Path

    @property
    def names(self) -> list[str]:
        return sorted(str(path.relative_to(self.path)) for path in self.path.rglob("*.*") if path.is_file())

    def json(self, name: str) -> Any:
        return json.loads((self.path / name).read_text())

    def image(self, name: str) -> tuple[Values, Values]:
        image: Any = nibabel.loadsave.load(self.path / name)
        return np.asarray(image.dataobj).T, image.affine


async def _folder(client: httpx.AsyncClient, path: Path, query: str = "") -> _Folder:
    response = await client.get(f"{STUDY}{query}", headers={"accept": "application/zip"})
    assert response.status_code == 200, response.text
    with ZipFile(BytesIO(response.content)) as file:
        assert file.testzip() is None
        file.extractall(path)
    return _Folder(path)


async def _refusal(client: httpx.AsyncClient, query: str = "", status: int = 409) -> Any:
    response = await client.get(f"{STUDY}{query}")
    assert response.status_code == status, response.text
    return response.json()


async def test_a_study_is_a_folder_of_images_and_labels(client: httpx.AsyncClient, tmp_path: Path) -> None:
    images = ct_series(6)
    await store(client, *images, segmentation(images, LABELS))

    folder = await _folder(client, tmp_path / "out")

    assert folder.names == [
        "dataset.json",
        "dicom.json",
        "imagesTr/1.1.1_0000.nii.gz",
        "labelsTr/1.1.1.nii.gz",
    ]
    assert folder.json("dataset.json") == {
        "channel_names": {"0": "CT"},
        "labels": {"background": 0, "Liver": 1, "Spleen": 2, "Left kidney": 3},
        "numTraining": 1,
        "file_ending": ".nii.gz",
    }
    image, affine = folder.image("imagesTr/1.1.1_0000.nii.gz")
    labels, label_affine = folder.image("labelsTr/1.1.1.nii.gz")
    np.testing.assert_array_equal(labels, LABELS)
    assert image.shape == labels.shape
    np.testing.assert_array_equal(affine, label_affine)
    case = folder.json("dicom.json")["cases"]["1.1.1"]
    assert case["images"] == ["1.1.1"]
    assert case["mask"] == {"SeriesInstanceUID": "1.1.2", "SOPInstanceUID": "1.1.2.1"}
    assert case["labels"][0]["type"]["meaning"] == "Liver"


async def test_labels_get_consecutive_numbers_and_can_be_chosen(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    regions = {"Body": [contour(SQUARE, 2), contour(SQUARE, 3)], "Core": [contour(SQUARE, 3)]}
    dataset = structure_set(regions, numbers=[5, 40])
    await store(client, *ct_series(4), dataset)

    assert "share voxels" in (await _refusal(client))["message"]
    folder = await _folder(client, tmp_path / "out", "?labels=Tumour,Core")

    assert folder.json("dataset.json")["labels"] == {"background": 0, "Tumour": 1, "Core": 2}
    labels, _ = folder.image("labelsTr/1.1.1.nii.gz")
    assert np.unique(labels).tolist() == [0, 2]
    np.testing.assert_array_equal(labels[2] == 2, inside([SQUARE], labels.shape[1:]))


async def test_points_of_a_structure_set_are_no_labels(client: httpx.AsyncClient, tmp_path: Path) -> None:
    regions = {"Isocenter": [contour(SQUARE[:1], 2, "POINT")], "Core": [contour(SQUARE, 3)]}
    await store(client, *ct_series(4), structure_set(regions))

    folder = await _folder(client, tmp_path / "out")

    assert folder.json("dataset.json")["labels"] == {"background": 0, "Core": 1}
    (case,) = folder.json("dicom.json")["cases"].values()
    assert [label["name"] for label in case["labels"]] == ["Core"]


async def test_several_series_on_one_grid_are_channels(client: httpx.AsyncClient, tmp_path: Path) -> None:
    images = ct_series(6)
    others = ct_series(6, SeriesInstanceUID="1.1.3", Modality="PT")
    for number, image in enumerate(others, 1):
        image.SOPInstanceUID = f"1.1.3.{number}"
    await store(client, *images, *others, segmentation(images, LABELS))

    folder = await _folder(client, tmp_path / "out", "?channels=1.1.3,1.1.1")

    assert folder.json("dataset.json")["channel_names"] == {"0": "PT", "1": "CT"}
    assert folder.names[2:] == [
        "imagesTr/1.1.3_0000.nii.gz",
        "imagesTr/1.1.3_0001.nii.gz",
        "labelsTr/1.1.3.nii.gz",
    ]
    np.testing.assert_array_equal(folder.image("labelsTr/1.1.3.nii.gz")[0], LABELS)


async def test_channels_on_another_grid_are_refused(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    others = ct_series(5, SeriesInstanceUID="1.1.3")
    for number, image in enumerate(others, 1):
        image.SOPInstanceUID = f"1.1.3.{number}"
    await store(client, *images, *others, segmentation(images, LABELS))

    assert "on another grid than the mask's" in (await _refusal(client, "?channels=1.1.1,1.1.3"))["message"]


async def test_two_masks_of_a_series_are_to_be_chosen_from(client: httpx.AsyncClient, tmp_path: Path) -> None:
    images = ct_series(6)
    await store(client, *images, segmentation(images, LABELS), structure_set({"Body": [contour(SQUARE, 2)]}))

    refusal = await _refusal(client)

    assert "2 masks of series 1.1.1" in refusal["message"]
    assert [group["values"] for group in refusal["groups"]] == [{"masks": "1.1.2"}, {"masks": "1.1.4"}]
    folder = await _folder(client, tmp_path / "out", refusal["groups"][1]["url"].removeprefix(STUDY))
    assert folder.json("dataset.json")["labels"] == {"background": 0, "Body": 1}


async def test_a_mask_without_its_images_is_refused(client: httpx.AsyncClient) -> None:
    await store(client, segmentation(ct_series(6), LABELS))

    assert "not in this study" in (await _refusal(client))["message"]


async def test_fractions_are_no_labels(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    await store(client, *images, segmentation(images, (LABELS == 1).astype(float), "FRACTIONAL"))

    assert "fractions of segments" in (await _refusal(client))["message"]


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 404), ("?masks=1.1.1", 404), ("?channels=x", 400), ("?labels=", 400)],
)
async def test_what_is_not_there_is_told(client: httpx.AsyncClient, query: str, status: int) -> None:
    await store(client, *ct_series(2))

    await _refusal(client, query, status)


async def test_the_tag_of_a_folder_holds_while_the_study_does(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    await store(client, *images, segmentation(images, LABELS))
    tag = (await client.get(STUDY)).headers["etag"]

    assert (await client.get(STUDY, headers={"if-none-match": tag})).status_code == 304
    await store(client, structure_set({"Body": [contour(SQUARE, 2)]}))
    assert (await client.get(STUDY, headers={"if-none-match": tag})).status_code == 409
