"""Arrays read bit by bit, as memory maps over HTTP do."""

from io import BytesIO

import httpx
import imagecodecs
import numpy as np
import pytest
from pydicom.uid import JPEGLSLossless

from tests.web.series import SERIES, compressed, ct_slice, store, stored_values

VOLUME = f"{SERIES}/volume"
STORED = stored_values(4, 6, 5)


@pytest.fixture
async def ct(client: httpx.AsyncClient) -> httpx.AsyncClient:
    await store(client, *(ct_slice(number, STORED[number - 1]) for number in (1, 2, 3, 4)))
    return client


@pytest.mark.parametrize("accept", ["application/x-npy", "application/x-nifti"])
@pytest.mark.parametrize(
    "query", ["", "?dtype=float32&slices=2-4", "?size=3,3", "?region=1,1,4,4&values=stored"]
)
async def test_every_range_is_that_part_of_the_whole(ct: httpx.AsyncClient, accept: str, query: str) -> None:
    whole = (await ct.get(f"{VOLUME}{query}", headers={"accept": accept})).content

    for first, last in ((0, 0), (0, 9), (100, 140), (127, 128), (150, 330), (len(whole) - 7, len(whole) + 5)):
        headers = {"accept": accept, "range": f"bytes={first}-{last}"}
        part = await ct.get(f"{VOLUME}{query}", headers=headers)

        end = min(last + 1, len(whole))
        if first >= len(whole):
            assert part.status_code == 416
            continue
        assert part.status_code == 206
        assert part.content == whole[first:end]
        assert part.headers["content-range"] == f"bytes {first}-{end - 1}/{len(whole)}"
        assert int(part.headers["content-length"]) == len(part.content)


async def test_the_last_bytes_and_frames_alone_are_ranges_too(ct: httpx.AsyncClient) -> None:
    frame = f"{SERIES}/instances/1.1.1.2/frames/1/pixels"

    answer = await ct.get(frame, headers={"range": "bytes=-10"})

    assert answer.content == (STORED[1] - 1024).astype("<i2").tobytes()[-10:]


async def test_a_range_of_what_has_changed_is_the_whole(ct: httpx.AsyncClient) -> None:
    etag = (await ct.head(VOLUME)).headers["etag"]
    headers = {"range": "bytes=128-187", "if-range": etag}
    before = await ct.get(VOLUME, headers=headers)
    await store(ct, ct_slice(5, STORED[0]))

    after = await ct.get(VOLUME, headers=headers)

    assert (before.status_code, after.status_code) == (206, 200)
    assert np.load(BytesIO(after.content)).shape == (5, 6, 5)


async def test_slices_are_read_one_by_one_from_a_compressed_series(client: httpx.AsyncClient) -> None:
    streams = [imagecodecs.jpegls_encode(frame) for frame in STORED]
    await store(
        client, *(compressed(ct_slice(n, STORED[0]), JPEGLSLossless, s) for n, s in enumerate(streams, 1))
    )
    head = await client.head(VOLUME)
    size = 6 * 5 * 2
    start = int(head.headers["content-length"]) - 4 * size

    for index in (2, 0, 3):
        span = f"bytes={start + index * size}-{start + (index + 1) * size - 1}"
        part = await client.get(VOLUME, headers={"range": span})

        values = np.frombuffer(part.content, "<i2").reshape(6, 5)
        np.testing.assert_array_equal(values, STORED[index].astype(int) - 1024)


async def test_that_ranges_can_be_had_is_said(ct: httpx.AsyncClient) -> None:
    assert (await ct.head(VOLUME)).headers["accept-ranges"] == "bytes"
    assert "accept-ranges" not in (await ct.head(VOLUME, headers={"accept": "application/gzip"})).headers
