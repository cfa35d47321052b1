from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import imagecodecs
import nibabel
import numpy as np
import pytest
from pydicom.uid import UID, JPEGLSLossless, RLELossless

from service.pixels.codecs.rle import encoded_frame
from tests.web.series import ROOT, SERIES, compressed, ct_slice, enhanced_mr, store, stored_values

VOLUME = f"{SERIES}/volume"
NPY, NIFTI, GZIP, JSON = (
    "application/x-npy",
    "application/vnd.unknown.nifti-1",
    "application/gzip",
    "application/json",
)
STORED = stored_values(4, 6, 5)


@pytest.fixture
async def ct(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a service that has four slices, stored in no order."""
    await store(client, *(ct_slice(number, STORED[number - 1]) for number in (3, 1, 4, 2)))
    return client


async def _get(client: httpx.AsyncClient, accept: str, url: str = VOLUME, **headers: str) -> httpx.Response:
    return await client.get(url, headers={"accept": accept, **headers})


async def test_a_series_is_an_array_of_hounsfield_units_in_patient_order(ct: httpx.AsyncClient) -> None:
    response = await ct.get(VOLUME)

    assert response.status_code == 200
    assert response.headers["content-type"] == NPY
    volume = np.load(BytesIO(response.content))
    assert volume.dtype == np.int16
    np.testing.assert_array_equal(volume, STORED.astype(int) - 1024)


@pytest.mark.parametrize("media_type", [NIFTI, "application/x-nifti", "image/x.nifti"])
async def test_a_series_is_a_nifti_file_that_lies_where_the_slices_lie(
    ct: httpx.AsyncClient, media_type: str
) -> None:
    response = await _get(ct, media_type)

    assert response.headers["content-type"] == media_type
    image = nibabel.Nifti1Image.from_stream(BytesIO(response.content))
    np.testing.assert_array_equal(np.asarray(image.dataobj), STORED.T.astype(int) - 1024)
    np.testing.assert_allclose(image.affine @ [1, 2, 3, 1], [10 - 0.8, 20 - 1.0, 10, 1], atol=1e-5)


async def test_gzip_is_a_compressed_nifti_file(ct: httpx.AsyncClient, tmp_path: Path) -> None:
    response = await _get(ct, GZIP)

    (tmp_path / "volume.nii.gz").write_bytes(response.content)
    image: Any = nibabel.loadsave.load(tmp_path / "volume.nii.gz")
    np.testing.assert_array_equal(np.asarray(image.dataobj), STORED.T.astype(int) - 1024)


async def test_the_header_fields_say_where_the_voxels_lie(ct: httpx.AsyncClient) -> None:
    headers = (await ct.get(VOLUME)).headers

    assert headers["x-volume-shape"] == "[4,6,5]"
    assert headers["x-volume-spacing"] == "[2.5,0.5,0.8]"
    assert headers["x-volume-affine"] == (
        "[[-0.8,0.0,0.0,10.0],[0.0,-0.5,0.0,20.0],[0.0,0.0,2.5,2.5],[0.0,0.0,0.0,1.0]]"
    )
    assert headers["x-volume-photometric-interpretation"] == '"MONOCHROME2"'
    assert headers["content-disposition"] == 'attachment; filename="1.1.1.npy"'


async def test_the_description_that_the_link_names_has_every_slice(ct: httpx.AsyncClient) -> None:
    link = (await ct.get(VOLUME)).headers["link"]

    description = (await ct.get(link.partition(">")[0].removeprefix("<"))).json()

    assert link.endswith('; rel="describedby"; type="application/json"')
    assert (description["shape"], description["type"]) == ([4, 6, 5], "int16")
    assert description["slices"][2] == {
        "SOPInstanceUID": "1.1.1.3",
        "InstanceNumber": 3,
        "frame": 1,
        "position": [-10, -20, 7.5],
    }


@pytest.mark.parametrize("accept", [NPY, NIFTI, GZIP, JSON])
async def test_what_the_client_has_is_not_sent_again(ct: httpx.AsyncClient, accept: str) -> None:
    etag = (await _get(ct, accept)).headers["etag"]

    again = await ct.get(VOLUME, headers={"accept": accept, "if-none-match": etag})

    assert again.status_code == 304
    assert not again.content


async def test_head_tells_the_length(ct: httpx.AsyncClient) -> None:
    length = len((await ct.get(VOLUME)).content)

    head = await ct.head(VOLUME)

    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(length), b"")


async def test_values_that_might_not_fit_are_float32(client: httpx.AsyncClient) -> None:
    await store(client, ct_slice(1, STORED[0]), ct_slice(2, STORED[1], RescaleSlope=0.5))

    volume = np.load(BytesIO((await client.get(VOLUME)).content))

    assert volume.dtype == np.float32
    np.testing.assert_array_equal(volume[0], STORED[0] - 1024.0)
    np.testing.assert_array_equal(volume[1], STORED[1] * 0.5 - 1024)


async def test_compressed_slices_are_decoded(client: httpx.AsyncClient) -> None:
    streams = [imagecodecs.jpegls_encode(frame) for frame in STORED]
    slices = [
        compressed(ct_slice(n, STORED[0]), JPEGLSLossless, stream) for n, stream in enumerate(streams, 1)
    ]
    await store(client, *slices)

    volume = np.load(BytesIO((await client.get(VOLUME)).content))

    np.testing.assert_array_equal(volume, STORED.astype(int) - 1024)


@pytest.mark.parametrize("url", [VOLUME, f"{SERIES}/instances/1.1.1.1/volume"])
async def test_frames_of_an_enhanced_instance_are_a_volume(client: httpx.AsyncClient, url: str) -> None:
    await store(client, enhanced_mr(STORED, [30, 10, 40, 20]))

    response = await client.get(url)

    volume = np.load(BytesIO(response.content))
    np.testing.assert_array_equal(volume[0], STORED[1] * 2)
    np.testing.assert_array_equal(volume[3], STORED[2] * 3)
    description = (await _get(client, JSON, url)).json()
    assert [slice_["frame"] for slice_ in description["slices"]] == [2, 4, 1, 3]
    assert response.headers["x-volume-spacing"] == "[10.0,0.5,0.5]"


async def test_an_irregular_series_is_a_conflict_that_names_the_slices(ct: httpx.AsyncClient) -> None:
    await store(ct, ct_slice(5, stored_values(8, 8)))

    response = await ct.get(VOLUME)

    assert response.status_code == 409
    assert response.json() == {
        "status": 409,
        "error": "IrregularVolume",
        "message": "1 of 5 slices do not fit into one volume: Rows, Columns",
        "disagreements": [
            {"SOPInstanceUID": "1.1.1.5", "InstanceNumber": 5, "frame": 1}
            | {"attribute": name, "found": 8, "expected": expected}
            for name, expected in (("Rows", 6), ("Columns", 5))
        ],
        "groups": [
            {"values": {"Rows": rows}, "slices": slices, "volume": True, "url": f"{VOLUME}?Rows={rows}"}
            for rows, slices in ((6, 4), (8, 1))
        ],
    }


async def test_what_differs_within_a_volume_stands_in_its_description(client: httpx.AsyncClient) -> None:
    types = [["ORIGINAL", "PRIMARY"], ["DERIVED", "PRIMARY"]]
    slices = [
        ct_slice(number, STORED[number], ImageType=types[number % 2], AcquisitionNumber=4)
        for number in (1, 2)
    ]
    await store(client, *slices)

    description = (await _get(client, JSON)).json()

    assert description["varying"] == {"Image Type": types[::-1]}


async def test_what_is_white_where_it_is_low_or_no_pixel_is_told(client: httpx.AsyncClient) -> None:
    told = {"PhotometricInterpretation": "MONOCHROME1", "PixelPaddingValue": 10, "PixelPaddingRangeLimit": 0}
    await store(client, ct_slice(1, STORED[0], **told))

    description = (await _get(client, JSON)).json()

    assert description["PhotometricInterpretation"] == "MONOCHROME1"
    assert description["padding"] == [[-1024, -1014]]
    np.testing.assert_array_equal(
        np.load(BytesIO((await client.get(VOLUME)).content))[0], STORED[0].astype(int) - 1024
    )


async def test_what_makes_several_volumes_of_a_series_is_named_with_its_values(
    client: httpx.AsyncClient,
) -> None:
    await store(client, *(ct_slice(number, STORED[number - 1], EchoTime=4.6) for number in (1, 2)))
    await store(client, ct_slice(3, STORED[2], EchoTime=9.2), ct_slice(4, STORED[3], EchoTime=9.2))

    response = await client.get(VOLUME)

    assert response.status_code == 409
    assert "Echo Time (4.6, 9.2)" in response.json()["message"]


async def test_a_mosaic_is_refused_with_its_reason(client: httpx.AsyncClient) -> None:
    await store(client, ct_slice(1, STORED[0], ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"]))

    response = await client.get(VOLUME)

    assert response.status_code == 409
    assert response.json()["disagreements"][0]["attribute"] == "Image Type"


async def test_an_instance_without_pixels_is_named(ct: httpx.AsyncClient) -> None:
    other = ct_slice(9, STORED[0])
    del other.PixelData
    await store(ct, other)

    response = await ct.get(VOLUME)

    assert response.status_code == 409
    (disagreement,) = response.json()["disagreements"]
    assert (disagreement["SOPInstanceUID"], disagreement["attribute"]) == ("1.1.1.9", "Pixel Data")


async def test_a_slice_that_cannot_be_decoded_is_an_error_and_no_half_of_a_volume(
    client: httpx.AsyncClient,
) -> None:
    await store(client, compressed(ct_slice(1, STORED[0]), JPEGLSLossless, b"\xff\xd8broken"))

    response = await client.get(VOLUME)

    assert response.status_code == 406


async def test_a_later_slice_of_another_size_than_it_says_is_an_error_before_the_first_byte(
    client: httpx.AsyncClient,
) -> None:
    more_than_go_out_at_once = np.zeros((2, 1024, 2048), np.uint16)
    streams = [
        imagecodecs.jpegls_encode(frame)
        for frame in (more_than_go_out_at_once[0], more_than_go_out_at_once[1, :3])
    ]
    slices = [
        compressed(ct_slice(number, more_than_go_out_at_once[0]), JPEGLSLossless, stream)
        for number, stream in enumerate(streams, 1)
    ]
    await store(client, *slices)

    response = await client.get(VOLUME)

    assert response.status_code == 406
    assert "3 rows" in response.json()["message"]


@pytest.mark.parametrize("accept", [NPY, NIFTI, GZIP])
@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
async def test_a_later_slice_whose_stream_ends_too_early_is_an_error_before_the_first_byte(
    client: httpx.AsyncClient, syntax: UID, accept: str
) -> None:
    more_than_go_out_at_once = stored_values(1024, 2048)
    frame = more_than_go_out_at_once
    whole = encoded_frame(frame) if syntax == RLELossless else bytes(imagecodecs.jpegls_encode(frame))
    streams = whole, whole, whole[: len(whole) // 2]
    slices = [
        compressed(ct_slice(number, more_than_go_out_at_once), syntax, stream)
        for number, stream in enumerate(streams, 1)
    ]
    await store(client, *slices)

    response = await _get(client, accept)

    assert response.status_code == 406


@pytest.mark.parametrize("path", ["studies/1.1/series/9", "studies/9/series/1.1.1"])
async def test_an_unknown_series_is_not_found(ct: httpx.AsyncClient, path: str) -> None:
    assert (await ct.get(f"{ROOT}/{path}/volume")).status_code == 404


async def test_what_is_on_offer_is_told_to_whom_nothing_suits(ct: httpx.AsyncClient) -> None:
    response = await _get(ct, "image/jpeg")

    assert response.status_code == 406
    assert {NPY, NIFTI, GZIP, JSON} <= set(response.json()["available"])
