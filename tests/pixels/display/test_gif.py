import imagecodecs
import numpy as np
import pytest

from service.pixels.arrays import Levels
from service.pixels.display.gif import TRAILER, animation_frame, animation_head, gif, quantized


def _noise(*shape: int) -> Levels:
    return np.random.default_rng(5).integers(0, 256, shape).astype(np.uint8)


def test_gray_is_kept_exactly_even_when_it_is_noise() -> None:
    pixels = _noise(70, 50)

    result = imagecodecs.gif_decode(gif(pixels))

    np.testing.assert_array_equal(result, np.repeat(pixels[..., np.newaxis], 3, axis=2))


def test_up_to_256_colours_are_kept_exactly() -> None:
    colours = np.stack(np.meshgrid(range(0, 256, 40), range(0, 256, 40), [10, 90, 250]), axis=-1)
    pixels = colours.reshape(7, 21, 3).astype(np.uint8)

    result = imagecodecs.gif_decode(gif(pixels))

    np.testing.assert_array_equal(result, pixels)


def test_more_colours_become_the_nearest_there_is_room_for() -> None:
    ramp = np.stack(
        [np.tile(np.arange(256), (64, 1)), np.repeat(np.arange(64) * 4, 256).reshape(64, 256)], -1
    )
    pixels = np.concatenate([ramp, 255 - ramp[..., :1]], axis=-1).astype(np.uint8)

    indices, table = quantized(pixels)

    assert np.abs(table[indices].astype(int) - pixels).mean() < 8


@pytest.mark.parametrize("shape", [(9, 12), (9, 12, 3)])
def test_an_animation_has_the_pictures_one_after_the_other(shape: tuple[int, ...]) -> None:
    pictures = [_noise(*shape) // 64 * 64 for _ in range(3)]
    files = [gif(picture) for picture in (pictures[0], 255 - pictures[1], pictures[2])]

    film = animation_head(files[0]) + b"".join(animation_frame(file, 0.05) for file in files) + TRAILER

    frames = imagecodecs.gif_decode(film)
    assert frames.shape == (3, 9, 12, 3)
    for frame, file in zip(frames, files, strict=True):
        np.testing.assert_array_equal(frame, imagecodecs.gif_decode(file))


@pytest.mark.parametrize(("seconds", "hundredths"), [(0.04, 4), (0.0, 2), (1e9, 65535)])
def test_a_frame_is_seen_as_long_as_it_is_said(seconds: float, hundredths: int) -> None:
    frame = animation_frame(gif(_noise(4, 4)), seconds)

    assert int.from_bytes(frame[4:6], "little") == hundredths


def test_an_animation_repeats_for_ever() -> None:
    assert b"NETSCAPE2.0\x03\x01\x00\x00" in animation_head(gif(_noise(2, 2)))
