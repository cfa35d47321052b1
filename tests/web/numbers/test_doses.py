from io import BytesIO
from typing import Any

import httpx
import nibabel
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import RTDoseStorage

from service.pixels.arrays import Values
from tests.web.series import SERIES, ct_slice, image, store, with_text

INSTANCE = f"{SERIES}/instances/1.1.1.1"
NIFTI = "application/x-nifti"
DOSE = np.random.default_rng(2).integers(0, 2**32, (3, 4, 5), np.uint32)


def _dose(**attributes: Any) -> Dataset:
    usual = {
        "SOPClassUID": RTDoseStorage,
        "SOPInstanceUID": "1.1.1.1",
        "NumberOfFrames": 3,
        "ImagePositionPatient": [-1, -2, -30],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [2, 2.5],
        "GridFrameOffsetVector": [0, 2.5, 5],
        "DoseGridScaling": "2e-8",
        "BitsAllocated": 32,
        "BitsStored": 32,
        "HighBit": 31,
    }
    return image(DOSE, **(usual | attributes))


async def _array(client: httpx.AsyncClient, url: str) -> Values:
    response = await client.get(url)
    assert response.status_code == 200, response.text
    array: Values = np.load(BytesIO(response.content))
    return array


async def test_a_dose_is_in_gray_in_every_answer(client: httpx.AsyncClient) -> None:
    await store(client, _dose(RescaleSlope=7, RescaleIntercept=-1000))
    grays = DOSE * 2e-8

    np.testing.assert_array_equal(await _array(client, f"{INSTANCE}/pixels"), grays)
    np.testing.assert_array_equal(await _array(client, f"{INSTANCE}/frames/2/pixels"), grays[1])
    statistics = (await client.get(f"{INSTANCE}/statistics")).json()
    assert statistics["maximum"] == pytest.approx(grays.max())
    picture = await client.get(f"{INSTANCE}/frames/1/rendered?window=20,40,linear-exact")
    white = await client.get(f"{INSTANCE}/frames/1/rendered?window=-20,10,linear-exact")
    assert (picture.status_code, white.status_code) == (200, 200)
    assert picture.content != white.content


@pytest.mark.parametrize("offsets", [[0, 2.5, 5], [-30, -27.5, -25]], ids=["relative", "absolute"])
async def test_a_dose_is_a_volume_in_its_place(client: httpx.AsyncClient, offsets: list[float]) -> None:
    await store(client, _dose(GridFrameOffsetVector=offsets))

    response = await client.get(f"{SERIES}/volume", headers={"accept": NIFTI})

    opened: Any = nibabel.Nifti1Image.from_stream(BytesIO(response.content))
    np.testing.assert_array_equal(np.asarray(opened.dataobj), (DOSE * 2e-8).T)
    np.testing.assert_allclose(opened.affine @ [1, 2, 2, 1], [1 - 2.5, 2 - 4, -25, 1])


@pytest.mark.parametrize("scaling", [None, "0,00025"])
@pytest.mark.parametrize("path", ["pixels", "statistics", "frames/1/rendered?window=20,40,linear"])
async def test_a_dose_whose_scaling_cannot_be_read_is_refused(
    client: httpx.AsyncClient, scaling: str | None, path: str
) -> None:
    await store(client, with_text(_dose(), "DoseGridScaling", scaling))

    response = await client.get(f"{INSTANCE}/{path}")

    assert response.status_code == 406
    assert "Dose Grid Scaling" in response.json()["message"]


@pytest.mark.parametrize(("units", "status"), [("GY", 200), ("RELATIVE", 409)])
@pytest.mark.parametrize("path", ["volume", "instances/1.1.1.1/pixels"])
async def test_whoever_asks_for_a_dose_gets_gray_or_none(
    client: httpx.AsyncClient, units: str, status: int, path: str
) -> None:
    await store(client, _dose(DoseUnits=units))

    assert (await client.get(f"{SERIES}/{path}?values=dose")).status_code == status


SMOOTH = np.random.default_rng(3).integers(0, 1000, (3, 4, 5)).astype(np.uint32)


def _ct(**attributes: Any) -> list[Dataset]:
    """Return axial slices of another spacing, some of which reach beyond the dose."""
    return [
        ct_slice(
            number,
            np.zeros((6, 7), np.uint16),
            **(
                {
                    "SeriesInstanceUID": "1.1.2",
                    "SOPInstanceUID": f"1.1.2.{number}",
                    "ImagePositionPatient": [-1.5, -2, -31 + 1.1 * number],
                    "PixelSpacing": [1.3, 1.7],
                    "FrameOfReferenceUID": "1.9",
                }
                | attributes
            ),
        )
        for number in range(6)
    ]


def _smooth_dose() -> Dataset:
    dose = _dose(DoseUnits="GY", DoseGridScaling="0.01", FrameOfReferenceUID="1.9")
    dose.PixelData = SMOOTH.tobytes()
    return dose


async def test_a_dose_comes_on_the_grid_of_another_series(client: httpx.AsyncClient) -> None:
    await store(client, _smooth_dose(), *_ct())
    url = f"{SERIES}/volume?on=1.1.2&values=dose"

    array = await _array(client, url)
    told = (await client.get(url, headers={"accept": "application/json"})).json()

    assert array.shape == (6, 6, 7)
    for index, row, column in np.ndindex(*array.shape):
        point = [(-31 + 1.1 * index + 30) / 2.5, 1.3 * row / 2, (1.7 * column - 0.5) / 2.5]
        assert array[index, row, column] == pytest.approx(_between(SMOOTH * 0.01, point), abs=1e-5)
    assert told["grid"] == {"of": "1.1.2", "reason": None, "sampling": "trilinear", "outside": 0}
    assert (told["made"]["values"], told["units"]) == ("dose", "GY")
    part = await _array(client, f"{url}&slices=2-3&region=1,1,4,5&dtype=float32")
    assert part.dtype == np.float32
    np.testing.assert_allclose(part, array[1:3, 1:5, 1:4], rtol=1e-6)


def _between(values: Values, point: list[float]) -> float:
    if any(not 0 <= place <= length - 1 for place, length in zip(point, values.shape, strict=True)):
        return 0
    weights = [
        np.clip(1 - np.abs(np.arange(length) - place), 0, None)
        for place, length in zip(point, values.shape, strict=True)
    ]
    return float(np.einsum("zyx,z,y,x", values, *weights))


@pytest.mark.parametrize("query", ["values=suv", "dtype=int16", "on=frames"])
async def test_what_a_dose_on_another_grid_cannot_be_is_refused(
    client: httpx.AsyncClient, query: str
) -> None:
    await store(client, _smooth_dose(), *_ct())

    response = await client.get(f"{SERIES}/volume?{'' if 'on=' in query else 'on=1.1.2&'}{query}")

    assert response.status_code == 409


async def test_a_dose_in_another_frame_of_reference_is_refused(client: httpx.AsyncClient) -> None:
    await store(client, _smooth_dose(), *_ct(FrameOfReferenceUID="1.8"))

    response = await client.get(f"{SERIES}/volume?on=1.1.2")

    assert response.status_code == 409
    assert "Frame of Reference" in response.json()["message"]
