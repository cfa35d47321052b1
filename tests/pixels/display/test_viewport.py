import numpy as np
import pytest

from service.errors import InvalidParameter
from service.pixels.display.viewport import Region, Viewport, fit


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width)).astype(np.uint8)


def mean_of_areas(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Average the area of each pixel of the result, the slow way: on a grid that fits both."""
    fine = np.repeat(np.repeat(pixels.astype(float), height, axis=0), width, axis=1)
    blocks = fine.reshape(height, pixels.shape[0], width, pixels.shape[1])
    return np.asarray(blocks.mean(axis=(1, 3)))


@pytest.mark.parametrize(
    ("source", "viewport", "expected"),
    [
        pytest.param((100, 200), (50, 50), (25, 50), id="the width is the limit"),
        pytest.param((200, 100), (50, 50), (50, 25), id="the height is the limit"),
        pytest.param((10, 10), (64, 32), (32, 32), id="smaller images are enlarged"),
        pytest.param((3, 1000), (10, 10), (1, 10), id="never without height"),
        pytest.param((1000, 3), (10, 10), (10, 1), id="never without width"),
        pytest.param((7, 7), (1, 1), (1, 1), id="a single pixel"),
    ],
)
def test_the_result_is_the_largest_of_its_shape_that_fits(
    source: tuple[int, int], viewport: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert fit(picture(*source), Viewport(*viewport)).shape == expected


def test_the_size_of_the_image_leaves_it_as_it_is() -> None:
    pixels = picture(33, 47)

    np.testing.assert_array_equal(fit(pixels, Viewport(47, 33)), pixels)


@pytest.mark.parametrize("size", [pytest.param(10, id="a whole factor"), pytest.param(7, id="a fraction")])
def test_shrinking_averages_the_area_of_each_pixel(size: int) -> None:
    pixels = picture(40, 40)

    shrunk = fit(pixels, Viewport(size, size))

    np.testing.assert_allclose(shrunk, mean_of_areas(pixels, size, size), atol=0.5 + 1e-3)


def test_a_thumbnail_of_fine_stripes_is_gray() -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (512, 256))

    thumbnail = fit(stripes, Viewport(128, 128))

    assert set(thumbnail.ravel().tolist()) <= {127, 128}


def test_enlarging_interpolates_between_neighbours() -> None:
    pixels = np.array([[0, 100], [0, 100]], np.uint8)

    enlarged = fit(pixels, Viewport(4, 4))

    assert enlarged.tolist() == [[0, 25, 75, 100]] * 4


def test_a_region_is_cropped_before_it_is_scaled() -> None:
    pixels = picture(20, 30)

    cropped = fit(pixels, Viewport(8, 5, Region(x=10, y=4, width=8, height=5)))

    np.testing.assert_array_equal(cropped, pixels[4:9, 10:18])


def test_pixels_beside_the_region_do_not_bleed_into_it() -> None:
    pixels = np.zeros((4, 4), np.uint8)
    pixels[1:3, 1:3] = 200

    enlarged = fit(pixels, Viewport(16, 16, Region(1, 1, 2, 2)))

    assert set(enlarged.ravel().tolist()) == {200}


def test_a_region_reaches_to_the_edges_unless_stated() -> None:
    pixels = picture(20, 30)

    np.testing.assert_array_equal(fit(pixels, Viewport(20, 15, Region(x=10, y=5))), pixels[5:, 10:])


@pytest.mark.parametrize(
    "size", [pytest.param(6, id="as it is"), pytest.param(3, id="smaller"), pytest.param(11, id="larger")]
)
def test_negative_sizes_flip(size: int) -> None:
    pixels = picture(6, 6)
    upright = fit(pixels, Viewport(size, size))

    across = fit(pixels, Viewport(size, size, Region(width=-6)))
    down = fit(pixels, Viewport(size, size, Region(height=-6)))

    np.testing.assert_array_equal(across, upright[:, ::-1])
    np.testing.assert_array_equal(down, upright[::-1])


def test_colour_is_scaled_sample_by_sample() -> None:
    planes = [picture(300, 41) for _ in range(3)]

    scaled = fit(np.stack(planes, axis=-1), Viewport(60, 200))

    for index, plane in enumerate(planes):
        np.testing.assert_array_equal(scaled[..., index], fit(plane, Viewport(60, 200)))


def test_what_of_a_region_lies_outside_is_cut_off() -> None:
    pixels = picture(10, 10)

    np.testing.assert_array_equal(fit(pixels, Viewport(5, 5, Region(5, 5, 50, 50))), pixels[5:, 5:])


@pytest.mark.parametrize(
    "region",
    [
        pytest.param(Region(x=10), id="beyond the right edge"),
        pytest.param(Region(y=1e300), id="far below"),
        pytest.param(Region(x=-20, width=10), id="left of the image"),
        pytest.param(Region(width=0), id="no width"),
        pytest.param(Region(x=float("nan")), id="not a number"),
        pytest.param(Region(height=float("nan")), id="nor its height"),
    ],
)
def test_a_region_without_pixels_is_refused(region: Region) -> None:
    with pytest.raises(InvalidParameter, match="viewport"):
        fit(picture(10, 10), Viewport(5, 5, region))


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, -1), (65536, 5), (5, 10**400)])
def test_a_size_that_is_no_picture_is_refused(width: int, height: int) -> None:
    with pytest.raises(InvalidParameter, match="viewport"):
        Viewport(width, height)


def test_a_result_too_large_for_memory_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="viewport"):
        fit(picture(2, 2), Viewport(65535, 65535))


def test_a_sliver_of_a_pixel_is_a_region() -> None:
    pixels = picture(4, 4)

    enlarged = fit(pixels, Viewport(3, 3, Region(1.25, 2.25, 1e-9, 1e-9)))

    assert set(enlarged.ravel().tolist()) == {pixels[2, 1]}
