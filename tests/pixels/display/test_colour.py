import numpy as np
import pytest

from service.errors import NotRenderable
from service.pixels.display.colour import palette_levels, rgb_levels, ybr_full_levels, ybr_partial_levels
from tests.pixels.images import described


def test_8_bit_rgb_is_shown_as_it_is() -> None:
    stored = np.arange(256, dtype=np.uint8)

    levels = rgb_levels(stored, described(samples=3, photometric="RGB", allocated=8))

    np.testing.assert_array_equal(levels, stored)


@pytest.mark.parametrize("bits", [1, 7, 10, 12, 16])
def test_the_largest_value_of_bits_stored_becomes_255(bits: int) -> None:
    stored = np.arange(2**bits, dtype=np.uint16)

    levels = rgb_levels(stored, described(samples=3, photometric="RGB", stored=bits))

    expected = [round(255 * value / (2**bits - 1)) for value in stored.tolist()]
    assert levels.tolist() == expected


def test_16_bit_values_of_two_equal_bytes_become_that_byte() -> None:
    replicated = (np.arange(256) * 0x0101).astype(np.uint16)

    levels = rgb_levels(replicated, described(samples=3, photometric="RGB"))

    assert levels.tolist() == list(range(256))


def standard_rgb(y: float, blue: float, red: float) -> list[float]:
    """Return red, green and blue as PS3.3 C.7.6.3.1.2 defines YBR_FULL, before rounding."""
    rgb = (
        y + 1.402 * (red - 128),
        y - 0.344136 * (blue - 128) - 0.714136 * (red - 128),
        y + 1.772 * (blue - 128),
    )
    return [min(max(level, 0), 255) for level in rgb]


def test_ybr_full_follows_the_standard() -> None:
    stored = np.random.default_rng(6).integers(0, 256, (300, 7, 3)).astype(np.uint8)

    levels = ybr_full_levels(stored, described(samples=3, photometric="YBR_FULL", allocated=8))

    expected = [standard_rgb(*pixel) for pixel in stored.reshape(-1, 3).tolist()]
    np.testing.assert_allclose(levels.reshape(-1, 3), expected, atol=0.5 + 1e-3)


def test_ybr_of_16_bits_is_shown_like_its_upper_8() -> None:
    stored = np.array([[[0x4C00, 0x5500, 0xFF00]]], np.uint16)

    levels = ybr_full_levels(stored, described(samples=3, photometric="YBR_FULL"))

    assert levels.tolist() == [[[254, 0, 0]]]


@pytest.mark.parametrize(
    ("stored", "levels"),
    [
        pytest.param([16, 128, 128], [0, 0, 0], id="black"),
        pytest.param([235, 128, 128], [255, 255, 255], id="white"),
        pytest.param([0, 128, 128], [0, 0, 0], id="below black"),
        pytest.param([81, 90, 240], [254, 0, 0], id="red"),
    ],
)
def test_ybr_partial_uses_a_part_of_the_range(stored: list[int], levels: list[int]) -> None:
    description = described(samples=3, photometric="YBR_PARTIAL_422", allocated=8)

    picture = ybr_partial_levels(np.array([[stored]], np.uint8), description)

    np.testing.assert_allclose(picture[0, 0], levels, atol=1)


def test_a_palette_is_not_made_up() -> None:
    with pytest.raises(NotRenderable, match="no palette"):
        palette_levels(np.zeros((2, 2), np.uint8), described())
