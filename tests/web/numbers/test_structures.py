"""RT Structure Sets as label volumes, compared with looking at every voxel by itself."""

from io import BytesIO
from typing import Any

import httpx
import numpy as np
import pytest
from pydicom.dataset import Dataset

from service.pixels.arrays import Values
from tests.segmentations import COLUMNS, ROWS, ct_series
from tests.structure_sets import Polygon, contour, inside, structure_set
from tests.web.series import ROOT, item, store

VOLUME, IMAGES = f"{ROOT}/studies/1.1/series/1.1.4/volume", f"{ROOT}/studies/1.1/series/1.1.1/volume"
SHAPE = ROWS, COLUMNS
OUTER: Polygon = [(0.5, 0.5), (5.3, 0.7), (6.4, 5.6), (1.1, 5.2)]
INNER: Polygon = [(2, 2), (4, 2), (4, 4), (2, 4)]
OTHER: Polygon = [(6.6, 1), (8, 1), (8, 6), (6.9, 6)]


async def _array(client: httpx.AsyncClient, url: str = VOLUME) -> Values:
    response = await client.get(url)
    assert response.status_code == 200, response.text
    array: Values = np.load(BytesIO(response.content))
    return array


async def _told(client: httpx.AsyncClient, url: str = VOLUME) -> Any:
    response = await client.get(url, headers={"accept": "application/json"})
    assert response.status_code == 200, response.text
    return response.json()


async def _refusal(client: httpx.AsyncClient, url: str = VOLUME, status: int = 409) -> Any:
    response = await client.get(url)
    assert response.status_code == status, response.text
    return response.json()


def _volume(slices: dict[int, Values]) -> Values:
    volume = np.zeros((4, *SHAPE), np.uint8)
    for number, image in slices.items():
        volume[number - 1] = image
    return volume


async def test_regions_are_labels_on_the_grid_of_the_series(client: httpx.AsyncClient) -> None:
    regions = {"Liver": [contour(OUTER, 2), contour(OUTER, 4)], "Spleen": [contour(OTHER, 2)]}
    await store(client, *ct_series(4), structure_set(regions))

    labels, told = await _array(client), await _told(client)

    both = inside([OUTER], SHAPE) + 2 * inside([OTHER], SHAPE).astype(int)
    np.testing.assert_array_equal(labels, _volume({2: both, 4: inside([OUTER], SHAPE)}))
    series = await _told(client, IMAGES)
    assert (told["affine"], told["slices"]) == (series["affine"], series["slices"])
    liver, spleen = told["segments"]
    assert (liver["number"], liver["label"], liver["interpreted"]) == (1, "Liver", "ORGAN")
    assert (liver["rgb"], liver["contours"]) == ([255, 10, 0], {"CLOSED_PLANAR": 2})
    assert (liver["slices"], liver["without"]) == ([2, 4], 1)
    assert (spleen["slices"], spleen["without"]) == ([2, 2], 0)
    assert "center" in told["rule"]


KEYHOLE: Polygon = [OUTER[0], *OUTER[1:], OUTER[0], *reversed(INNER), INNER[-1]]


@pytest.mark.parametrize(
    "contours",
    [
        pytest.param(
            [contour(OUTER, 2, "CLOSEDPLANAR_XOR"), contour(INNER, 2, "CLOSEDPLANAR_XOR")], id="exclusive"
        ),
        pytest.param([contour(OUTER, 2), contour(INNER, 2)], id="one within another"),
        pytest.param([contour(KEYHOLE, 2)], id="a keyhole"),
    ],
)
async def test_holes_are_left_out_however_they_are_written(
    client: httpx.AsyncClient, contours: list[Dataset]
) -> None:
    await store(client, *ct_series(4), structure_set({"Ring": contours}))

    labels = await _array(client)

    np.testing.assert_array_equal(labels, _volume({2: inside([OUTER, INNER], SHAPE)}))
    assert labels[1, 3, 3] == 0
    assert labels[1, 2, 2] == 1  # on the inner contour


async def test_exclusive_contours_may_share_a_part(client: httpx.AsyncClient) -> None:
    shifted = [(x + 2, y) for x, y in OUTER]
    contours = [contour(each, 3, "CLOSEDPLANAR_XOR") for each in (OUTER, shifted, INNER)]
    await store(client, *ct_series(4), structure_set({"Parts": contours}))

    expected = inside([OUTER, shifted, INNER], SHAPE)
    np.testing.assert_array_equal(await _array(client), _volume({3: expected}))


async def test_overlapping_regions_are_refused_with_urls_that_work(client: httpx.AsyncClient) -> None:
    regions = {"Body": [contour(OUTER, 2)], "Core": [contour(INNER, 2)]}
    await store(client, *ct_series(4), structure_set(regions))

    refusal = await _refusal(client)

    assert "ROI 1 and ROI 2 share voxels" in refusal["message"]
    body, core, layers = [await _array(client, group["url"]) for group in refusal["groups"]]
    np.testing.assert_array_equal(body, _volume({2: inside([OUTER], SHAPE)}))
    np.testing.assert_array_equal(core, 2 * _volume({2: inside([INNER], SHAPE)}))
    np.testing.assert_array_equal(layers, [body, core // 2])
    np.testing.assert_array_equal(await _array(client, f"{VOLUME}?roi=Core"), core)
    part = await _array(client, f"{VOLUME}?roi=2&slices=2-3&region=1,1,5,6&dtype=float32")
    np.testing.assert_array_equal(part, core[1:3, 1:6, 1:5])


async def test_a_range_is_made_of_the_slices_that_it_lies_in(client: httpx.AsyncClient) -> None:
    await store(
        client, *ct_series(4), structure_set({"Body": [contour(OUTER, 2)], "Core": [contour(INNER, 3)]})
    )
    whole = (await client.get(f"{VOLUME}?layers=all")).content

    response = await client.get(f"{VOLUME}?layers=all", headers={"range": "bytes=200-500"})

    assert response.content == whole[200:501]


@pytest.mark.parametrize(
    ("contours", "reason"),
    [
        pytest.param([contour(OUTER, 2), contour([(x + 2, y) for x, y in OUTER], 2)], "overlap", id="partly"),
        pytest.param([contour(OUTER, 2), contour(OUTER, 2)], "there twice", id="twice"),
        pytest.param([contour(OUTER, 2, above=0.5)], "in no slice", id="between slices"),
        pytest.param([contour(OUTER, 9)], "beyond the slices", id="beyond the series"),
        pytest.param([contour(OUTER, 2), contour(OUTER[:1], 3, "POINT")], "POINT", id="and a point"),
        pytest.param([contour(OUTER, 2, "OPEN_PLANAR")], "contours of OPEN_PLANAR", id="open"),
        pytest.param([contour(OUTER, 2, "")], "contours of no type", id="of no type"),
        pytest.param([contour([(1e30, 1), *OUTER], 2)], "cannot be read", id="out of this world"),
    ],
)
async def test_contours_that_nobody_can_be_sure_of_are_refused(
    client: httpx.AsyncClient, contours: list[Dataset], reason: str
) -> None:
    await store(client, *ct_series(4), structure_set({"Body": contours}))

    assert reason in (await _refusal(client))["message"]


async def test_regions_of_open_contours_are_not_left_out(client: httpx.AsyncClient) -> None:
    regions = {"Body": [contour(OUTER, 2)], "Line": [contour(OUTER, 3, "OPEN_PLANAR")]}
    await store(client, *ct_series(4), structure_set(regions))

    assert "ROI 2 has contours of OPEN_PLANAR" in (await _refusal(client))["message"]
    np.testing.assert_array_equal(
        await _array(client, f"{VOLUME}?roi=Body"), _volume({2: inside([OUTER], SHAPE)})
    )


async def test_contours_that_contradict_themselves_are_refused(client: httpx.AsyncClient) -> None:
    shorter = structure_set({"Body": [contour(OUTER, 2)]})
    shorter.ROIContourSequence[0].ContourSequence[0].NumberOfContourPoints = 9
    strange = structure_set({"Body": [contour(OUTER, 2)], "Other": [contour(OTHER, 3)]})
    strange.SOPInstanceUID = "1.1.4.2"
    strange.ROIContourSequence[0].ReferencedROINumber = 7
    await store(client, *ct_series(4), shorter, strange)
    instances = f"{VOLUME.removesuffix('/volume')}/instances"

    short = await _refusal(client, f"{instances}/1.1.4.1/volume")
    assert f"Number of Contour Points 9 in ROI 1: expected {len(OUTER)}" in short["message"]
    assert "contours of ROI 7" in (await _refusal(client, f"{instances}/1.1.4.2/volume"))["message"]


async def test_contours_beside_slices_are_taken_within_a_tolerance(client: httpx.AsyncClient) -> None:
    await store(client, *ct_series(4), structure_set({"Body": [contour(OUTER, 2, above=0.5)]}))

    labels = await _array(client, f"{VOLUME}?tolerance=0.6")

    np.testing.assert_array_equal(labels, _volume({2: inside([OUTER], SHAPE)}))


async def test_points_are_told_and_no_labels(client: httpx.AsyncClient) -> None:
    regions = {"Body": [contour(OUTER, 2)], "Isocenter": [contour(OUTER[:1], 2, "POINT")]}
    await store(client, *ct_series(4), structure_set(regions))

    assert (await _told(client))["segments"][1]["contours"] == {"POINT": 1}
    np.testing.assert_array_equal(await _array(client), _volume({2: inside([OUTER], SHAPE)}))
    assert "ROI 2 has POINT" in (await _refusal(client, f"{VOLUME}?roi=2"))["message"]


async def test_a_number_of_zero_is_no_value(client: httpx.AsyncClient) -> None:
    regions = {"Body": [contour(OUTER, 2)], "Far": [contour(OTHER, 3)]}
    await store(client, *ct_series(4), structure_set(regions, numbers=[0, 300]))

    refusal = await _refusal(client)

    assert "ROI Number 0" in refusal["message"]
    far, layers = [await _array(client, group["url"]) for group in refusal["groups"]]
    assert far.dtype == np.uint16
    np.testing.assert_array_equal(far, 300 * _volume({3: inside([OTHER], SHAPE)}).astype(int))
    np.testing.assert_array_equal(layers[0], _volume({2: inside([OUTER], SHAPE)}))


async def test_without_its_series_another_one_is_asked_for(client: httpx.AsyncClient) -> None:
    images = ct_series(4, SeriesInstanceUID="1.1.5")
    await store(client, *images, structure_set({"Body": [contour(OUTER, 2)]}))

    assert "expected on= with the UID of a series" in (await _refusal(client))["message"]
    labels = await _array(client, f"{VOLUME}?on=1.1.5")
    np.testing.assert_array_equal(labels, _volume({2: inside([OUTER], SHAPE)}))
    await _refusal(client, f"{VOLUME}?on=1.1.6", 404)


async def test_contours_in_another_space_are_refused(client: httpx.AsyncClient) -> None:
    await store(client, *ct_series(4), structure_set({"Body": [contour(OUTER, 2)]}, frame_of_reference="1.8"))

    assert "another Frame of Reference UID" in (await _refusal(client))["message"]


@pytest.mark.parametrize("query", ["segment=1", "window=bone", "EchoNumbers=1", "values=stored"])
async def test_what_makes_no_sense_for_regions_is_refused(client: httpx.AsyncClient, query: str) -> None:
    await store(client, *ct_series(4), structure_set({"Body": [contour(OUTER, 2)]}))

    await _refusal(client, f"{VOLUME}?{query}", 400)
    await _refusal(client, f"{VOLUME}?roi=7", 404)


async def test_contours_are_drawn_on_slices_of_a_tilted_gantry(client: httpx.AsyncClient) -> None:
    images = ct_series(4)
    for number, image in enumerate(images):
        x, y, z = image.ImagePositionPatient
        image.ImagePositionPatient = [x, float(y) + 0.5 * number, z]
    lower = [(x, y + 2) for x, y in OUTER]
    await store(client, *images, structure_set({"Body": [contour(OUTER, 1), contour(lower, 3)]}))

    drawn = inside([OUTER], SHAPE)
    np.testing.assert_array_equal(await _array(client), _volume({1: drawn, 3: drawn}))


async def test_contours_name_the_series_where_the_structure_set_does_not(client: httpx.AsyncClient) -> None:
    drawn = contour(OUTER, 2)
    drawn.ContourImageSequence = [item(ReferencedSOPInstanceUID="1.1.1.2")]
    structures = structure_set({"Body": [drawn]})
    del structures.ReferencedFrameOfReferenceSequence
    await store(client, *ct_series(4), structures)

    np.testing.assert_array_equal(await _array(client), _volume({2: inside([OUTER], SHAPE)}))
