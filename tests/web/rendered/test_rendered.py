"""Rendered pictures over HTTP, compared with the formulas of PS3.3 C.11.2 written out one pixel at a time."""

import math
from collections.abc import Callable
from typing import Any

import httpx
import imagecodecs
import numpy as np
import pytest
from pydicom.encaps import encapsulate

from tests.builders import ct_image, image, part10
from tests.web.messages import parts_of, pixels, store, url

PNG = {"accept": "image/png"}
HOUNSFIELD = (64 * np.arange(64) - 1024).reshape(8, 8)


def linear(x: float, center: float, width: float) -> float:
    if x <= center - 0.5 - (width - 1) / 2:
        return 0
    if x > center - 0.5 + (width - 1) / 2:
        return 255
    return ((x - (center - 0.5)) / (width - 1) + 0.5) * 255


def linear_exact(x: float, center: float, width: float) -> float:
    if x <= center - width / 2:
        return 0
    if x > center + width / 2:
        return 255
    return ((x - center) / width + 0.5) * 255


def sigmoid(x: float, center: float, width: float) -> float:
    return 255 / (1 + math.exp(min(-4 * (x - center) / width, 700)))  # beyond, the float ends


FUNCTIONS = {"linear": linear, "linear-exact": linear_exact, "sigmoid": sigmoid}


def windowed(values: Any, center: float, width: float, function: str = "linear") -> "np.ndarray[Any, Any]":
    by_pixel = np.vectorize(FUNCTIONS[function], otypes=[float])
    levels: np.ndarray[Any, Any] = by_pixel(values, center, width)
    return levels


def close(levels: Any, expected: Any) -> bool:
    """Tell whether levels agree: the Standard leaves open how they are rounded."""
    return levels.shape == expected.shape and bool(np.all(np.abs(levels - expected) <= 1))


@pytest.fixture
def ct(dicomweb: httpx.Client, study: str) -> str:
    """The path of a stored CT slice of 8 × 8 pixels, from -1024 to 3008 HU."""
    store(dicomweb, part10(ct_image(f"{study}.1.1")))
    return url(f"{study}.1.1")


@pytest.fixture
def frames(dicomweb: httpx.Client, study: str) -> str:
    """The path of a stored image of three frames."""
    values = np.arange(3 * 8 * 8, dtype=np.uint8).reshape(3, 8, 8)
    store(dicomweb, part10(image(values, f"{study}.1.1")))
    return url(f"{study}.1.1")


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("center", "width"),
    [(300, 1500), (-600.5, 1600), (40, 1), (0, 4096)],
    ids=["bone", "lung", "threshold", "all"],
)
def test_a_window_follows_the_formula_of_its_function(
    dicomweb: httpx.Client, ct: str, center: float, width: float, function: str
) -> None:
    response = dicomweb.get(f"{ct}/rendered?window={center},{width},{function}", headers=PNG)

    assert response.status_code == 200
    assert close(pixels(response), windowed(HOUNSFIELD, center, width, function))


def test_without_a_window_the_one_of_the_file_is_taken(dicomweb: httpx.Client, ct: str) -> None:
    response = dicomweb.get(f"{ct}/rendered", headers=PNG)

    assert close(pixels(response), windowed(HOUNSFIELD, 40, 400))


def test_a_file_without_a_window_shows_the_range_of_its_values(dicomweb: httpx.Client, study: str) -> None:
    values = np.linspace(1000, 3000, 64).astype(np.uint16).reshape(8, 8)
    store(dicomweb, part10(image(values, f"{study}.1.1")))

    levels = pixels(dicomweb.get(f"{url(f'{study}.1.1')}/rendered", headers=PNG))

    assert (levels.min(), levels.max()) == (0, 255)
    assert close(levels, (values - 1000.0) / 2000 * 255)


def test_values_with_a_sign_are_windowed_as_such(dicomweb: httpx.Client, study: str) -> None:
    values = np.arange(-32, 32, dtype=np.int16).reshape(8, 8) * 100
    store(dicomweb, part10(image(values, f"{study}.1.1")))

    response = dicomweb.get(f"{url(f'{study}.1.1')}/rendered?window=0,3000,linear", headers=PNG)

    assert close(pixels(response), windowed(values, 0, 3000))


def test_monochrome1_is_inverted_last_of_all(dicomweb: httpx.Client, study: str) -> None:
    inverse = ct_image(f"{study}.1.1", PhotometricInterpretation="MONOCHROME1")
    store(dicomweb, part10(inverse))

    response = dicomweb.get(f"{url(f'{study}.1.1')}/rendered?window=300,1500,linear", headers=PNG)

    assert close(pixels(response), 255 - windowed(HOUNSFIELD, 300, 1500))


@pytest.mark.parametrize("planar", [0, 1])
def test_colour_is_not_touched(dicomweb: httpx.Client, study: str, planar: int) -> None:
    colour = np.random.default_rng(3).integers(0, 256, (5, 6, 3), np.uint8)
    stored = image(colour, f"{study}.1.1", PlanarConfiguration=planar)
    if planar:
        stored.PixelData = np.moveaxis(colour, -1, 0).tobytes()
    store(dicomweb, part10(stored))

    response = dicomweb.get(f"{url(f'{study}.1.1')}/rendered", headers=PNG)

    assert np.array_equal(pixels(response), colour)


def test_the_default_is_a_baseline_jpeg_of_the_same_size(dicomweb: httpx.Client, ct: str) -> None:
    response = dicomweb.get(f"{ct}/rendered")

    assert response.headers["content-type"] == "image/jpeg"
    assert b"\xff\xc0" in response.content
    assert imagecodecs.jpeg8_decode(response.content).shape == (8, 8)


@pytest.mark.parametrize(
    ("viewport", "shape"),
    [
        ("4,4", (4, 4)),
        ("16,32", (16, 16)),
        ("8,8,2,2,4,4", (8, 8)),
        ("8,8,0,0,8,4", (4, 8)),
        ("8,8,,,4,8", (8, 4)),
    ],
)
def test_a_viewport_is_filled_as_far_as_the_shape_of_its_region_allows(
    dicomweb: httpx.Client, ct: str, viewport: str, shape: tuple[int, int]
) -> None:
    response = dicomweb.get(f"{ct}/rendered?viewport={viewport}", headers=PNG)

    assert pixels(response).shape == shape


@pytest.mark.parametrize(
    ("viewport", "expected"),
    [
        ("8,8,0,0,-8,8", lambda whole: whole[:, ::-1]),
        ("8,8,0,0,8,-8", lambda whole: whole[::-1]),
        ("4,4,4,0,4,4", lambda whole: whole[:4, 4:]),
    ],
    ids=["left to right", "upside down", "a corner"],
)
def test_a_region_can_be_cut_out_and_flipped(
    dicomweb: httpx.Client, ct: str, viewport: str, expected: Callable[[Any], Any]
) -> None:
    window = "window=1000,4000,linear"
    whole = pixels(dicomweb.get(f"{ct}/rendered?{window}", headers=PNG))

    response = dicomweb.get(f"{ct}/rendered?{window}&viewport={viewport}", headers=PNG)

    assert close(pixels(response), expected(whole))


@pytest.mark.parametrize("path", ["frames/2/rendered", "frames/2/thumbnail"])
def test_a_frame_is_rendered_by_its_number(dicomweb: httpx.Client, frames: str, path: str) -> None:
    response = dicomweb.get(f"{frames}/{path}?viewport=8,8", headers=PNG)

    assert close(pixels(response), np.arange(64, 128).reshape(8, 8))


def test_several_frames_are_a_message_of_pictures(dicomweb: httpx.Client, frames: str) -> None:
    response = dicomweb.get(
        f"{frames}/frames/1,3/rendered", headers={"accept": 'multipart/related; type="image/png"'}
    )

    parts = parts_of(response)
    levels = [int(imagecodecs.png_decode(part.content)[0, 0]) for part in parts]
    assert levels == [0, 128]
    locations = [str(dicomweb.base_url.join(f"{frames}/frames/{number}")) for number in (1, 3)]
    assert [part.headers["content-location"] for part in parts] == locations


@pytest.fixture
def broken(dicomweb: httpx.Client, study: str) -> str:
    """The path of three stored frames of 16 × 16 pixels, the first and last of which end too early."""
    frames = [bytes(np.array([1, 64, *[0] * 14], "<u4")) + b"\x81\xff" * runs for runs in (1, 2, 1)]
    dataset = image(np.zeros((3, 16, 16), np.uint8), f"{study}.1.1")
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].is_undefined_length = True
    store(dicomweb, part10(dataset, "1.2.840.10008.1.2.5"))
    return url(f"{study}.1.1")


def test_a_film_shows_a_gray_card_for_a_frame_that_cannot_be_decoded(
    dicomweb: httpx.Client, broken: str
) -> None:
    film = dicomweb.get(f"{broken}/rendered", headers={"accept": "image/gif"})

    first, second, third = imagecodecs.gif_decode(film.content)[..., 0]
    assert [frame[0, 0] for frame in (first, second, third)] == [96, 255, 96]
    assert (second == 255).all()


def test_a_message_of_frames_has_a_gray_card_for_one_that_cannot_be_decoded(
    dicomweb: httpx.Client, broken: str
) -> None:
    accept = {"accept": 'multipart/related; type="image/png"'}

    parts = parts_of(dicomweb.get(f"{broken}/frames/1,2,3/rendered", headers=accept))

    assert [imagecodecs.png_decode(part.content)[0, 0] for part in parts] == [96, 255, 96]


@pytest.mark.parametrize(
    "path", ["/frames/1/rendered", "/frames/1,3/rendered", "/rendered", "/frames/3/thumbnail"]
)
def test_frames_none_of_which_can_be_decoded_are_refused(
    dicomweb: httpx.Client, broken: str, path: str
) -> None:
    assert dicomweb.get(f"{broken}{path}").status_code == 406


def test_the_first_frame_stands_for_the_instance(dicomweb: httpx.Client, frames: str) -> None:
    response = dicomweb.get(f"{frames}/rendered", headers=PNG)

    assert close(pixels(response), np.arange(64).reshape(8, 8))


def test_a_thumbnail_is_a_small_jpeg(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, part10(image(np.zeros((300, 600), np.uint8), f"{study}.1.1")))

    response = dicomweb.get(f"{url(f'{study}.1.1')}/thumbnail")

    assert response.headers["content-type"] == "image/jpeg"
    assert imagecodecs.jpeg8_decode(response.content).shape == (64, 128)
