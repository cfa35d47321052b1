"""Parts of volumes and frames, in another size, and of another type."""

from io import BytesIO
from typing import Any

import httpx
import nibabel
import numpy as np
import pytest

from service.pixels.arrays import Values
from service.pixels.window import PRESETS
from tests.web.series import SERIES, ct_slice, enhanced_mr, store, stored_values

VOLUME, FRAME = f"{SERIES}/volume", f"{SERIES}/instances/1.1.1.1/frames/1/pixels"
NIFTI = "application/x-nifti"
STORED = stored_values(4, 6, 8)
HU = STORED.astype(int) - 1024


@pytest.fixture
async def ct(client: httpx.AsyncClient) -> httpx.AsyncClient:
    await store(client, *(ct_slice(number, STORED[number - 1]) for number in (1, 2, 3, 4)))
    return client


async def _array(client: httpx.AsyncClient, url: str) -> Values:
    response = await client.get(url)
    assert response.status_code == 200, response.text
    assert int(response.headers["content-length"]) == len(response.content)
    array: Values = np.load(BytesIO(response.content))
    return array


async def test_a_part_of_a_volume_is_that_part_of_its_array(ct: httpx.AsyncClient) -> None:
    array = await _array(ct, f"{VOLUME}?slices=2-3&region=1,2,6,5")

    np.testing.assert_array_equal(array, HU[1:3, 2:5, 1:6])
    np.testing.assert_array_equal(await _array(ct, f"{FRAME}?region=1,2,6,5"), HU[0, 2:5, 1:6])


@pytest.mark.parametrize("query", ["slices=2-4&region=2,1,8,5", "size=4,3", "region=0,0,6,6&size=3,2"])
async def test_every_voxel_of_a_part_lies_where_it_lay(ct: httpx.AsyncClient, query: str) -> None:
    whole = await _image(ct, VOLUME)
    part = await _image(ct, f"{VOLUME}?{query}")

    corners = [np.array(image.shape) - 1 for image in (whole, part)]
    edges = [
        image.affine @ [-0.5, -0.5, corner[2], 1]
        for image, corner in zip((whole, part), corners, strict=True)
    ]
    if "region" not in query:  # the outer edges stay
        np.testing.assert_allclose(edges[0], edges[1], atol=1e-5)
    if "size" not in query:  # voxels are the same ones
        value = np.asarray(part.dataobj)[0, 0, 0]
        place = np.linalg.solve(whole.affine, part.affine @ [0, 0, 0, 1]).round().astype(int)[:3]
        assert np.asarray(whole.dataobj)[tuple(place)] == value
    if query.startswith("region=0"):
        np.testing.assert_allclose(part.affine[:, 0] / whole.affine[:, 0][0], [2, 0, 0, 0], atol=1e-6)


async def _image(client: httpx.AsyncClient, url: str) -> Any:
    response = await client.get(url, headers={"accept": NIFTI})
    assert response.status_code == 200, response.text
    return nibabel.Nifti1Image.from_stream(BytesIO(response.content))


async def test_half_the_size_by_area_is_the_mean_of_four(ct: httpx.AsyncClient) -> None:
    array = await _array(ct, f"{VOLUME}?size=4,3")

    assert array.dtype == np.float32
    np.testing.assert_allclose(array, HU.reshape(4, 3, 2, 4, 2).mean(axis=(2, 4)))


async def test_a_slope_stays_a_slope_between_centers(client: httpx.AsyncClient) -> None:
    await store(client, ct_slice(1, np.tile(np.arange(8, dtype=np.uint16) * 10, (6, 1)), RescaleIntercept=0))

    array = await _array(client, f"{FRAME}?size=16,6&interpolation=linear")

    np.testing.assert_allclose(array[3], np.clip((np.arange(16) + 0.5) / 2 - 0.5, 0, 7) * 10)


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
async def test_values_come_in_the_type_asked_for(ct: httpx.AsyncClient, dtype: str) -> None:
    array = await _array(ct, f"{VOLUME}?dtype={dtype}")

    assert array.dtype == dtype
    np.testing.assert_array_equal(array, HU)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
async def test_values_that_do_not_fit_are_a_conflict(ct: httpx.AsyncClient, dtype: str) -> None:
    response = await ct.get(f"{VOLUME}?dtype={dtype}")

    assert response.status_code == 409
    assert response.json()["error"] == "NoSuchValues"


async def test_values_between_whole_numbers_are_not_rounded_unasked(client: httpx.AsyncClient) -> None:
    await store(client, ct_slice(1, STORED[0], RescaleSlope=0.5))

    assert (await client.get(f"{VOLUME}?dtype=int16")).status_code == 409
    resized = await _array(client, f"{VOLUME}?dtype=int16&size=4,3")
    np.testing.assert_allclose(
        resized[0], (STORED[0] / 2 - 1024).reshape(3, 2, 4, 2).mean(axis=(1, 3)), atol=0.5
    )


async def test_whole_numbers_that_float32_has_not_are_a_conflict(client: httpx.AsyncClient) -> None:
    numbers = np.full((2, 2), 2**24 + 1, np.uint32)
    await store(client, ct_slice(1, numbers, RescaleIntercept=0, BitsAllocated=32, BitsStored=32, HighBit=31))

    assert (await client.get(f"{FRAME}?dtype=float32")).status_code == 409


async def test_stored_values_are_those_of_the_file(ct: httpx.AsyncClient) -> None:
    array = await _array(ct, f"{VOLUME}?values=stored")

    assert array.dtype == np.uint16
    np.testing.assert_array_equal(array, STORED)


async def test_a_window_makes_bytes(ct: httpx.AsyncClient) -> None:
    array = await _array(ct, f"{VOLUME}?window=bone")

    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, np.rint(PRESETS["bone"].fraction(HU.astype(float)) * 255))


async def test_what_was_made_stands_in_the_header_fields(ct: httpx.AsyncClient) -> None:
    headers = (await ct.get(f"{VOLUME}?window=bone&region=0,0,4,4&size=2,2")).headers

    assert headers["x-volume-shape"] == "[4,2,2]"
    assert headers["x-volume-made"] == (
        '{"values":"modality","region":[0,0,4,4],"size":[2,2],"interpolation":"area",'
        '"window":[300,1500,"LINEAR"]}'
    )


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("region=1,1,1,4", 400),
        ("region=0,0,9,6", 409),
        ("size=0,4", 400),
        ("dtype=complex64", 400),
        ("values=hounsfield", 400),
        ("window=skin", 400),
        ("interpolation=cubic", 400),
        ("slices=3-2", 400),
        ("slices=3-5", 404),
        ("values=dose", 409),
    ],
)
async def test_what_cannot_be_made_is_an_error(ct: httpx.AsyncClient, query: str, status: int) -> None:
    assert (await ct.get(f"{VOLUME}?{query}")).status_code == status


async def test_frames_are_asked_for_as_a_range(client: httpx.AsyncClient) -> None:
    await store(client, enhanced_mr(STORED, [0, 1, 2, 3]))
    url = f"{SERIES}/instances/1.1.1.1/frames"

    array = await _array(client, f"{url}/2-4,1/pixels?region=0,0,2,2")

    np.testing.assert_array_equal(array, [STORED[n - 1, :2, :2] * n for n in (2, 3, 4, 1)])
    assert (await client.get(f"{url}/4-2/pixels")).status_code == 400
    assert (await client.get(f"{url}/1-999999999/pixels")).status_code == 400
    assert (await client.get(f"{url}/1-5/pixels")).status_code == 404
