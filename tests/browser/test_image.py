"""A picture in a browser: scrolling through the stack, windows, what follows."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import SLICES
from tests.waiting import until


async def _open(page: Page, site: str, instance: str = "1/1.2/1.2.1") -> None:
    await page.goto(f"{site}browse/{instance}")
    await expect(page.get_by_role("slider")).to_be_enabled()


async def test_arrow_keys_scroll_through_the_stack(page: Page, site: str) -> None:
    await _open(page, site)

    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")

    await expect(page.locator(".stage .at")).to_have_text(f"3 of {SLICES}")
    await expect(page.locator(".stage img")).to_have_attribute("src", re.compile(r"/instances/1\.2\.3/"))
    await page.keyboard.press("End")
    await expect(page.locator(".stage .at")).to_have_text(f"{SLICES} of {SLICES}")


@pytest.mark.parametrize("pixels", [53, 100, 120])
async def test_the_wheel_moves_one_frame_a_notch(page: Page, site: str, pixels: int) -> None:
    await _open(page, site, "3/3.4/3.4.5")

    await page.locator(".stage").hover()
    await page.mouse.wheel(0, pixels)

    await expect(page.locator(".stage .at")).to_have_text("1 of 1, frame 2 of 3")
    await page.mouse.wheel(0, pixels)
    await expect(page.locator(".stage .at")).to_have_text("1 of 1, frame 3 of 3")
    await page.mouse.wheel(0, -pixels)
    await expect(page.locator(".stage .at")).to_have_text("1 of 1, frame 2 of 3")


async def test_small_movements_of_a_trackpad_add_up_to_a_notch(page: Page, site: str) -> None:
    await _open(page, site)

    await page.locator(".stage").hover()
    for _ in range(20):
        await page.mouse.wheel(0, 10)

    await expect(page.locator(".stage .at")).to_have_text(f"3 of {SLICES}")


async def test_address_and_facts_follow_the_picture(page: Page, site: str) -> None:
    await _open(page, site)

    await page.get_by_role("link", name="Next").click()

    await expect(page).to_have_url(re.compile(r"browse/1/1\.2/1\.2\.2\?frame=1$"))
    link = page.get_by_role("link", name="All attributes")
    await expect(link).to_have_attribute("href", re.compile(r"1\.2\.2/attributes$"))


async def test_dragging_changes_the_window_and_r_brings_that_of_the_file_back(page: Page, site: str) -> None:
    await _open(page, site)
    await expect(page.locator(".stage .window")).to_have_text("C 40 W 400")

    await page.mouse.move(400, 400)
    await page.mouse.down()
    await page.mouse.move(450, 440)
    await page.mouse.up()

    await expect(page.locator(".stage .window")).to_have_text("C 80 W 500")
    await expect(page.locator(".stage img")).to_have_attribute("src", re.compile("window=80%2C500%2Clinear"))
    await page.keyboard.press("r")
    await expect(page.locator(".stage img")).to_have_attribute(
        "src", re.compile("rendered.accept=image%2Fjpeg$")
    )


async def test_dragging_begins_with_the_values_where_the_file_names_no_window(page: Page, site: str) -> None:
    await _open(page, site, "3/3.4/3.4.5")

    await page.mouse.move(400, 400)
    await page.mouse.down()

    assert await until(lambda: _follows(page, r"C 31.5 W \d+"))
    await page.mouse.up()


async def _follows(page: Page, window: str) -> bool:
    """Tell whether the window is like this once the mouse has moved on."""
    await page.mouse.move(420, 400)
    await page.mouse.move(410, 400)
    return bool(re.match(window, await page.locator(".stage .window").inner_text()))


async def test_a_preset_is_a_click_and_stays_while_scrolling(page: Page, site: str) -> None:
    await _open(page, site)

    await page.get_by_role("link", name="Lung", exact=True).last.click()
    await page.keyboard.press("ArrowDown")

    await expect(page.locator(".stage .window")).to_have_text("C -600 W 1500")
    await expect(page.locator(".stage img")).to_have_attribute("src", re.compile(r"1\.2\.2/.*window=lung"))
    await expect(page).to_have_url(re.compile("window=lung"))


async def test_the_histogram_is_fetched_when_it_is_unfolded(page: Page, site: str) -> None:
    await _open(page, site)

    async with page.expect_response(re.compile(r"frames/1/statistics")) as answer:
        await page.get_by_text("Histogram").click()

    assert (await answer.value).headers["content-type"] == "image/png"


async def test_a_window_is_never_narrower_than_0(page: Page, site: str) -> None:
    await _open(page, site)

    await page.get_by_label("Width").fill("0")
    await page.get_by_role("button", name="Set window").click()
    await page.mouse.move(400, 400)
    await page.mouse.down()
    await page.mouse.move(0, 400)
    await page.mouse.up()

    await expect(page.locator(".stage .window")).to_have_text("C 40 W 1")
    await expect(page.locator(".stage img")).to_have_js_property("naturalWidth", 8)
    await expect(page.locator(".stage .problem")).to_be_hidden()
