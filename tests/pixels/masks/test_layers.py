import numpy as np
import pytest

from service.pixels.masks.layers import as_bits, bits_within, labels, overlapping


@pytest.mark.parametrize("kind", ["u1", "<u2", "<f4", "<i4"])
def test_bits_of_segments_become_their_numbers(kind: str) -> None:
    expected = np.random.default_rng(1).integers(0, 128 if kind == "u1" else 400, (7, 5))
    layers = [(number, as_bits(expected == number)) for number in np.unique(expected).tolist() if number]

    made = labels(layers, (7, 5), np.dtype(kind))

    assert made.dtype == kind
    np.testing.assert_array_equal(made, expected)


def test_two_segments_that_share_a_pixel_are_named() -> None:
    first, second, third = np.zeros((3, 4, 4), np.uint8)
    first[0, 0] = second[1, 1] = third[1, 1:] = 1
    layers = [(number, as_bits(layer)) for number, layer in ((1, first), (5, second), (7, third))]

    assert overlapping(layers) == (5, 7)
    assert overlapping(layers[:2]) is None


@pytest.mark.parametrize("shape", [(6, 16), (5, 7)])
def test_a_part_of_an_image_is_where_it_was(shape: tuple[int, int]) -> None:
    inside = np.random.default_rng(1).random((3, 4)) > 0.5
    image = np.zeros(shape, bool)
    image[2:5, 1:5] = inside

    np.testing.assert_array_equal(bits_within(2, 1, inside, shape), as_bits(image))
