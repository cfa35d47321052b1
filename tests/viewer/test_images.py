"""Images in OHIF: what its canvas shows is what this service renders of the same frame."""

from typing import Any

import httpx
import numpy as np
import pytest

from tests.viewer.ohif import Ohif, until
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

_IN_STEP = 0.98  # correlation: OHIF shows volumes a tenth darker than images
_SERIES = [description for description, *_ in CT_SERIES]


async def test_a_ct_opens_with_its_series_and_their_thumbnails(ohif: Ohif, phantoms: httpx.Client) -> None:
    await ohif.open_study(CHEST)

    for description in _SERIES:
        picture = ohif.series(description).locator("img")
        await picture.wait_for()
        assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > SIZE
    assert await until(lambda: ohif.shows_as_rendered(phantoms))


@pytest.mark.parametrize("description", _SERIES[1:])
async def test_a_compressed_series_looks_as_it_is_rendered(
    ohif: Ohif, phantoms: httpx.Client, description: str
) -> None:
    await ohif.open_study(CHEST)
    assert await until(lambda: ohif.shows_as_rendered(phantoms))
    number = _SERIES.index(description) + 1

    await ohif.open_series(description)

    assert await until(lambda: _shows(ohif, f"/series/2.25.{CHEST}.{number}/"))
    assert await until(lambda: ohif.shows_as_rendered(phantoms))


async def test_the_wheel_scrolls_through_the_slices(ohif: Ohif, phantoms: httpx.Client) -> None:
    await ohif.open_study(CHEST)
    assert await until(lambda: ohif.shows_as_rendered(phantoms))
    first = await ohif.displayed()

    await ohif.page.locator("[data-cy=viewport-pane]").hover()
    for _ in range(SLICES // 2):
        await ohif.page.mouse.wheel(0, 100)

    assert await until(lambda: _has_moved(ohif, first))
    assert await until(lambda: ohif.shows_as_rendered(phantoms))


@pytest.mark.parametrize(("key", "window"), [("2", "-600,1500"), ("4", "480,2500")], ids=["lung", "bone"])
async def test_a_window_preset_shows_its_window(
    ohif: Ohif, phantoms: httpx.Client, key: str, window: str
) -> None:
    await ohif.open_study(CHEST)
    assert await until(lambda: ohif.shows_as_rendered(phantoms))

    await ohif.page.locator("[data-cy=viewport-pane]").hover()
    await ohif.page.keyboard.press(key)

    assert await until(lambda: ohif.shows_as_rendered(phantoms, f"&window={window},linear"))


async def test_mpr_shows_the_volume_in_three_planes(ohif: Ohif) -> None:
    await ohif.open_study(CHEST)
    await ohif.page.locator("[data-cy=Layout] button").first.click()
    await ohif.page.locator("[data-cy=MPR]").click()

    for index, plane in enumerate(("axial", "sagittal", "coronal")):
        assert await until(lambda index=index, plane=plane: _cuts(ohif, index, plane)), plane


async def test_an_mr_looks_as_it_is_rendered(ohif: Ohif, phantoms: httpx.Client) -> None:
    await ohif.open_study(BRAIN)

    assert await until(lambda: ohif.shows_as_rendered(phantoms))


@pytest.mark.parametrize(("description", "number"), [("Cine", 1), ("Enhanced", 2)])
async def test_a_multi_frame_image_scrolls_through_its_frames(
    ohif: Ohif, phantoms: httpx.Client, description: str, number: int
) -> None:
    await ohif.open_study(ECHO)
    await ohif.open_series(description)
    assert await until(lambda: _shows(ohif, f"/instances/2.25.{ECHO}.{number}.1/"))
    assert await until(lambda: ohif.shows_as_rendered(phantoms))
    first = await ohif.displayed()

    await ohif.page.locator("[data-cy=viewport-pane]").hover()
    for _ in range(6):
        await ohif.page.mouse.wheel(0, 100)

    assert await until(lambda: _has_moved(ohif, first))
    assert await until(lambda: ohif.shows_as_rendered(phantoms))


async def _shows(ohif: Ohif, part: str) -> bool:
    return part in await ohif.displayed()


async def _has_moved(ohif: Ohif, first: str) -> bool:
    return await ohif.displayed() != first


async def _cuts(ohif: Ohif, index: int, plane: str) -> bool:
    """Tell whether a viewport shows the plane through the middle of the chest, in its window 40, 400."""
    volume = chest()
    middle = [size // 2 for size in volume.shape]
    planes = {"axial": np.s_[middle[0]], "sagittal": np.s_[:, :, middle[2]], "coronal": np.s_[:, middle[1]]}
    points = np.stack(np.meshgrid(*map(np.arange, volume.shape), indexing="ij"), -1)[planes[plane]]
    levels = await ohif.levels(_places(points.reshape(-1, 3)), index)
    expected = np.clip((volume[planes[plane]].ravel() - 39.5) / 399 + 0.5, 0, 1) * 255
    print("DBG", plane, levels.std(), np.corrcoef(levels[:, 0], expected)[0, 1] if levels.std() > 1 else 0)
    return bool(levels.std() > 10 and np.corrcoef(levels[:, 0], expected)[0, 1] > _IN_STEP)


def _places(voxels: np.ndarray[Any, Any]) -> list[list[float]]:
    """Return the middles of voxels, given as (slice, row, column), in mm."""
    steps = np.array([SPACING, SPACING, THICKNESS])
    found: list[list[float]] = (position(0) + steps * voxels[:, ::-1]).tolist()
    return found
