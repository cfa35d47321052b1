from io import BytesIO

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from service.errors import NotRenderable
from service.pixels.display import icc
from service.pixels.display.image_files import jp2, jpeg, png

PICTURE = np.full((4, 5, 3), (200, 100, 50), np.uint8)


@pytest.mark.parametrize("space", icc.SPACES)
def test_named_profiles_are_profiles_of_rgb(space: str) -> None:
    content = icc.profile(space)

    assert icc.is_usable(content)
    assert int.from_bytes(content[:4], "big") == len(content)


@pytest.mark.parametrize(
    ("space", "expected"),
    [("srgb", (200, 100, 50)), ("adobergb", (177, 100, 56)), ("rommrgb", (143, 95, 50))],
)
def test_a_picture_is_converted_to_the_space_asked_for(space: str, expected: tuple[int, int, int]) -> None:
    converted = icc.converted(PICTURE, icc.profile("srgb"), icc.profile(space))

    np.testing.assert_allclose(converted[0, 0], expected, atol=1)


def test_gray_stays_gray() -> None:
    converted = icc.converted(np.full((2, 2), 128, np.uint8), icc.profile("srgb"), icc.profile("adobergb"))

    assert converted.shape == (2, 2, 3)
    assert np.ptp(converted) == 0


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(bytes(500), id="no profile"),
        pytest.param(icc.profile("srgb")[:100], id="cut in its header"),
        pytest.param(icc.profile("srgb").replace(b"RGB ", b"CMYK"), id="for printing"),
    ],
)
def test_what_is_no_profile_of_rgb_is_not_used(content: bytes) -> None:
    assert not icc.is_usable(content)


def test_a_profile_that_is_broken_beyond_its_header_is_refused() -> None:
    broken = icc.profile("adobergb")[:128] + bytes(400)

    with pytest.raises(NotRenderable, match="ICC profile"):
        icc.converted(PICTURE, broken, icc.profile("srgb"))


def test_a_png_carries_its_profile_before_its_pixels() -> None:
    file = icc.in_png(png(PICTURE), icc.profile("srgb"))

    assert file.index(b"IHDR") < file.index(b"iCCP") < file.index(b"IDAT")
    np.testing.assert_array_equal(imagecodecs.png_decode(file), PICTURE)


def test_a_jpeg_2000_file_specifies_its_colours_by_its_profile() -> None:
    profile = icc.profile("adobergb")

    file = icc.in_jp2(jp2(PICTURE, 100), profile)

    assert (file.count(profile), file.count(b"colr")) == (1, 1)
    assert file.index(b"jp2h") < file.index(profile) < file.index(b"jp2c")
    with Image.open(BytesIO(file)) as image:
        np.testing.assert_array_equal(np.asarray(image), PICTURE)


def test_a_jpeg_carries_a_long_profile_in_numbered_segments() -> None:
    profile = np.random.default_rng(1).bytes(100_000)

    file = icc.in_jpeg(jpeg(PICTURE, 90), profile)

    first, second = file.split(b"ICC_PROFILE\0")[1:]
    assert (first[:2], second[:2]) == (b"\1\2", b"\2\2")
    assert first[2:-4] + second[2:][: 100_000 - 65519] == profile
    assert imagecodecs.jpeg8_decode(file).shape == PICTURE.shape
