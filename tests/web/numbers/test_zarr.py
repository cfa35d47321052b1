"""Volumes opened by Zarr itself, from a server that listens."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import imagecodecs
import numpy as np
import pytest
import zarr
from pydicom.dataset import Dataset
from pydicom.uid import UID, JPEGLSLossless

from service.testing import DicomwebServer, empty_server
from tests.segmentations import blocks, ct_series, segmentation
from tests.waiting import PATIENCE
from tests.web.series import compressed, ct_slice, enhanced_mr, stored_values

STORED = stored_values(4, 6, 5)
HU = STORED.astype(int) - 1024
TIMES = stored_values(3, 2, 6, 5)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DicomwebServer]:
    """A server with series of several kinds."""
    folder = tmp_path_factory.mktemp("series")
    with empty_server() as server:
        _load(server, folder / "ct", *(_of("1.1.1", n, ct_slice(n, STORED[n - 1])) for n in (3, 1, 4, 2)))
        streams = [imagecodecs.jpegls_encode(frame) for frame in STORED]
        _load(
            server,
            folder / "jpegls",
            *(
                compressed(_of("1.1.2", n, ct_slice(n, STORED[0])), JPEGLSLossless, stream)
                for n, stream in enumerate(streams, 1)
            ),
        )
        _load(server, folder / "times", *_times())
        multi_frame = enhanced_mr(STORED, [6.0, 0.0, 4.0, 2.0])
        _load(server, folder / "mr", _of("1.1.4", 1, multi_frame))
        yield server


def _times() -> Iterator[Dataset]:
    for time in range(3):
        for place in range(2):
            own = {"ImagePositionPatient": [0, 0, 2.5 * place], "TriggerTime": 40 * time}
            slice_ = ct_slice(
                1, TIMES[time, place], ImageType=["DERIVED", f"T{time}"], ProtocolName=f"A+{time}", **own
            )
            yield _of("1.1.3", 10 * time + place + 1, slice_)


def _of(series: str, number: int, data_set: Dataset) -> Dataset:
    data_set.SeriesInstanceUID = series
    data_set.SOPInstanceUID = data_set.file_meta.MediaStorageSOPInstanceUID = UID(f"{series}.{number}")
    return data_set


def _load(server: DicomwebServer, folder: Path, *data_sets: Dataset) -> None:
    folder.mkdir()
    for data_set in data_sets:
        data_set.save_as(folder / f"{data_set.SOPInstanceUID}.dcm", enforce_file_format=True)
    assert not server.load(folder)


def _url(server: DicomwebServer, series: str, name: str = "volume.zarr") -> str:
    return f"{server.url}/studies/1.1/series/{series}/{name}"


def _array(url: str) -> Any:
    return zarr.open_group(url, mode="r")["0"]


@pytest.mark.parametrize("series", ["1.1.1", "1.1.2"])
def test_zarr_opens_a_volume_and_reads_what_it_needs(server: DicomwebServer, series: str) -> None:
    group: Any = zarr.open(_url(server, series), mode="r")

    array = group["0"]
    assert (array.shape, array.dtype, array.chunks) == ((4, 6, 5), np.dtype("<i2"), (1, 6, 5))
    np.testing.assert_array_equal(array[2, 1:3], HU[2, 1:3])
    np.testing.assert_array_equal(array[:], HU)
    assert [name for name, _ in group.members()] == ["0"]


def test_an_array_can_be_opened_alone(server: DicomwebServer) -> None:
    array: Any = zarr.open_array(f"{_url(server, '1.1.1')}/0", mode="r")

    np.testing.assert_array_equal(array[3], HU[3])


def test_ome_zarr_says_where_voxels_lie_and_the_affine_all_of_it(server: DicomwebServer) -> None:
    attributes: Any = zarr.open_group(_url(server, "1.1.1"), mode="r").attrs.asdict()

    [image] = attributes["ome"]["multiscales"]
    assert [axis["name"] for axis in image["axes"]] == ["z", "y", "x"]
    assert {axis["unit"] for axis in image["axes"]} == {"millimeter"}
    scale, translation = image["datasets"][0]["coordinateTransformations"]
    assert scale == {"type": "scale", "scale": [2.5, 0.5, 0.8]}
    assert translation == {"type": "translation", "translation": [2.5, -20, -10]}
    assert attributes["dicomweb"]["affine"] == [
        [-0.8, 0, 0, 10],
        [0, -0.5, 0, 20],
        [0, 0, 2.5, 2.5],
        [0, 0, 0, 1],
    ]


def test_what_a_query_would_say_stands_in_the_name(server: DicomwebServer) -> None:
    name = "volume/values=stored&dtype=float32&slices=2-3&region=1,1,4,5.zarr"

    array = _array(_url(server, "1.1.1", name))

    assert array.dtype == np.float32
    np.testing.assert_array_equal(array[:], STORED[1:3, 1:5, 1:4])


def test_several_times_are_a_fourth_axis(server: DicomwebServer) -> None:
    group: Any = zarr.open_group(_url(server, "1.1.3", "volume/along=TriggerTime.zarr"), mode="r")

    [image] = group.attrs["ome"]["multiscales"]
    assert image["axes"][0] == {"name": "t", "type": "time", "unit": "second"}
    assert image["datasets"][0]["coordinateTransformations"][0]["scale"][0] == pytest.approx(0.04)
    np.testing.assert_array_equal(group["0"][1:, 1], TIMES[1:, 1].astype(int) - 1024)


def test_a_series_of_several_volumes_names_a_store_of_each(server: DicomwebServer) -> None:
    conflict = httpx.get(f"{_url(server, '1.1.3')}/zarr.json", timeout=PATIENCE)

    assert conflict.status_code == 409
    urls = [group["url"] for group in conflict.json()["groups"]]
    for url, values in zip(urls, TIMES, strict=True):
        np.testing.assert_array_equal(_array(url)[:], values.astype(int) - 1024)


def test_values_with_signs_of_queries_are_encoded_twice(server: DicomwebServer) -> None:
    array = _array(_url(server, "1.1.3", "volume/ImageType=DERIVED%255CT2&ProtocolName=A%252B2.zarr"))

    np.testing.assert_array_equal(array[:], TIMES[2].astype(int) - 1024)


def test_frames_of_an_instance_are_a_store_too(server: DicomwebServer) -> None:
    array = _array(_url(server, "1.1.4", "instances/1.1.4.1/volume.zarr"))

    slopes = np.array([1, 2, 3, 4])[:, None, None]
    np.testing.assert_array_equal(array[:], (STORED.astype(int) * slopes)[[1, 3, 2, 0]])


@pytest.mark.parametrize(
    "key",
    [
        ".zgroup",
        ".zattrs",
        ".zmetadata",
        "0/.zarray",
        "1/zarr.json",
        "0/c/4/0/0",
        "0/c/0/1/0",
        "0/c/00/0/0",
        "0/c/0/0/0/0",
        "0/c/1/1/0/0",
        "0",
    ],
)
def test_other_files_are_not_found(server: DicomwebServer, key: str) -> None:
    assert httpx.get(f"{_url(server, '1.1.1')}/{key}", timeout=PATIENCE).status_code == 404


def test_a_chunk_has_a_length_a_tag_and_ranges(server: DicomwebServer) -> None:
    url = f"{_url(server, '1.1.1')}/0/c/1/0/0"

    head, whole = httpx.head(url, timeout=PATIENCE), httpx.get(url, timeout=PATIENCE)
    part = httpx.get(
        url, headers={"range": "bytes=10-19", "if-range": head.headers["etag"]}, timeout=PATIENCE
    )
    again = httpx.get(url, headers={"if-none-match": head.headers["etag"]}, timeout=PATIENCE)

    assert (head.status_code, head.headers["content-length"]) == (200, "60")
    assert whole.content == HU[1].astype("<i2").tobytes()
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert again.status_code == 304


def test_a_chunk_of_what_is_gone_is_no_chunk_of_zeros(server: DicomwebServer) -> None:
    assert httpx.get(f"{_url(server, '1.1.9')}/zarr.json", timeout=PATIENCE).status_code == 404
    assert httpx.get(f"{_url(server, '1.1.9')}/0/c/0/0/0", timeout=PATIENCE).status_code == 410


def test_a_store_follows_its_series(server: DicomwebServer, tmp_path: Path) -> None:
    chunk = f"{_url(server, '1.1.5')}/0/c/1/0/0"
    _load(server, tmp_path / "two", *(_of("1.1.5", n, ct_slice(n, STORED[n - 1])) for n in (1, 3)))
    before = httpx.get(chunk, timeout=PATIENCE).content

    _load(server, tmp_path / "one", _of("1.1.5", 2, ct_slice(2, STORED[1])))

    assert before == HU[2].astype("<i2").tobytes()
    assert httpx.get(chunk, timeout=PATIENCE).content == HU[1].astype("<i2").tobytes()
    assert _array(_url(server, "1.1.5")).shape == (3, 6, 5)


def test_masks_are_stores_of_labels_as_their_volumes_are(tmp_path: Path) -> None:
    images, labels = ct_series(6), blocks(6, 3)
    layers = np.stack([labels == 1, (labels == 1) | (labels == 2)], axis=-1).astype(np.uint8)
    with empty_server() as server:
        _load(server, tmp_path / "masks", *images, segmentation(images, layers))

        second = _array(_url(server, "1.1.2", "volume/segment=2.zarr"))
        conflict = httpx.get(f"{_url(server, '1.1.2')}/zarr.json", timeout=PATIENCE)
        layered = _array(conflict.json()["groups"][-1]["url"])

        assert conflict.status_code == 409
        assert second.dtype == np.uint8
        np.testing.assert_array_equal(second[2:4], layers[2:4, ..., 1] * 2)
        np.testing.assert_array_equal(layered[:], np.moveaxis(layers, -1, 0))
        assert layered.metadata.dimension_names == ("c", "z", "y", "x")


def test_what_only_masks_have_is_refused_of_others(server: DicomwebServer) -> None:
    refusal = httpx.get(f"{_url(server, '1.1.1', 'volume/segment=2.zarr')}/zarr.json", timeout=PATIENCE)

    assert refusal.status_code == 400
