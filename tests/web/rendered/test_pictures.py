from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import imagecodecs
import numpy as np
import pydicom
import pytest

from service.pixels.display import icc
from tests.pixels.images import packaged
from tests.web.service import BASE, image, instance, serving, stored

RAMP = np.arange(60 * 80, dtype=np.int64).reshape(60, 80).astype(np.uint8)
FILM = np.stack([RAMP, 255 - RAMP, RAMP // 2])
PNG, GIF = {"accept": "image/png"}, {"accept": "image/gif"}


@pytest.fixture
async def client(sqlite_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(sqlite_url, tmp_path) as client:
        yield client


async def test_an_image_is_a_jpeg_unless_asked_otherwise(client: httpx.AsyncClient) -> None:
    path = await stored(client, image(RAMP))

    answer = await client.get(f"{path}/rendered")

    assert answer.headers["content-type"] == "image/jpeg"
    assert imagecodecs.jpeg8_decode(answer.content).shape == RAMP.shape


@pytest.mark.parametrize("header", ["image/png", "image/avif,image/png,*/*;q=0.8"])
async def test_png_shows_every_level_as_it_is(client: httpx.AsyncClient, header: str) -> None:
    path = await stored(client, image(RAMP))

    answer = await client.get(f"{path}/rendered", headers={"accept": header})

    np.testing.assert_array_equal(imagecodecs.png_decode(answer.content), RAMP)


async def test_a_compressed_frame_is_shown_too(client: httpx.AsyncClient) -> None:
    path = await stored(client, packaged("MR_small_RLE.dcm"))

    rendered = await client.get(f"{path}/rendered", headers=PNG)
    other = await client.get(f"{await stored(client, _apart('MR_small.dcm'))}/rendered", headers=PNG)

    assert rendered.status_code == 200
    assert rendered.content == other.content


def _apart(name: str) -> pydicom.Dataset:
    dataset = packaged(name)
    uid = pydicom.uid.UID("1.2.3")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    return dataset


async def test_a_window_by_name_is_the_window_it_stands_for(client: httpx.AsyncClient) -> None:
    path = await stored(client, packaged("CT_small.dcm"))

    by_name = await client.get(f"{path}/rendered?window=lung", headers=PNG)
    by_numbers = await client.get(f"{path}/rendered?window=-600,1500,linear", headers=PNG)

    assert by_name.content == by_numbers.content


async def test_as_gif_the_frames_run_one_after_the_other(client: httpx.AsyncClient) -> None:
    path = await stored(client, image(FILM, FrameTime="40"))

    answer = await client.get(f"{path}/rendered", headers=GIF)

    assert answer.headers["content-type"] == "image/gif"
    np.testing.assert_array_equal(imagecodecs.gif_decode(answer.content)[..., 0], FILM)
    assert answer.content.count(b"\x21\xf9\x04\x08\x04\x00") == len(FILM)


async def test_a_film_longer_than_anybody_waits_for_is_refused(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.web.rendered.answers.MAX_FILM_FRAMES", len(FILM) - 1)
    path = await stored(client, image(FILM))
    series = path.partition("/instances/")[0]

    films = [await client.get(f"{place}/rendered", headers=GIF) for place in (path, series)]

    assert [film.status_code for film in films] == [413, 413]
    assert all("3 frames: a film has up to 2" in film.json()["message"] for film in films)
    assert (await client.get(f"{path}/frames/1,2/rendered", headers=GIF)).status_code == 200
    assert (await client.get(f"{path}/rendered", headers=PNG)).status_code == 200


async def test_a_page_that_is_all_overlay_shows_it(client: httpx.AsyncClient) -> None:
    drawing = np.random.default_rng(3).integers(0, 2, (200, 100), np.uint8)
    dataset = image(np.zeros((200, 100), np.uint8))
    dataset.add_new(0x60000010, "US", 200)
    dataset.add_new(0x60000011, "US", 100)
    dataset.add_new(0x60000040, "CS", "G")
    dataset.add_new(0x60000050, "SS", [1, 1])
    dataset.add_new(0x60003000, "OW", np.packbits(drawing, axis=None, bitorder="little").tobytes())
    path = await stored(client, dataset)

    answer = await client.get(f"{path}/rendered", headers=PNG)

    np.testing.assert_array_equal(imagecodecs.png_decode(answer.content), 255 * drawing)


async def test_a_supplemental_palette_colours_the_values_that_it_maps(client: httpx.AsyncClient) -> None:
    dataset = image(np.array([[0, 100, 200, 201]], np.uint8), PixelPresentation="COLOR")
    for number, entries in enumerate(([255, 0], [128, 64], [0, 255])):
        dataset.add_new(0x00281101 + number, "US", [2, 200, 8])
        dataset.add_new(0x00281201 + number, "OW", bytes(entries))
    path = await stored(client, dataset)

    answer = await client.get(f"{path}/rendered", headers=PNG)

    expected = [[0, 0, 0], [100, 100, 100], [255, 128, 0], [0, 64, 255]]
    assert imagecodecs.png_decode(answer.content).tolist() == [expected]


async def test_frames_asked_for_are_parts_that_say_which_they_are(client: httpx.AsyncClient) -> None:
    path = await stored(client, image(FILM))

    answer = await client.get(f"{path}/frames/3,1/rendered")

    assert answer.headers["content-type"].startswith('multipart/related; type="image/jpeg"')
    assert f"Content-Location: {BASE}{path}/frames/3\r\n".encode() in answer.content
    assert answer.content.index(b"/frames/3\r\n") < answer.content.index(b"/frames/1\r\n")


@pytest.mark.parametrize("level", ["series", "study"])
async def test_a_series_or_study_is_a_part_for_each_image(client: httpx.AsyncClient, level: str) -> None:
    paths = [await stored(client, image(RAMP, number)) for number in (1, 2, 3)]

    answer = await client.get(f"{_above(paths[0], level)}/rendered", headers={"accept": "*/*"})

    assert answer.status_code == 200
    assert [answer.content.count(f"{path}/frames/1\r\n".encode()) for path in paths] == [1, 1, 1]


def _above(path: str, level: str) -> str:
    return path.partition("/instances/" if level == "series" else "/series/")[0]


async def test_what_has_no_picture_is_left_out_of_a_study_and_the_status_says_so(
    client: httpx.AsyncClient,
) -> None:
    path = await stored(client, image(RAMP, 1))
    await stored(client, instance(2))

    answer = await client.get(f"{_above(path, 'study')}/rendered")

    assert answer.status_code == 206
    assert answer.content.count(b"Content-Location") == 1


async def test_a_series_as_one_image_is_the_one_in_the_middle(client: httpx.AsyncClient) -> None:
    paths = [await stored(client, image(RAMP // number, number)) for number in (1, 2, 3)]

    answer = await client.get(f"{_above(paths[0], 'series')}/rendered?accept=image/png")

    np.testing.assert_array_equal(imagecodecs.png_decode(answer.content), RAMP // 2)


async def test_a_series_as_gif_runs_through_the_images_of_one_size(client: httpx.AsyncClient) -> None:
    paths = [await stored(client, image(RAMP // number, number)) for number in (1, 2)]
    await stored(client, image(RAMP[:50], 3))

    answer = await client.get(f"{_above(paths[0], 'series')}/rendered", headers=GIF)

    np.testing.assert_array_equal(imagecodecs.gif_decode(answer.content)[..., 0], [RAMP, RAMP // 2])


async def test_annotation_is_burned_in_and_what_is_not_known_is_named(client: httpx.AsyncClient) -> None:
    path = await stored(client, image(np.full((200, 200), 90, np.uint8)))

    answer = await client.get(f"{path}/rendered?annotation=patient,ruler", headers=PNG)

    assert answer.headers["warning"] == (
        f"299 {BASE}: The following annotation values are not supported: ruler"
    )
    assert 255 in imagecodecs.png_decode(answer.content)[:50]
    assert (imagecodecs.png_decode(answer.content)[100:] == 90).all()


@pytest.mark.parametrize(("space", "embedded"), [("yes", "srgb"), ("srgb", "srgb"), ("adobergb", "adobergb")])
async def test_a_profile_is_sent_with_the_picture(
    client: httpx.AsyncClient, space: str, embedded: str
) -> None:
    path = await stored(client, image(np.full((8, 8, 3), (200, 100, 50), np.uint8)))

    answer = await client.get(f"{path}/rendered?iccprofile={space}")

    assert icc.profile(embedded) in answer.content


async def test_the_profile_of_the_file_is_the_one_that_is_sent(client: httpx.AsyncClient) -> None:
    profile = icc.profile("rommrgb")
    path = await stored(client, image(np.full((8, 8, 3), 77, np.uint8), ICCProfile=profile))

    answer = await client.get(f"{path}/rendered?iccprofile=yes")

    assert profile in answer.content


async def test_pixels_that_are_not_square_become_so_in_a_viewport_alone(client: httpx.AsyncClient) -> None:
    path = await stored(client, image(RAMP, PixelAspectRatio=["2", "1"]))

    whole = await client.get(f"{path}/rendered", headers=PNG)
    fitted = await client.get(f"{path}/rendered?viewport=120,120", headers=PNG)

    assert imagecodecs.png_decode(whole.content).shape == (60, 80)
    assert imagecodecs.png_decode(fitted.content).shape == (120, 80)


async def test_inverse_is_inverted(client: httpx.AsyncClient) -> None:
    path = await stored(client, image(RAMP, PresentationLUTShape="INVERSE"))

    answer = await client.get(f"{path}/rendered", headers=PNG)

    np.testing.assert_array_equal(imagecodecs.png_decode(answer.content), 255 - RAMP)


@pytest.mark.parametrize(
    "path", ["/rendered", "/rendered?annotation=patient", "/thumbnail", "/frames/1,2/rendered"]
)
async def test_a_picture_the_client_holds_is_not_made_again(client: httpx.AsyncClient, path: str) -> None:
    url = await stored(client, image(FILM)) + path
    first = await client.get(url)

    again = await client.get(url, headers={"if-none-match": first.headers["etag"]})
    other = await client.get(url.replace("?annotation=patient", "") + "?viewport=9,9")

    assert (again.status_code, again.content) == (304, b"")
    assert other.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(
    ("query", "accept", "status"),
    [
        pytest.param("?iccprofile=yes", "image/gif", 400, id="GIF has no profile"),
        pytest.param("?iccprofile=cmyk", "*/*", 400, id="no such profile"),
        pytest.param("?annotation=", "*/*", 400, id="no annotation named"),
        pytest.param("?window=40,400", "*/*", 400, id="half a window"),
        pytest.param("?viewport=8,8,900,900", "*/*", 400, id="a region outside"),
        pytest.param("", "text/html", 406, id="an image is no text"),
        pytest.param("?charset=utf-8", "image/jpeg", 200, id="a charset does not matter"),
    ],
)
async def test_parameters_are_checked(
    client: httpx.AsyncClient, query: str, accept: str, status: int
) -> None:
    path = await stored(client, image(RAMP))

    answer = await client.get(f"{path}/rendered{query}", headers={"accept": accept})

    assert answer.status_code == status
    if status >= 400:
        assert answer.json()["message"]


@pytest.mark.parametrize(
    "path", ["/studies/9/rendered", "/studies/9/thumbnail", "/studies/9/series/9/rendered"]
)
async def test_what_is_not_here_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_a_frame_that_is_not_there_is_not_found(client: httpx.AsyncClient) -> None:
    path = await stored(client, image(FILM))

    assert (await client.get(f"{path}/frames/4/rendered")).status_code == 404
    assert (await client.get(f"{path}/frames/4/thumbnail")).status_code == 404
