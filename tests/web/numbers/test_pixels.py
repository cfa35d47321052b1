from io import BytesIO

import httpx
import imagecodecs
import numpy as np
import pytest
from pydicom.uid import UID, CTImageStorage, JPEG2000Lossless, RLELossless, SecondaryCaptureImageStorage

from service.pixels.arrays import Values
from service.pixels.codecs.rle import encoded_frame
from tests.web.series import SERIES, compressed, ct_slice, enhanced_mr, image, store, stored_values

INSTANCE = f"{SERIES}/instances/1.1.1.1"
STORED = stored_values(3, 6, 5)


async def _array(client: httpx.AsyncClient, path: str) -> Values:
    response = await client.get(f"{INSTANCE}/{path}")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/x-npy"
    assert int(response.headers["content-length"]) == len(response.content)
    array: Values = np.load(BytesIO(response.content))
    return array


@pytest.mark.parametrize("path", ["pixels", "frames/1/pixels"])
async def test_a_frame_is_an_array_of_its_modality_values(client: httpx.AsyncClient, path: str) -> None:
    await store(client, ct_slice(1, STORED[0]))

    array = await _array(client, path)

    assert array.dtype == np.int16
    np.testing.assert_array_equal(array, STORED[0].astype(int) - 1024)


@pytest.mark.parametrize(
    ("path", "numbers"), [("pixels", [1, 2, 3]), ("frames/3,1/pixels", [3, 1]), ("frames/2/pixels", [2])]
)
async def test_frames_are_the_first_axis_each_with_its_own_rescale(
    client: httpx.AsyncClient, path: str, numbers: list[int]
) -> None:
    await store(client, enhanced_mr(STORED, [0, 1, 2]))

    array = await _array(client, path)

    np.testing.assert_array_equal(array, np.squeeze([STORED[number - 1] * number for number in numbers]))


async def test_a_frame_by_itself_is_the_same_as_within_a_large_array(client: httpx.AsyncClient) -> None:
    stored = stored_values(3, 1000, 900)  # together they are more than is made in one piece
    await store(client, enhanced_mr(stored, [0, 1, 2]))

    whole = await _array(client, "pixels")

    for number in (1, 2, 3, 2):
        array = await _array(client, f"frames/{number}/pixels")
        np.testing.assert_array_equal(array, whole[number - 1])


@pytest.mark.parametrize("paths", [("part", "part", "whole"), ("whole", "part", "whole")])
async def test_a_crop_has_the_type_of_its_frame_whichever_comes_first(
    client: httpx.AsyncClient, paths: tuple[str, ...]
) -> None:
    stored = STORED[0].astype(np.uint16)
    stored[0, 0] = 60000  # no int16, and not in the crop
    await store(client, ct_slice(1, stored, BitsStored=16, HighBit=15))

    for path in paths:
        array = await _array(client, f"pixels{'?region=1,2,4,5' if path == 'part' else ''}")

        assert array.dtype == np.float32
        expected = stored[2:5, 1:4] if path == "part" else stored
        np.testing.assert_array_equal(array, expected - 1024.0)


@pytest.mark.parametrize(
    ("slope", "intercept"), [(1, 0), (1, -1024), (-2, 5)], ids=["as stored", "shifted", "turned"]
)
@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize(("bits", "high"), [(12, 11), (12, 13), (16, 15), (10, 15)])
async def test_no_answer_leaves_anything_behind_in_the_next_one(
    client: httpx.AsyncClient, bits: int, high: int, signed: int, slope: int, intercept: int
) -> None:
    cells = np.random.default_rng(7).integers(0, 2**16, (16, 15)).astype("<u2")
    low_bits = (cells.astype(int) >> (high - bits + 1)) % 2**bits
    stored = np.where(low_bits >> (bits - 1) & signed, low_bits - 2**bits, low_bits)
    modality = stored * slope + intercept
    described = {"BitsStored": bits, "HighBit": high, "PixelRepresentation": signed}
    await store(client, ct_slice(1, cells, RescaleSlope=slope, RescaleIntercept=intercept, **described))
    asked = {
        "pixels": modality,
        "pixels?values=stored": stored,
        "pixels?dtype=float32": modality,
        "pixels?region=2,3,9,12": modality[3:12, 2:9],
        "pixels?values=stored&region=2,3,9,12": stored[3:12, 2:9],
        "pixels?values=stored&dtype=int32": stored,
    }

    answers = [(await _array(client, path), asked[path]) for path in [*asked, *reversed(asked), *asked]]

    for array, expected in answers:
        np.testing.assert_array_equal(array, expected)
    assert answers[1][0].dtype == ("int16" if signed else "uint16")


async def test_half_a_frame_in_twice_the_bytes_is_not_mixed_up_with_what_it_is_made_of(
    client: httpx.AsyncClient,
) -> None:
    stored = STORED[0].astype(np.uint16) + 60000
    await store(client, ct_slice(1, stored, BitsStored=16, HighBit=15, RescaleIntercept=0))

    array = await _array(client, "pixels?region=0,3,5,6")

    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, stored[3:])


async def test_a_series_is_a_stack_by_instance_number_wherever_its_frames_lie(
    client: httpx.AsyncClient,
) -> None:
    place = {"ImagePositionPatient": [0, 0, 0]}
    await store(client, *(ct_slice(number, STORED[number - 1], **place) for number in (3, 1, 2)))

    response = await client.get(f"{SERIES}/pixels")

    np.testing.assert_array_equal(np.load(BytesIO(response.content)), STORED.astype(int) - 1024)


async def test_a_series_of_one_frame_has_a_first_axis_too(client: httpx.AsyncClient) -> None:
    await store(client, ct_slice(1, STORED[0]))

    stack, frame = [await client.get(f"{path}/pixels") for path in (SERIES, INSTANCE)]

    assert np.load(BytesIO(stack.content)).shape == (1, 6, 5)
    assert stack.headers["etag"] != frame.headers["etag"]


async def test_frames_of_several_sizes_are_no_array(client: httpx.AsyncClient) -> None:
    await store(client, ct_slice(1, STORED[0]), ct_slice(2, STORED[1, :4]))

    response = await client.get(f"{SERIES}/pixels")

    assert response.status_code == 409
    assert "6 rows and 5 columns and 4 rows and 5 columns" in response.text


async def test_colour_comes_as_red_green_and_blue(client: httpx.AsyncClient) -> None:
    colours = stored_values(4, 6, 3).astype(np.uint8)
    attributes = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
    bits = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "Rows": 4, "Columns": 6}
    uids = {"SOPClassUID": SecondaryCaptureImageStorage, "SOPInstanceUID": "1.1.1.1"}
    await store(client, image(colours, **uids, **attributes, **bits))

    array = await _array(client, "pixels")

    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, colours)


async def test_what_the_client_has_is_not_sent_again(client: httpx.AsyncClient) -> None:
    await store(client, ct_slice(1, STORED[0]))
    url = f"{INSTANCE}/frames/1/pixels"
    etag = (await client.get(url)).headers["etag"]

    assert (await client.get(url, headers={"if-none-match": etag})).status_code == 304


@pytest.mark.parametrize(("frames", "status"), [("2", 404), ("0", 400), ("one", 400)])
async def test_frames_that_are_not_there_are_refused(
    client: httpx.AsyncClient, frames: str, status: int
) -> None:
    await store(client, ct_slice(1, STORED[0]))

    assert (await client.get(f"{INSTANCE}/frames/{frames}/pixels")).status_code == status


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
async def test_a_later_frame_whose_stream_ends_too_early_is_an_error_before_the_first_byte(
    client: httpx.AsyncClient, syntax: UID
) -> None:
    frame = stored_values(1024, 2048)
    whole = encoded_frame(frame) if syntax == RLELossless else bytes(imagecodecs.jpeg2k_encode(frame))
    more_than_go_out_at_once = image(frame, SOPClassUID=CTImageStorage, SOPInstanceUID="1.1.1.1")
    more_than_go_out_at_once.NumberOfFrames = 3
    more_than_go_out_at_once.RescaleSlope, more_than_go_out_at_once.RescaleIntercept = 1, 0
    await store(client, compressed(more_than_go_out_at_once, syntax, whole, whole, whole[:200]))

    assert (await client.get(f"{INSTANCE}/pixels")).status_code == 406
    assert (await client.get(f"{INSTANCE}/frames/1,2/pixels")).status_code == 200


@pytest.mark.parametrize(
    ("photometric_interpretation", "message"),
    [("HSV", "HSV: expected one of"), ("PALETTE COLOR", "palette")],
)
async def test_a_frame_that_cannot_become_numbers_is_an_error_with_its_reason(
    client: httpx.AsyncClient, photometric_interpretation: str, message: str
) -> None:
    colours = image(STORED[0], SOPClassUID=SecondaryCaptureImageStorage, SOPInstanceUID="1.1.1.1")
    colours.PhotometricInterpretation = photometric_interpretation
    await store(client, colours)

    response = await client.get(f"{INSTANCE}/pixels")

    assert (response.status_code, message in response.json()["message"]) == (406, True)


@pytest.mark.parametrize("path", ["pixels", "statistics", "volume"])
async def test_more_frames_than_anybody_waits_for_are_refused(client: httpx.AsyncClient, path: str) -> None:
    number = 2**16 + 2
    frames = image(np.zeros((number, 1, 1), np.uint8), SOPClassUID=CTImageStorage, SOPInstanceUID="1.1.1.1")
    frames.NumberOfFrames = number
    frames.BitsAllocated = frames.BitsStored = 8
    frames.HighBit = 7
    await store(client, frames)

    response = await client.get(f"{INSTANCE}/{path}")

    assert (response.status_code, f"{number} frames" in response.json()["message"]) == (413, True)


@pytest.mark.parametrize("path", ["pixels", "statistics"])
async def test_more_compressed_frames_than_anybody_waits_for_are_refused(
    client: httpx.AsyncClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.imaging.numbers.numeric_frames.MAX_DECODED_BYTES", 1000)
    frame = stored_values(16, 16)
    dataset = image(frame, SOPClassUID=CTImageStorage, SOPInstanceUID="1.1.1.1")
    dataset.NumberOfFrames = 2
    await store(client, compressed(dataset, RLELossless, encoded_frame(frame), encoded_frame(frame)))

    response = await client.get(f"{INSTANCE}/{path}")

    assert (response.status_code, "1024 bytes" in response.json()["message"]) == (413, True)
    assert (await client.get(f"{INSTANCE}/frames/1/{path}")).status_code == 200


async def test_an_instance_without_pixels_has_none(client: httpx.AsyncClient) -> None:
    without = ct_slice(1, STORED[0])
    del without.PixelData
    await store(client, without)

    assert (await client.get(f"{INSTANCE}/pixels")).status_code == 406
