import httpx
import imagecodecs
import numpy as np
import pytest

from tests.web.series import SERIES, ct_slice, enhanced_mr, store, stored_values

STORED = stored_values(3, 20, 30)
HOUNSFIELD = STORED.astype(int) - 1024
INSTANCE = f"{SERIES}/instances/1.1.1.1"


async def test_a_series_counts_all_its_instances(client: httpx.AsyncClient) -> None:
    await store(client, *(ct_slice(number, frame) for number, frame in enumerate(STORED, 1)))

    statistics = (await client.get(f"{SERIES}/statistics")).json()

    assert (statistics["count"], statistics["excluded"]) == (HOUNSFIELD.size, 0)
    assert (statistics["minimum"], statistics["maximum"]) == (HOUNSFIELD.min(), HOUNSFIELD.max())
    assert statistics["mean"] == pytest.approx(HOUNSFIELD.mean())
    assert statistics["standard_deviation"] == pytest.approx(HOUNSFIELD.std())
    assert statistics["percentiles"]["95"] == pytest.approx(np.percentile(HOUNSFIELD, 95))
    edges, counts = statistics["histogram"]["edges"], statistics["histogram"]["counts"]
    np.testing.assert_array_equal(counts, np.histogram(HOUNSFIELD, edges)[0])


@pytest.mark.parametrize(
    ("path", "numbers"),
    [("statistics", [1, 2, 3]), ("frames/2/statistics", [2]), ("frames/1,3/statistics", [1, 3])],
)
async def test_an_instance_and_its_frames_count_what_is_theirs(
    client: httpx.AsyncClient, path: str, numbers: list[int]
) -> None:
    await store(client, enhanced_mr(STORED, [0, 1, 2]))
    values = np.stack([STORED[number - 1].astype(int) * number for number in numbers])

    statistics = (await client.get(f"{INSTANCE}/{path}")).json()

    assert (statistics["count"], statistics["maximum"]) == (values.size, values.max())
    assert statistics["mean"] == pytest.approx(values.mean())


async def test_the_histogram_is_a_picture_for_whom_asks_for_one(client: httpx.AsyncClient) -> None:
    await store(client, ct_slice(1, STORED[0]))

    response = await client.get(f"{SERIES}/statistics", headers={"accept": "image/png"})

    assert response.headers["content-type"] == "image/png"
    assert imagecodecs.png_decode(response.content).min() == 0


@pytest.mark.parametrize("accept", ["application/json", "image/png"])
async def test_what_the_client_has_is_not_sent_again(client: httpx.AsyncClient, accept: str) -> None:
    await store(client, ct_slice(1, STORED[0]))
    headers = {"accept": accept}
    etag = (await client.get(f"{SERIES}/statistics", headers=headers)).headers["etag"]

    again = await client.get(f"{SERIES}/statistics", headers={**headers, "if-none-match": etag})

    assert again.status_code == 304


async def test_frames_have_tags_of_their_own(client: httpx.AsyncClient) -> None:
    await store(client, enhanced_mr(STORED, [0, 1, 2]))

    tags = {(await client.get(f"{INSTANCE}/{path}statistics")).headers["etag"] for path in ("", "frames/1/")}

    assert len(tags) == 2


async def test_a_series_without_pixels_has_no_statistics(client: httpx.AsyncClient) -> None:
    without = ct_slice(1, STORED[0])
    del without.PixelData
    await store(client, without)

    assert (await client.get(f"{SERIES}/statistics")).status_code == 406
