"""Segmentations as label volumes, compared with highdicom."""

import json
from gzip import decompress
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import highdicom.seg
import httpx
import nibabel
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from service.pixels.arrays import Values
from tests.builders import part10
from tests.segmentations import COLUMNS, ROWS, blocks, ct_series, segmentation
from tests.web.series import ROOT, ct_slice, enhanced_mr, item, store

STUDY = f"{ROOT}/studies/1.1"
VOLUME, IMAGES = f"{STUDY}/series/1.1.2/volume", f"{STUDY}/series/1.1.1/volume"
LABELS = blocks(6, 3)


async def _array(client: httpx.AsyncClient, url: str) -> Values:
    response = await client.get(url)
    assert response.status_code == 200, response.text
    array: Values = np.load(BytesIO(response.content))
    return array


async def _told(client: httpx.AsyncClient, url: str) -> Any:
    response = await client.get(url, headers={"accept": "application/json"})
    assert response.status_code == 200, response.text
    return response.json()


async def _refusal(client: httpx.AsyncClient, url: str, status: int = 409) -> Any:
    response = await client.get(url)
    assert response.status_code == status, response.text
    return response.json()


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
async def test_a_segmentation_is_a_label_volume_on_the_grid_of_its_series(
    client: httpx.AsyncClient, kind: str
) -> None:
    images = ct_series(6)
    await store(client, *images, segmentation(images, LABELS, kind))

    labels = await _array(client, VOLUME)

    assert labels.dtype == np.uint8
    np.testing.assert_array_equal(labels, LABELS)
    mask, series = await _told(client, VOLUME), await _told(client, IMAGES)
    assert mask["affine"] == series["affine"]
    assert mask["slices"] == series["slices"]
    assert mask["grid"] == {"of": "1.1.1", "reason": None}


async def test_nifti_lies_where_the_images_lie(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    await store(client, *images, segmentation(images, LABELS))

    mask, image = [
        nibabel.Nifti1Image.from_stream(
            BytesIO((await client.get(url, headers={"accept": "application/x-nifti"})).content)
        )
        for url in (VOLUME, IMAGES)
    ]

    np.testing.assert_array_equal(np.asarray(mask.dataobj), LABELS.T)
    np.testing.assert_array_equal(mask.affine, image.affine)


async def test_the_description_names_segments_with_their_codes_and_colours(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    await store(client, *images, segmentation(images, LABELS))

    liver, spleen, _ = (await _told(client, VOLUME))["segments"]

    assert (liver["number"], liver["label"]) == (1, "Liver")
    assert liver["type"] == {"value": "10200004", "scheme": "SCT", "meaning": "Liver"}
    assert liver["algorithm"] == "AUTOMATIC"
    assert spleen["rgb"] == [20, 200, 30]


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
async def test_without_its_series_a_segmentation_lies_on_the_grid_of_its_frames(
    client: httpx.AsyncClient, kind: str
) -> None:
    images = ct_series(6)
    labels = LABELS.copy()
    labels[2] = 0
    made = segmentation(images, labels, kind)
    await store(client, made)

    volume = highdicom.seg.Segmentation.from_dataset(made).get_volume(
        combine_segments=True, allow_missing_positions=True
    )
    array, told = await _array(client, VOLUME), await _told(client, VOLUME)

    expected = volume.array if volume.affine[2, 2] > 0 else volume.array[::-1]
    np.testing.assert_array_equal(array, expected)
    origin = np.array(told["affine"])[:3, 3] * [-1, -1, 1]
    corners = [volume.affine[:3, 3], volume.affine[:3] @ [volume.shape[0] - 1, 0, 0, 1]]
    np.testing.assert_allclose(origin, min(corners, key=lambda corner: corner[2]), atol=1e-6)
    assert told["grid"]["of"] == "frames"
    assert "not in this study" in told["grid"]["reason"]
    if kind == "BINARY":
        assert None in [slice_["SOPInstanceUID"] for slice_ in told["slices"]]


async def test_overlapping_segments_are_refused_with_urls_that_work(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    layers = np.stack([LABELS == 1, (LABELS == 1) | (LABELS == 2)], axis=-1).astype(np.uint8)
    await store(client, *images, segmentation(images, layers))

    refusal = await _refusal(client, VOLUME)

    assert "segments 1 and 2 share voxels" in refusal["message"]
    first, second, layered = [await _array(client, group["url"]) for group in refusal["groups"]]
    np.testing.assert_array_equal(first, layers[..., 0])
    np.testing.assert_array_equal(second, layers[..., 1] * 2)
    np.testing.assert_array_equal(layered, np.moveaxis(layers, -1, 0))
    told = await _told(client, refusal["groups"][-1]["url"])
    assert told["along"] == {
        "attributes": ["ReferencedSegmentNumber"],
        "units": [None],
        "values": [[1], [2]],
    }


async def test_some_segments_are_chosen_by_number_or_label(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    await store(client, *images, segmentation(images, LABELS))

    np.testing.assert_array_equal(await _array(client, f"{VOLUME}?segment=2"), np.where(LABELS == 2, 2, 0))
    np.testing.assert_array_equal(
        await _array(client, f"{VOLUME}?segment=1,3"), np.where(np.isin(LABELS, [1, 3]), LABELS, 0)
    )
    np.testing.assert_array_equal(
        await _array(client, f"{VOLUME}?segment=Left%20kidney"), np.where(LABELS == 3, 3, 0)
    )
    assert "no segment 4" in (await _refusal(client, f"{VOLUME}?segment=4", 404))["message"]


async def test_fractions_come_as_float_one_segment_at_a_time_or_in_layers(client: httpx.AsyncClient) -> None:
    images = ct_series(3)
    fractions = np.random.default_rng(3).random((3, ROWS, COLUMNS, 2))
    await store(client, *images, segmentation(images, fractions, "FRACTIONAL", max_fractional_value=200))

    refusal = await _refusal(client, VOLUME)
    layers = await _array(client, refusal["groups"][-1]["url"])
    second = await _array(client, refusal["groups"][1]["url"])

    assert layers.dtype == np.float32
    np.testing.assert_allclose(layers, np.moveaxis(fractions, -1, 0), atol=0.5 / 200 + 1e-6)
    np.testing.assert_array_equal(second, layers[1])


async def test_a_part_of_a_label_volume_has_its_type_and_place(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    await store(client, *images, segmentation(images, LABELS))
    query = "slices=2-4&region=1,2,8,6&dtype=int16"

    part = await _array(client, f"{VOLUME}?{query}")

    assert part.dtype == np.int16
    np.testing.assert_array_equal(part, LABELS[1:4, 2:6, 1:8])
    affines = [(await _told(client, f"{url}?{query}"))["affine"] for url in (VOLUME, IMAGES)]
    assert affines[0] == affines[1]


async def test_a_range_is_made_of_the_slices_that_it_lies_in(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    await store(client, *images, segmentation(images, LABELS))
    url = f"{VOLUME}?layers=all"
    whole = (await client.get(url)).content

    response = await client.get(url, headers={"range": "bytes=300-900"})

    assert response.status_code == 206
    assert response.content == whole[300:901]


async def test_compressed_segments_are_the_same(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    await store(client, *images, segmentation(images, LABELS, "LABELMAP", transfer_syntax_uid=RLELossless))

    np.testing.assert_array_equal(await _array(client, VOLUME), LABELS)


async def test_frames_of_a_cropped_and_mirrored_image_come_into_their_place(
    client: httpx.AsyncClient,
) -> None:
    images = ct_series(6)
    mirrored = ct_series(4, ROWS - 2, COLUMNS - 1)
    for image in mirrored:
        x, y, z = image.ImagePositionPatient
        image.ImagePositionPatient = [float(x) + 0.8 * (COLUMNS - 2), float(y) + 0.5, z]
        image.ImageOrientationPatient = [-1, 0, 0, 0, 1, 0]
    labels = np.random.default_rng(1).integers(0, 3, (4, ROWS - 2, COLUMNS - 1), np.uint8)
    await store(client, *images, segmentation(mirrored, labels))

    array = await _array(client, VOLUME)

    expected = np.zeros((6, ROWS, COLUMNS), np.uint8)
    expected[:4, 1:-1, :-1] = labels[:, :, ::-1]
    np.testing.assert_array_equal(array, expected)


async def test_frames_beside_the_grid_are_refused_and_to_be_had_on_their_own(
    client: httpx.AsyncClient,
) -> None:
    images, elsewhere = ct_series(6), ct_series(6, PixelSpacing=[0.6, 0.8])
    await store(client, *images, segmentation(elsewhere, LABELS))

    refusal = await _refusal(client, VOLUME)

    assert "their voxels are not those of the grid" in refusal["message"]
    own, sampled = [await _array(client, group["url"]) for group in refusal["groups"]]
    np.testing.assert_array_equal(own, LABELS[1:5])
    rows = np.floor(np.arange(ROWS) * 0.5 / 0.6 + 0.5 + 1e-6).astype(int)
    np.testing.assert_array_equal(sampled, LABELS[:, rows])
    told = await _told(client, refusal["groups"][1]["url"])
    assert told["grid"] == {"of": "1.1.1", "reason": None, "sampling": "nearest"}


async def test_labels_come_on_the_grid_of_a_series_in_another_direction(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    sagittal = [
        ct_slice(
            number,
            np.zeros((6, ROWS), np.uint16),
            SeriesInstanceUID="1.1.3",
            SOPInstanceUID=f"1.1.3.{number}",
            ImagePositionPatient=[-10 + 0.8 * number, -20, 15],
            ImageOrientationPatient=[0, 1, 0, 0, 0, -1],
            PixelSpacing=[2.5, 0.5],
        )
        for number in range(COLUMNS)
    ]
    await store(client, *images, *sagittal, segmentation(images, LABELS))

    array = await _array(client, f"{VOLUME}?on=1.1.3")

    by_x = LABELS[::-1].transpose(2, 0, 1)  # column, slice from the head down, row
    affine = np.array((await _told(client, f"{VOLUME}?on=1.1.3"))["affine"])
    np.testing.assert_array_equal(array, by_x if affine[0, 2] < 0 else by_x[::-1])


async def test_another_frame_of_reference_is_another_place(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    made = segmentation(images, LABELS)
    made.FrameOfReferenceUID = "1.10"
    await store(client, *images, made)

    assert "Frame of Reference" in (await _told(client, VOLUME))["grid"]["reason"]
    assert "Frame of Reference" in (await _refusal(client, f"{VOLUME}?on=1.1.1"))["message"]


async def test_several_segmentations_of_a_series_are_to_be_had_one_by_one(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    await store(client, *images, segmentation(images, LABELS), segmentation(images, LABELS % 3, number=2))

    groups = (await _refusal(client, VOLUME))["groups"]

    np.testing.assert_array_equal(await _array(client, groups[1]["url"]), LABELS % 3)


async def test_a_label_volume_changes_its_tag_when_its_series_comes(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    await store(client, segmentation(images, LABELS))
    before = (await client.get(VOLUME)).headers["etag"]
    assert (await client.get(VOLUME, headers={"if-none-match": before})).status_code == 304

    await store(client, *images)

    after = await client.get(VOLUME, headers={"if-none-match": before})
    assert after.status_code == 200
    assert np.load(BytesIO(after.content)).shape == LABELS.shape


async def test_a_segment_twice_in_a_place_is_refused(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    made = segmentation(images, LABELS)
    first, second = made.PerFrameFunctionalGroupsSequence[:2]
    second.PlanePositionSequence = first.PlanePositionSequence
    await store(client, *images, made)

    assert "2 frames of segment 1 in slice" in (await _refusal(client, VOLUME))["message"]


async def test_values_of_no_segment_are_refused(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    made = segmentation(images, LABELS, "LABELMAP")
    made.SegmentSequence = [each for each in made.SegmentSequence if each.SegmentNumber != 2]
    await store(client, *images, made)

    assert "has the value 2: expected numbers of segments" in (await _refusal(client, VOLUME))["message"]


async def test_pixels_that_are_no_labels_are_refused(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    large = segmentation(images, LABELS, "LABELMAP", number=1)
    large.PixelData = (large.pixel_array.astype(np.uint32) + 70000).tobytes()
    large.BitsAllocated, large.BitsStored, large.HighBit = 32, 32, 31
    negative = segmentation(images, 0.5 * (LABELS > 0), "FRACTIONAL", number=2)
    negative.PixelRepresentation = 1  # its values of 128 are -128 so
    coloured = segmentation(images, LABELS, "LABELMAP", number=3)
    coloured.SamplesPerPixel, coloured.PhotometricInterpretation = 3, "RGB"
    coloured.PlanarConfiguration, coloured.PixelData = 0, 3 * coloured.PixelData
    await store(client, *images, large, negative, coloured)

    messages = [
        (await _refusal(client, f"{STUDY}/series/1.1.2/instances/1.1.2.{number}/volume"))["message"]
        for number in (1, 2, 3)
    ]

    assert "has the value 7000" in messages[0]
    assert "has values from -128 to 0: expected 0 to Maximum Fractional Value, 255" in messages[1]
    assert messages[2] == "Samples per Pixel 3: expected 1 in a segmentation"


async def test_a_segmentation_that_is_cut_short_is_refused(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    made = segmentation(images, LABELS)
    made.PixelData, file = made.PixelData[:-4], BytesIO()
    made.save_as(file, enforce_file_format=True)
    await store(client, *images)

    headers = {"content-type": "application/dicom"}
    response = await client.post(f"{ROOT}/studies", content=file.getvalue(), headers=headers)

    assert response.status_code == 202
    assert f"expected {made.NumberOfFrames}, which Number of" in (await _refusal(client, VOLUME))["message"]


@pytest.mark.parametrize("query", ["size=4,4", "window=bone", "layers=some", "on=x", "tolerance=-1"])
async def test_what_makes_no_sense_for_labels_is_refused(client: httpx.AsyncClient, query: str) -> None:
    images = ct_series(6)
    await store(client, *images, segmentation(images, LABELS))

    await _refusal(client, f"{VOLUME}?{query}", 400)


async def test_parameters_of_masks_are_refused_for_images(client: httpx.AsyncClient) -> None:
    await store(client, *ct_series(2))

    assert "expected a segmentation" in (await _refusal(client, f"{IMAGES}?segment=1", 400))["message"]


async def test_frames_can_be_had_as_they_are(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    await store(client, *images, segmentation(images, LABELS))

    frames = await _array(client, f"{VOLUME}?ReferencedSegmentNumber=1")

    np.testing.assert_array_equal(frames, LABELS[1:5] == 1)


async def test_slides_have_no_place_in_a_patient(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    made = segmentation(images, LABELS)
    for group in made.PerFrameFunctionalGroupsSequence:
        del group.PlanePositionSequence
        group.PlanePositionSlideSequence = [item(ColumnPositionInTotalImagePixelMatrix=1)]
    await store(client, made)

    assert "Image Position (Patient)" in (await _refusal(client, VOLUME))["message"]


async def test_a_localizer_in_the_series_is_left_out_of_the_grid(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    localizer = ct_series(1, SOPInstanceUID="1.1.1.99", ImageOrientationPatient=[0, 1, 0, 0, 0, -1])
    await store(client, *images, *localizer, segmentation(images, LABELS))

    np.testing.assert_array_equal(await _array(client, VOLUME), LABELS)
    assert (await _told(client, VOLUME))["grid"]["of"] == "1.1.1"


async def test_frames_lie_on_slices_that_are_themselves_beside_the_lattice(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    x, y, z = images[3].ImagePositionPatient
    images[3].ImagePositionPatient = [x, y, float(z) + 0.6]
    await store(client, *images, segmentation(images, LABELS))

    labels = await _array(client, f"{VOLUME}?tolerance=0.7")

    np.testing.assert_array_equal(labels, LABELS)
    tilted = (await _told(client, f"{IMAGES}?tolerance=0.7"))["affine"]
    assert (await _told(client, f"{VOLUME}?tolerance=0.7"))["affine"] == tilted


async def test_a_tilted_gantry_is_no_obstacle(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    for number, image in enumerate(images):
        x, y, z = image.ImagePositionPatient
        image.ImagePositionPatient = [x, float(y) + 0.7 * number, z]
    await store(client, *images, segmentation(images, LABELS))

    np.testing.assert_array_equal(await _array(client, VOLUME), LABELS)
    np.testing.assert_array_equal(await _array(client, f"{VOLUME}?on=frames"), LABELS[1:5])


async def test_binary_segments_may_have_a_byte_for_each_pixel(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    made = segmentation(images, (LABELS == 1).astype(np.uint8))
    pixels = made.pixel_array
    made.BitsAllocated, made.BitsStored, made.HighBit = 8, 8, 7
    made.PixelData = pixels.astype(np.uint8).tobytes() + bytes(pixels.size % 2)
    await store(client, *images, made)

    np.testing.assert_array_equal(await _array(client, VOLUME), LABELS == 1)


async def test_segments_of_an_enhanced_image_lie_on_its_frames(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    made = segmentation(images, LABELS)
    positions = [float(image.ImagePositionPatient[2]) for image in images]
    enhanced = enhanced_mr(np.zeros((6, ROWS, COLUMNS), np.uint16), positions)
    enhanced.FrameOfReferenceUID = "1.9"
    shared = enhanced.SharedFunctionalGroupsSequence[0]
    shared.PixelMeasuresSequence[0].PixelSpacing = [0.5, 0.8]
    for group, image in zip(enhanced.PerFrameFunctionalGroupsSequence, images, strict=True):
        group.PlanePositionSequence[0].ImagePositionPatient = image.ImagePositionPatient
    await store(client, enhanced, made)

    np.testing.assert_array_equal(await _array(client, VOLUME), LABELS)
    assert [slice_["frame"] for slice_ in (await _told(client, VOLUME))["slices"]] == [1, 2, 3, 4, 5, 6]


async def test_a_segment_that_stands_for_the_background_is_none(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    made = segmentation(images, LABELS, "LABELMAP")
    pixels = made.pixel_array
    made.SegmentSequence = [each for each in made.SegmentSequence if each.SegmentNumber]
    made.SegmentSequence[2].SegmentLabel = "Background"
    made.PixelPaddingValue = 3
    made.PixelData = np.where(pixels == 0, 3, pixels % 3).astype(np.uint8).tobytes() + bytes(pixels.size % 2)
    await store(client, *images, made)

    np.testing.assert_array_equal(await _array(client, VOLUME), LABELS % 3)
    assert [each["label"] for each in (await _told(client, VOLUME))["segments"]] == ["Liver", "Spleen"]
    await _refusal(client, f"{VOLUME}?segment=3", 404)


async def test_a_part_of_a_segmentation_is_not_taken_for_all_of_it(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    part, cut = segmentation(images, LABELS), segmentation(images, LABELS, number=2)
    part.ConcatenationUID, part.InConcatenationNumber, part.InConcatenationTotalNumber = "1.7", 1, 2
    cut.NumberOfFrames = cut.NumberOfFrames + 1
    await store(client, *images, part)
    file = BytesIO()
    cut.save_as(file)
    await client.post(
        f"{ROOT}/studies", content=file.getvalue(), headers={"content-type": "application/dicom"}
    )

    messages = [
        (await _refusal(client, group["url"]))["message"]
        for group in (await _refusal(client, VOLUME))["groups"]
    ]

    assert "part 1 of 2 of a concatenation" in messages[0]
    assert "which Number of Frames says" in messages[1]


async def test_a_label_volume_is_had_in_every_form(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    await store(client, *images, segmentation(images, LABELS))
    files = [
        (await client.get(f"{VOLUME}?layers=all", headers={"accept": media_type})).content
        for media_type in ("application/x-nifti", "application/gzip", "application/zip")
    ]

    with ZipFile(BytesIO(files[2])) as folder:
        zipped = folder.read("1.1.2.nii")
        assert json.loads(folder.read("1.1.2.json"))["segments"][0]["label"] == "Liver"
    assert files[0] == zipped == decompress(files[1])
    volume = np.asarray(nibabel.Nifti1Image.from_stream(BytesIO(zipped)).dataobj)
    np.testing.assert_array_equal(volume.T, [number == LABELS for number in (1, 2, 3)])


async def test_frames_name_the_series_where_the_segmentation_does_not(client: httpx.AsyncClient) -> None:
    images = ct_series(6)
    made = segmentation(images, LABELS)
    del made.ReferencedSeriesSequence
    await store(client, *images, made)

    np.testing.assert_array_equal(await _array(client, VOLUME), LABELS)
    assert (await _told(client, VOLUME))["grid"]["of"] == "1.1.1"


NATIVE = DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian


@pytest.mark.parametrize("syntax", NATIVE)
async def test_labels_are_the_same_in_every_native_syntax(client: httpx.AsyncClient, syntax: UID) -> None:
    images = ct_series(6)
    made = Dataset()
    made.update(segmentation(images, LABELS))
    await store(client, *images)
    headers = {"content-type": "application/dicom"}
    response = await client.post(f"{ROOT}/studies", content=part10(made, syntax), headers=headers)
    assert response.status_code == 200, response.text

    np.testing.assert_array_equal(await _array(client, VOLUME), LABELS)
