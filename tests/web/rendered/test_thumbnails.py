from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import RLELossless

from tests.web.service import image, instance, serving, stored, video

PLAIN = np.zeros((100, 200), np.uint8)
PNG = {"accept": "image/png"}


@pytest.fixture
async def client(sqlite_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(sqlite_url, tmp_path) as client:
        yield client


@pytest.mark.parametrize(("query", "shape"), [("", (64, 128)), ("?viewport=50,50", (25, 50))])
async def test_a_thumbnail_fits_its_viewport(
    client: httpx.AsyncClient, query: str, shape: tuple[int, int]
) -> None:
    path = await stored(client, image(PLAIN))

    answer = await client.get(f"{path}/thumbnail{query}")

    assert answer.headers["content-type"] == "image/jpeg"
    assert imagecodecs.jpeg8_decode(answer.content).shape == shape


@pytest.mark.parametrize("query", ["?viewport=50,50,1,1,5,5", "?viewport=0,5", "?viewport=50"])
async def test_a_thumbnail_has_no_region(client: httpx.AsyncClient, query: str) -> None:
    path = await stored(client, image(PLAIN))

    assert (await client.get(f"{path}/thumbnail{query}")).status_code == 400


async def test_the_frame_in_the_middle_stands_for_an_instance(client: httpx.AsyncClient) -> None:
    film = np.stack([PLAIN, PLAIN + 200, PLAIN])
    path = await stored(client, image(film))

    whole = await client.get(f"{path}/thumbnail", headers=PNG)
    third = await client.get(f"{path}/frames/3/thumbnail", headers=PNG)

    assert (imagecodecs.png_decode(whole.content) == 200).all()
    assert (imagecodecs.png_decode(third.content) == 0).all()


@pytest.mark.parametrize("separator", ["/instances/", "/series/"])
async def test_the_instance_in_the_middle_stands_for_the_rest(
    client: httpx.AsyncClient, separator: str
) -> None:
    for number, level in ((1, 10), (2, 120), (3, 10)):
        path = await stored(client, image(PLAIN + np.uint8(level), number))
    await stored(client, instance(4))

    answer = await client.get(f"{path.partition(separator)[0]}/thumbnail", headers=PNG)

    assert (imagecodecs.png_decode(answer.content) == 120).all()


SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
LEVELS = {"VOLUME": 40, "THUMBNAIL": 80, "OVERVIEW": 120, "LABEL": 160}


@pytest.mark.parametrize("path", ["series/1.2.3.4/thumbnail", "thumbnail", "series/1.2.3.4/rendered"])
@pytest.mark.parametrize(
    ("flavors", "expected"),
    [
        (("VOLUME", "LABEL", "THUMBNAIL"), "THUMBNAIL"),
        (("OVERVIEW", "LABEL", "VOLUME"), "OVERVIEW"),
        (("VOLUME", "LABEL"), "VOLUME"),
    ],
)
async def test_a_slide_is_shown_by_the_image_that_is_made_for_it_and_never_by_its_label(
    client: httpx.AsyncClient, flavors: tuple[str, ...], expected: str, path: str
) -> None:
    for number, flavor in enumerate(flavors, 1):
        dataset = image(PLAIN + np.uint8(LEVELS[flavor]), number, SOPClassUID=SLIDE)
        dataset.ImageType = ["ORIGINAL", "PRIMARY", flavor, "NONE"]
        await stored(client, dataset)

    answer = await client.get(f"/studies/1.2.3/{path}", headers=PNG)

    assert (imagecodecs.png_decode(answer.content) == LEVELS[expected]).all()


async def test_a_slide_without_an_image_made_for_it_is_shown_by_its_smallest_volume(
    client: httpx.AsyncClient,
) -> None:
    for number, frames in enumerate((1, 3, 4, 2), 1):
        pixels = np.stack([PLAIN + np.uint8(10 * frames)] * frames)
        await stored(client, image(pixels, number, SOPClassUID=SLIDE, ImageType="ORIGINAL\\PRIMARY\\VOLUME"))

    answer = await client.get("/studies/1.2.3/thumbnail", headers=PNG)

    assert (imagecodecs.png_decode(answer.content) == 10).all()


@pytest.mark.parametrize(
    "statement",
    [
        {"BurnedInAnnotation": "YES"},
        {"SpecimenLabelInImage": "YES"},
        {"ImageType": "ORIGINAL\\PRIMARY\\LABEL"},
    ],
)
async def test_what_says_that_it_shows_text_never_stands_for_others(
    client: httpx.AsyncClient, statement: dict[str, str]
) -> None:
    await stored(client, image(PLAIN + np.uint8(200), 1, **statement))
    before = await client.get("/studies/1.2.3/thumbnail", headers=PNG)
    refused = await client.get("/studies/1.2.3/rendered", headers=PNG)
    for number in (2, 3):
        await stored(client, image(PLAIN + np.uint8(200), number, **statement))
    await stored(client, image(PLAIN + np.uint8(50), 4, BurnedInAnnotation="NO"))

    answer = await client.get("/studies/1.2.3/thumbnail", headers=PNG)

    assert imagecodecs.png_decode(before.content)[0, 0] == 96
    assert (refused.status_code, "burned-in text" in refused.text) == (406, True)
    assert (imagecodecs.png_decode(answer.content) == 50).all()


async def test_a_frame_in_the_middle_that_cannot_be_decoded_is_a_card(client: httpx.AsyncClient) -> None:
    dataset = image(PLAIN)
    dataset.PixelData = encapsulate([bytes(64)])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = RLELossless
    path = await stored(client, dataset)

    answer = await client.get(f"{path}/thumbnail", headers=PNG)

    assert answer.status_code == 200
    assert imagecodecs.png_decode(answer.content)[0, 0] == 96


@pytest.mark.parametrize("separator", ["/instances/", "/series/", "/thumbnail"])
@pytest.mark.parametrize(
    "dataset",
    [
        pytest.param(instance(Modality="SR"), id="a report"),
        pytest.param(video(bytes(64), "1.2.840.10008.1.2.4.102"), id="a video"),
    ],
)
async def test_what_has_no_picture_has_a_card(
    client: httpx.AsyncClient, dataset: pydicom.Dataset, separator: str
) -> None:
    path = await stored(client, dataset)

    answer = await client.get(f"{path.partition(separator)[0]}/thumbnail", headers=PNG)

    card = imagecodecs.png_decode(answer.content)
    assert card.shape == (128, 128)
    assert {0, 255} < set(np.unique(card).tolist())


async def test_the_accept_parameter_decides_before_the_header(client: httpx.AsyncClient) -> None:
    path = await stored(client, image(PLAIN))

    answer = await client.get(
        f"{path}/thumbnail?accept=image/jpeg",
        headers={"accept": 'multipart/related; type="application/octet-stream"'},
    )

    assert answer.headers["content-type"] == "image/jpeg"
