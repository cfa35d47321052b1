"""Images in OHIF: what its canvas shows is what this service renders of the same frame."""

from functools import partial

import numpy as np
import pytest
from playwright.async_api import Locator

from tests.viewer.ohif import Ohif
from tests.viewer.phantoms import (
    BRAIN,
    CHEST,
    CT_SERIES,
    ECHO,
    SIZE,
    SLICES,
    SPACING,
    THICKNESS,
    chest,
    position,
)
from tests.waiting import until

X, Y, Z = range(3)
_STEPS = np.array([SPACING, SPACING, THICKNESS])  # mm from a voxel to the next
_IN_STEP = 0.99  # correlation: OHIF shows volumes a tenth darker than images
_SERIES = [description for description, *_ in CT_SERIES]


async def test_a_ct_opens_with_its_series_and_their_thumbnails(ohif: Ohif) -> None:
    await ohif.open_study(CHEST)

    for description in _SERIES:
        thumbnail = ohif.series(description).locator("img")
        assert await until(partial(_is_larger_than_a_slice, thumbnail))
    assert await until(ohif.shows_as_rendered)


@pytest.mark.parametrize("description", _SERIES[1:])
async def test_a_compressed_series_looks_as_it_is_rendered(ohif: Ohif, description: str) -> None:
    await ohif.open_images(CHEST)
    number = _SERIES.index(description) + 1

    await ohif.open_series(description)

    assert await until(lambda: _shows(ohif, f"/series/2.25.{CHEST}.{number}/"))
    assert await until(ohif.shows_as_rendered)


async def test_the_wheel_scrolls_through_the_slices(ohif: Ohif) -> None:
    await ohif.open_images(CHEST)
    first = await ohif.displayed()

    await ohif.page.locator("[data-cy=viewport-pane]").hover()
    for _ in range(SLICES // 2):
        await ohif.page.mouse.wheel(0, 100)

    assert await until(lambda: _has_moved(ohif, first))
    assert await until(ohif.shows_as_rendered)


@pytest.mark.parametrize(("key", "window"), [("2", "-600,1500"), ("4", "480,2500")], ids=["lung", "bone"])
async def test_a_window_preset_shows_its_window(ohif: Ohif, key: str, window: str) -> None:
    await ohif.open_images(CHEST)

    await ohif.page.locator("[data-cy=viewport-pane]").hover()
    await ohif.page.keyboard.press(key)

    assert await until(lambda: ohif.shows_as_rendered(f"&window={window},linear"))


async def test_mpr_shows_the_volume_in_three_planes(ohif: Ohif) -> None:
    await ohif.open_images(CHEST)
    await ohif.page.locator("[data-cy=Layout] button").first.click()
    await ohif.page.locator("[data-cy=MPR]").click()

    for index, axis in enumerate((Z, X, Y)):
        assert await until(partial(_cuts, ohif, index, axis))


async def test_an_mr_looks_as_it_is_rendered(ohif: Ohif) -> None:
    await ohif.open_study(BRAIN)

    assert await until(ohif.shows_as_rendered)


@pytest.mark.parametrize(("description", "number"), [("Cine", 1), ("Enhanced", 2)])
async def test_a_multi_frame_image_scrolls_through_its_frames(
    ohif: Ohif, description: str, number: int
) -> None:
    await ohif.open_images(ECHO)
    await ohif.open_series(description)
    assert await until(lambda: _shows(ohif, f"/instances/2.25.{ECHO}.{number}.1/"))
    assert await until(ohif.shows_as_rendered)
    first = await ohif.displayed()

    await ohif.page.locator("[data-cy=viewport-pane]").hover()
    for _ in range(6):
        await ohif.page.mouse.wheel(0, 100)

    assert await until(lambda: _has_moved(ohif, first))
    assert await until(ohif.shows_as_rendered)


async def _is_larger_than_a_slice(thumbnail: Locator) -> bool:
    return bool(await thumbnail.evaluate("image => image.complete && image.naturalWidth") > SIZE)


async def _shows(ohif: Ohif, part: str) -> bool:
    return part in await ohif.displayed()


async def _has_moved(ohif: Ohif, first: str) -> bool:
    return await ohif.displayed() != first


async def _cuts(ohif: Ohif, index: int, axis: int) -> bool:
    """Tell whether a viewport shows the plane of the chest that it stands at, in the window 40, 400."""
    volume = chest()
    focal_point = await ohif.focal_point(index)
    plane = round((focal_point[axis] - position(0)[axis]) / _STEPS[axis])
    places = np.take(np.moveaxis(np.indices(volume.shape), 0, -1), plane, 2 - axis).reshape(-1, 3)
    expected = np.clip((np.take(volume, plane, 2 - axis).ravel() - 39.5) / 399 + 0.5, 0, 1) * 255
    levels = await ohif.levels((position(0) + _STEPS * places[:, ::-1]).tolist(), index)
    return bool(levels.std() > 10 and np.corrcoef(levels[:, 0], expected)[0, 1] > _IN_STEP)
