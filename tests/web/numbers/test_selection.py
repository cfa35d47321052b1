"""One of the several volumes of a series."""

from io import BytesIO

import httpx
import numpy as np
import pytest

from tests.web.series import SERIES, ct_slice, store, stored_values

VOLUME = f"{SERIES}/volume"
STORED = stored_values(8, 6, 5)


@pytest.fixture
async def echoes(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a service that has two slices of each of two echoes, each as magnitude and phase."""
    for index in range(8):
        echo, kind, place = index // 4, "MP"[index // 2 % 2], 2.5 * (index % 2)
        attributes = {
            "EchoNumbers": echo + 1,
            "EchoTime": 4.6 * (echo + 1),
            "ImageType": ["ORIGINAL", "PRIMARY", kind],
            "ImagePositionPatient": [0, 0, place],
        }
        await store(client, ct_slice(index + 1, STORED[index], **attributes))
    return client


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("EchoNumbers=1&ImageType=M", 0),
        ("EchoTime=9-10&ImageType=P", 6),
        ("00180086=2&InstanceNumber=5-6", 4),
        ("InstanceNumber=3,4", 2),
    ],
)
async def test_any_attribute_selects(echoes: httpx.AsyncClient, query: str, first: int) -> None:
    response = await echoes.get(f"{VOLUME}?{query}")

    assert response.status_code == 200, response.text
    np.testing.assert_array_equal(np.load(BytesIO(response.content)), STORED[first : first + 2] - 1024.0)
    assert "warning" not in response.headers


async def test_the_conflict_of_a_mixed_series_has_a_url_for_each_of_its_volumes(
    echoes: httpx.AsyncClient,
) -> None:
    conflict = await echoes.get(VOLUME)

    assert conflict.status_code == 409
    groups = conflict.json()["groups"]
    assert [group["values"]["EchoTime"] for group in groups] == [4.6, 4.6, 9.2, 9.2]
    for index, group in enumerate(groups):
        assert (group["slices"], group["volume"]) == (2, True)
        volume = np.load(BytesIO((await echoes.get(group["url"])).content))
        np.testing.assert_array_equal(volume, STORED[2 * index : 2 * index + 2] - 1024.0)


async def test_the_description_of_a_selection_is_that_of_the_selection(echoes: httpx.AsyncClient) -> None:
    link = (await echoes.get(f"{VOLUME}?InstanceNumber=3,4")).headers["link"]

    description = (await echoes.get(link.partition(">")[0].removeprefix("<"))).json()

    assert [slice_["InstanceNumber"] for slice_ in description["slices"]] == [3, 4]


async def test_what_nobody_has_is_not_found(echoes: httpx.AsyncClient) -> None:
    response = await echoes.get(f"{VOLUME}?EchoNumbers=7")

    assert response.status_code == 404
    assert "2 values of EchoNumbers" in response.json()["message"]


@pytest.mark.parametrize("query", ["EchoNumber=2", "EchoNumbers=", "slicse=1-2"])
async def test_a_name_that_is_no_attribute_is_an_error(echoes: httpx.AsyncClient, query: str) -> None:
    response = await echoes.get(f"{VOLUME}?{query}")

    assert response.status_code == 400


async def test_other_selections_have_other_tags(echoes: httpx.AsyncClient) -> None:
    tags = {(await echoes.get(f"{VOLUME}?EchoNumbers={echo}&ImageType=M")).headers["etag"] for echo in (1, 2)}

    assert len(tags) == 2


async def test_slices_without_a_place_are_told_apart_by_what_they_say(client: httpx.AsyncClient) -> None:
    slices = [ct_slice(number, STORED[number], EchoNumbers=number) for number in (1, 2)]
    del slices[0].ImagePositionPatient, slices[1].ImageOrientationPatient
    await store(client, *slices)

    conflict = await client.get(VOLUME)

    assert conflict.status_code == 409
    assert [(group["slices"], group["volume"]) for group in conflict.json()["groups"]] == [(1, False)] * 2
