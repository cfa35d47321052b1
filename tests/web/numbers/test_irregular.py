"""Series that make no volume by themselves, for whoever takes what is there."""

from io import BytesIO

import httpx
import numpy as np
import pytest

from tests.web.series import SERIES, ct_slice, store, stored_values

VOLUME = f"{SERIES}/volume"
STORED = stored_values(4, 6, 5)


async def _store(client: httpx.AsyncClient, *places: float) -> None:
    slices = [
        ct_slice(number, STORED[number - 1], ImagePositionPatient=[0, 0, place])
        for number, place in enumerate(places, 1)
    ]
    await store(client, *slices)


@pytest.mark.parametrize(("tolerance", "status"), [(None, 409), (0.1, 409), (0.5, 200)])
async def test_slices_may_lie_as_far_beside_the_lattice_as_is_said(
    client: httpx.AsyncClient, tolerance: float | None, status: int
) -> None:
    await _store(client, 0, 2.4, 4, 6)

    response = await client.get(VOLUME + (f"?tolerance={tolerance}" if tolerance else ""))

    assert response.status_code == status
    assert response.headers.get("x-volume-regular", "true") == "true"


async def test_what_is_there_is_stacked_with_every_position_in_the_description(
    client: httpx.AsyncClient,
) -> None:
    await _store(client, 9, 0, 2, 2)

    refused = await client.get(VOLUME)
    answer = await client.get(f"{VOLUME}?irregular=allow")
    description = (await client.get(f"{VOLUME}?irregular=allow&accept=application/json")).json()

    assert refused.status_code == 409
    assert answer.headers["x-volume-regular"] == "false"
    np.testing.assert_array_equal(np.load(BytesIO(answer.content)), STORED[[1, 2, 3, 0]] - 1024.0)
    assert description["regular"] is False
    assert [slice_["position"][2] for slice_ in description["slices"]] == [0, 2, 2, 9]


async def test_a_regular_series_stays_one(client: httpx.AsyncClient) -> None:
    await _store(client, 0, 2, 4, 6)

    assert (await client.get(f"{VOLUME}?irregular=allow")).headers["x-volume-regular"] == "true"


async def test_another_matrix_is_refused_all_the_same(client: httpx.AsyncClient) -> None:
    await _store(client, 0, 2, 4)
    await store(client, ct_slice(9, stored_values(8, 8)))

    assert (await client.get(f"{VOLUME}?irregular=allow")).status_code == 409


@pytest.mark.parametrize("query", ["tolerance=0", "tolerance=a", "tolerance=-1", "irregular=yes"])
async def test_what_cannot_be_understood_is_an_error(client: httpx.AsyncClient, query: str) -> None:
    await _store(client, 0, 2, 4)

    assert (await client.get(f"{VOLUME}?{query}")).status_code == 400
