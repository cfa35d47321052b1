import numpy as np
import pytest

from service.pixels.colour import rgb_levels
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
