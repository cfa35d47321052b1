"""PNG and GIF stored as Pixel Data: they become native pixels. PS3.18 Table 10.5.2-1."""

from collections.abc import Callable
from typing import Any

import httpx
import imagecodecs
import numpy as np
import pytest

from tests.web.messages import pixels, url
from tests.web.stow.posted import (
    CANNOT_UNDERSTAND,
    COLOUR,
    GRAY,
    TOO_LARGE,
    TWELVE,
    Bulk,
    failure,
    picture,
    post,
    stored,
)


@pytest.mark.parametrize("levels", [GRAY[0], TWELVE[0], COLOUR[0]], ids=["gray", "16 bits", "colour"])
def test_a_png_becomes_native_pixels(dicomweb: httpx.Client, study: str, levels: Any) -> None:
    png = Bulk("pixels", imagecodecs.png_encode(levels), "image/png")

    response = post(dicomweb, [picture(f"{study}.1.1", vr="OW")], png)

    assert response.status_code == 200, response.text
    dataset = stored(dicomweb, f"{study}.1.1")
    assert dataset.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    np.testing.assert_array_equal(dataset.pixel_array, levels)


def test_an_alpha_channel_is_left_out(dicomweb: httpx.Client, study: str) -> None:
    with_alpha = np.concatenate([COLOUR[0], np.full((12, 16, 1), 99, np.uint8)], axis=-1)

    post(dicomweb, [picture(f"{study}.1.1")], Bulk("pixels", imagecodecs.png_encode(with_alpha), "image/png"))

    np.testing.assert_array_equal(stored(dicomweb, f"{study}.1.1").pixel_array, COLOUR[0])


def test_several_pngs_are_the_frames_of_an_image(dicomweb: httpx.Client, study: str) -> None:
    parts = [Bulk("pixels", imagecodecs.png_encode(frame), "image/png") for frame in TWELVE]

    response = post(dicomweb, [picture(f"{study}.1.1", BitsStored=12, HighBit=11)], *parts)

    assert response.status_code == 200, response.text
    np.testing.assert_array_equal(stored(dicomweb, f"{study}.1.1").pixel_array, TWELVE)
    shown = dicomweb.get(f"{url(f'{study}.1.1')}/frames/2/rendered", headers={"accept": "image/png"})
    assert pixels(shown).shape == (12, 16)


@pytest.mark.parametrize("frames", [GRAY[0], GRAY], ids=["one picture", "an animation"])
def test_a_gif_becomes_native_pixels(dicomweb: httpx.Client, study: str, frames: Any) -> None:
    response = post(
        dicomweb, [picture(f"{study}.1.1")], Bulk("pixels", imagecodecs.gif_encode(frames), "image/gif")
    )

    assert response.status_code == 200, response.text
    values = stored(dicomweb, f"{study}.1.1").pixel_array
    np.testing.assert_array_equal(values, np.repeat(frames[..., np.newaxis], 3, axis=-1))


PNG = imagecodecs.png_encode(GRAY[0])


@pytest.mark.parametrize("attributes", [{"Rows": 24}, {"SamplesPerPixel": 3}, {"BitsAllocated": 16}])
def test_a_png_has_to_be_as_the_metadata_say(
    dicomweb: httpx.Client, study: str, attributes: dict[str, Any]
) -> None:
    response = post(dicomweb, [picture(f"{study}.1.1", **attributes)], Bulk("pixels", PNG, "image/png"))

    assert failure(response)[0] == CANNOT_UNDERSTAND


def test_pictures_do_not_grow_beyond_the_limit_of_a_request(
    dicomweb_with: Callable[..., httpx.Client],
) -> None:
    dicomweb = dicomweb_with(max_request_bytes=20_000)
    png = imagecodecs.png_encode(np.zeros((200, 200), np.uint8))

    response = post(dicomweb, [picture("1.1.1")], Bulk("pixels", png, "image/png"))

    assert failure(response)[0] == TOO_LARGE
