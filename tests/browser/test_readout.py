"""A picture in a browser: the value under the pointer, its place, letters, a scale; zoom, and playing."""

import re

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import DICOM
from tests.builders import ct_image, part10
from tests.waiting import PATIENCE

PLACED = {
    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    "PixelSpacing": [2, 2],
    "RescaleIntercept": -1024,
}


@pytest.fixture
async def placed(page: Page, site: str) -> Page:
    """The second of three slices of 8 × 8 pixels, 64 HU apart, 2 mm wide; it lies at z = 20 mm."""
    async with httpx.AsyncClient(base_url=site, headers=DICOM, timeout=PATIENCE) as client:
        for number in (1, 2, 3):
            position = [-8, -8, 10 * number]
            slice_ = ct_image(f"7.8.{number}", InstanceNumber=number, ImagePositionPatient=position, **PLACED)
            (await client.post("dicom-web/studies", content=part10(slice_))).raise_for_status()
    await page.goto(f"{site}browse/7/7.8/7.8.2")
    await expect(page.get_by_role("slider")).to_be_enabled()
    return page


async def _point(page: Page, column: float, row: float) -> None:
    """Move the pointer onto a place of the whole picture, in pixels of it from its upper left corner."""
    box = await page.locator(".stage").bounding_box()
    assert box
    side = min(box["width"], box["height"])
    left, top = (box["width"] - side) / 2, (box["height"] - side) / 2
    await page.mouse.move(box["x"] + left + column * side / 8, box["y"] + top + row * side / 8)


async def test_the_value_under_the_pointer_is_told_with_its_place(placed: Page) -> None:
    await _point(placed, 3.5, 1.5)

    under = placed.locator(".under")
    await expect(under).to_have_text(re.compile(r"^-320 HU · x -2\.0 y -6\.0 z 20\.0 mm · col 3, row 1$"))
    letter, line = await placed.locator(".edges .bottom").bounding_box(), await under.bounding_box()
    assert letter
    assert line
    assert letter["y"] + letter["height"] <= line["y"]  # of whatever length the line is
    await placed.keyboard.press("ArrowDown")
    await expect(under).to_have_text(re.compile("^-320 HU .* z 30.0 mm"))
    await placed.get_by_role("heading", name="Series 1").last.hover()
    await expect(under).to_be_hidden()


async def test_letters_and_a_scale_are_on_the_picture(placed: Page) -> None:
    for edge, letter in (("Left", "R"), ("Right", "L"), ("Top", "A"), ("Bottom", "P")):
        await expect(placed.locator(".edges")).to_contain_text(f"{edge} edge: {letter}")
    ruler = placed.locator(".ruler")
    box, bar = await placed.locator(".stage").bounding_box(), await ruler.locator("i").bounding_box()
    assert box
    assert bar
    length = float((await ruler.inner_text()).removesuffix(" mm"))
    assert bar["width"] == pytest.approx(length * min(box["width"], box["height"]) / 16, rel=0.01)


async def test_a_picture_is_zoomed_about_the_pointer_moved_and_whole_again(placed: Page) -> None:
    await _point(placed, 3.5, 1.5)
    await placed.keyboard.down("Control")
    await placed.mouse.wheel(0, -240)
    await placed.keyboard.up("Control")

    under = placed.locator(".under")
    await expect(placed.get_by_role("button", name="Whole picture")).to_be_visible()
    await expect(under).to_have_text(re.compile("^-320 HU .* col 3, row 1$"))
    await _point(placed, 4.9, 1.5)
    await expect(under).to_have_text(re.compile("col 4, row 1$"))
    await placed.keyboard.down("Shift")
    await placed.mouse.down()
    await _point(placed, 3.5, 2.5)
    await placed.mouse.up()
    await placed.keyboard.up("Shift")
    await expect(under).to_have_text(re.compile("col 4, row 1$"))
    await expect(placed.locator(".stage .window")).to_have_text("C 40 W 400")
    await placed.keyboard.press("0")
    await expect(under).to_have_text(re.compile("col 3, row 2$"))


async def test_slices_are_played_as_a_loop_until_somebody_scrolls(placed: Page) -> None:
    await placed.keyboard.press("Space")
    await expect(placed.get_by_role("button", name="Stop")).to_be_visible()
    for number in (1, 3):
        await expect(placed.locator(".stage .at")).to_have_text(f"{number} of 3")

    await placed.keyboard.press("Home")

    await expect(placed.get_by_role("button", name="Play")).to_be_visible()
    await expect(placed.locator(".stage .at")).to_have_text("1 of 3")
    await expect(placed).to_have_url(re.compile(r"7\.8\.1\?frame=1$"))
