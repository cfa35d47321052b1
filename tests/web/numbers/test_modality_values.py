from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import imagecodecs
import nibabel
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import JPEGLSLossless, SegmentationStorage

from service.pixels.arrays import Values
from tests.web.series import (
    SERIES,
    compressed,
    ct_slice,
    enhanced_mr,
    image,
    store,
    stored_values,
    with_text,
)

INSTANCE = f"{SERIES}/instances/1.1.1.1"
JSON, NIFTI = "application/json", "application/x-nifti"
BITS_32 = {"BitsAllocated": 32, "BitsStored": 32, "HighBit": 31}
LARGE = np.array([[[2**24 + 1, 0], [2**31 - 1, 3]]] * 2)
STORED = stored_values(3, 6, 5)


async def _array(client: httpx.AsyncClient, url: str) -> Values:
    response = await client.get(url)
    assert response.status_code == 200, response.text
    array: Values = np.load(BytesIO(response.content))
    return array


@pytest.mark.parametrize("keyword", ["RescaleSlope", "RescaleIntercept"])
async def test_a_rescale_that_cannot_be_read_gives_no_stored_values_in_its_place(
    client: httpx.AsyncClient, keyword: str
) -> None:
    await store(client, ct_slice(1, STORED[0]), with_text(ct_slice(2, STORED[1]), keyword, "-1024,0"))

    pixels = await client.get(f"{SERIES}/instances/1.1.1.2/pixels")
    statistics = await client.get(f"{SERIES}/statistics")
    volume = await client.get(f"{SERIES}/volume")

    assert (pixels.status_code, statistics.status_code, volume.status_code) == (406, 406, 409)
    assert "-1024,0" in pixels.json()["message"]
    (disagreement,) = volume.json()["disagreements"]
    assert (disagreement["SOPInstanceUID"], disagreement["found"]) == ("1.1.1.2", "-1024,0")
    assert (await client.get(f"{SERIES}/instances/1.1.1.2/rendered")).status_code == 200


async def test_a_real_world_value_mapping_is_left_to_the_client(client: httpx.AsyncClient) -> None:
    mapping = Dataset()
    mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = 0.01, 3.0
    await store(client, ct_slice(1, STORED[0], RealWorldValueMappingSequence=[mapping]))

    values = await _array(client, f"{INSTANCE}/pixels")

    np.testing.assert_array_equal(values, STORED[0].astype(int) - 1024)


@pytest.mark.parametrize(
    ("kind", "attributes", "expected"),
    [
        pytest.param("u4", {}, "uint32", id="unsigned"),
        pytest.param("i4", {}, "int32", id="signed"),
        pytest.param("u4", {"RescaleSlope": 1, "RescaleIntercept": -1024}, "float64", id="rescaled"),
        pytest.param("u4", {"RescaleSlope": 0.5, "RescaleIntercept": 0}, "float64", id="halved"),
    ],
)
async def test_integers_of_32_bits_are_exact(
    client: httpx.AsyncClient, kind: str, attributes: dict[str, Any], expected: str
) -> None:
    stored = LARGE.astype(kind)
    signed = {"PixelRepresentation": int(kind == "i4"), "PixelSpacing": [1, 1]}
    plain: dict[str, Any] = {"RescaleSlope": 1, "RescaleIntercept": 0}
    slices = [
        ct_slice(number, frame, **BITS_32, **signed, **(plain | attributes))
        for number, frame in enumerate(stored, 1)
    ]
    await store(client, *slices)
    values = LARGE * float(attributes.get("RescaleSlope", 1)) + attributes.get("RescaleIntercept", 0)

    volume = await _array(client, f"{SERIES}/volume")
    pixels = await _array(client, f"{INSTANCE}/pixels")
    nifti = await client.get(f"{SERIES}/volume", headers={"accept": NIFTI})
    opened: Any = nibabel.Nifti1Image.from_stream(BytesIO(nifti.content))

    assert {volume.dtype.name, pixels.dtype.name, opened.get_data_dtype().name} == {expected}
    np.testing.assert_array_equal(volume, values)
    np.testing.assert_array_equal(pixels, values[0])
    np.testing.assert_array_equal(np.asarray(opened.dataobj), values.T)
    description = await client.get(f"{SERIES}/volume", headers={"accept": JSON})
    assert description.json()["type"] == expected


@pytest.mark.parametrize(("largest", "expected"), [(4095, "int16"), (65535, "float32")])
@pytest.mark.parametrize("is_compressed", [False, True], ids=["native", "compressed"])
async def test_the_type_does_not_depend_on_how_the_pixels_are_stored(
    client: httpx.AsyncClient, largest: int, expected: str, is_compressed: bool
) -> None:
    frame = STORED[0].copy()
    frame[0, 0] = largest
    whole = ct_slice(1, frame, BitsStored=16, HighBit=15)
    stream = imagecodecs.jpegls_encode(frame)
    await store(client, compressed(whole, JPEGLSLossless, stream) if is_compressed else whole)

    volume, pixels = await _array(client, f"{SERIES}/volume"), await _array(client, f"{INSTANCE}/pixels")

    assert {volume.dtype.name, pixels.dtype.name} == {expected}
    np.testing.assert_array_equal(pixels, frame.astype(int) - 1024)


async def test_fractions_of_a_segment_lie_between_0_and_1(client: httpx.AsyncClient) -> None:
    stored = np.array([[[0, 51], [128, 255]]], np.uint8)
    eight_bits = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "NumberOfFrames": 1}
    segments = {"SegmentationType": "FRACTIONAL", "MaximumFractionalValue": 255}
    uids = {"SOPClassUID": SegmentationStorage, "SOPInstanceUID": "1.1.1.1"}
    await store(client, image(stored, **uids, **segments, **eight_bits))

    values = await _array(client, f"{INSTANCE}/frames/1/pixels")

    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, (stored[0] / 255).astype(np.float32))
    assert (await client.get(f"{INSTANCE}/statistics")).json()["maximum"] == 1


@pytest.mark.parametrize(
    ("name", "samples"), [("MONOCHROME2", 3), ("RGB", 1), ("YBR_FULL", 1), ("PALETTE COLOR", 3)]
)
@pytest.mark.parametrize("path", ["pixels", "statistics", "volume"])
async def test_samples_that_contradict_the_photometric_interpretation_are_refused(
    client: httpx.AsyncClient, name: str, samples: int, path: str
) -> None:
    pixels = np.zeros((4, 5, samples), np.uint8)
    layout = {"Rows": 4, "Columns": 5, "SamplesPerPixel": samples, "PlanarConfiguration": 0}
    bits = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PhotometricInterpretation": name}
    await store(client, ct_slice(1, pixels, **layout, **bits))

    response = await client.get(f"{INSTANCE}/{path}")

    assert response.status_code in (406, 409)
    assert response.json()["message"]


async def test_a_slice_whose_file_was_cut_is_an_error_before_the_first_byte(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    await store(client, *(ct_slice(number, STORED[number - 1]) for number in (1, 2, 3)))
    _cut_last_file(tmp_path)

    response = await client.get(f"{SERIES}/volume")

    assert response.status_code == 503
    assert response.json()["error"] == "DamagedFile"


def _cut_last_file(folder: Path) -> None:
    last = max(folder.glob("files/**/*.dcm"), key=lambda path: path.name)
    last.write_bytes(last.read_bytes()[:-20])


async def test_a_number_that_is_none_in_a_functional_group_counts_for_its_frames(
    client: httpx.AsyncClient,
) -> None:
    enhanced = enhanced_mr(STORED, [0, 1, 2])
    group = enhanced.PerFrameFunctionalGroupsSequence[1].PixelValueTransformationSequence[0]
    with_text(group, "RescaleSlope", "2,0")
    await store(client, enhanced)

    first = await client.get(f"{INSTANCE}/frames/1/pixels")
    second = await client.get(f"{INSTANCE}/frames/2/pixels")

    assert (first.status_code, second.status_code) == (200, 406)
    assert "Rescale Slope" in second.json()["message"]


@pytest.mark.parametrize("number", ["99999999999999999999", "123456789012"])
async def test_an_instance_number_that_can_be_none_is_left_out(
    client: httpx.AsyncClient, number: str
) -> None:
    await store(client, with_text(ct_slice(1, STORED[0]), "InstanceNumber", number))

    response = await client.get(f"{SERIES}/volume", headers={"accept": JSON})

    assert response.status_code == 200
    assert response.json()["slices"][0]["InstanceNumber"] is None
