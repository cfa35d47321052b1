import imagecodecs
import numpy as np
import pytest

from service.pixels.display.image_files import jpeg, png

START_OF_BASELINE_FRAME = b"\xff\xc0"


def picture(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (512, 512), (1, 1, 3), (6, 9, 3)])
def test_a_png_is_the_same_picture(shape: tuple[int, ...]) -> None:
    pixels = picture(*shape)

    np.testing.assert_array_equal(imagecodecs.png_decode(png(pixels)), pixels)


def test_pixels_need_not_lie_in_order() -> None:
    pixels = np.moveaxis(picture(3, 8, 9), 0, -1)[::-1]

    np.testing.assert_array_equal(imagecodecs.png_decode(png(pixels)), pixels)
    assert imagecodecs.jpeg8_decode(jpeg(pixels, 90)).shape == (8, 9, 3)


@pytest.mark.parametrize("quality", [1, 20, 90, 100])
@pytest.mark.parametrize("shape", [(16, 16), (16, 16, 3)])
def test_a_jpeg_is_baseline_at_any_quality(shape: tuple[int, ...], quality: int) -> None:
    encoded = jpeg(picture(*shape), quality)

    assert START_OF_BASELINE_FRAME in encoded
    assert b"\xff\xc1" not in encoded[: encoded.index(b"\xff\xda")]
    assert imagecodecs.jpeg8_decode(encoded).reshape(shape).shape == shape


def test_a_jpeg_of_high_quality_is_close_to_the_picture() -> None:
    ramp = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    colours = np.stack([ramp, ramp[::-1], 255 - ramp], axis=-1)

    for pixels in (ramp, colours):
        decoded = imagecodecs.jpeg8_decode(jpeg(pixels, 95))
        np.testing.assert_allclose(decoded.astype(int), pixels, atol=4)


def test_quality_costs_bytes() -> None:
    pixels = picture(64, 64)

    sizes = [len(jpeg(pixels, quality)) for quality in (5, 50, 95)]

    assert sizes == sorted(sizes)


@pytest.mark.parametrize("shape", [(1, 65535), (65535, 1)])
def test_the_longest_side_of_a_dicom_image_can_be_written(shape: tuple[int, int]) -> None:
    pixels = np.zeros(shape, np.uint8)

    assert imagecodecs.jpeg8_decode(jpeg(pixels, 90)).shape == shape
    assert imagecodecs.png_decode(png(pixels)).shape == shape
