"""What holds for every page, whatever is on it."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.waiting import PATIENCE

PAGES = ("", "browse/1", "browse/1/1.2", "browse/1/1.2/1.2.1", "browse/1/1.2/1.2.1/attributes", "docs")


@pytest.mark.parametrize("path", PAGES)
async def test_nothing_is_wider_than_a_phone(page: Page, site: str, path: str) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})

    await page.goto(site + path)

    assert await page.evaluate("document.documentElement.scrollWidth") == 390


async def test_listing_and_looking_work_without_scripts(browser: Browser, site: str) -> None:
    async with await browser.new_context(java_script_enabled=False) as context:
        context.set_default_timeout(1000 * PATIENCE)
        page = await context.new_page()
        await page.goto(site)
        await page.get_by_role("searchbox").fill("chest")
        await page.get_by_role("button", name="Search").click()
        await page.get_by_role("link", name="Doe, Jane").click()
        await page.get_by_role("link", name="Lung").click()
        await page.get_by_role("link", name="512").or_(page.locator(".cards a")).first.click()
        await page.get_by_role("link", name="Next").click()
        await page.get_by_role("link", name="Bone", exact=True).click()

        await expect(page.locator(".stage .at")).to_have_text("2 of 5")
        await expect(page.locator(".stage .window")).to_have_text("C 300 W 1500")
        await expect(page.locator(".stage img")).to_have_js_property("naturalWidth", 8)
        await expect(page.get_by_role("button", name="Delete")).to_have_count(0)


async def test_attributes_are_found_while_they_are_typed(page: Page, site: str) -> None:
    await page.goto(f"{site}browse/1/1.2/1.2.1/attributes")

    await page.get_by_role("searchbox").press_sequentially("rescale")

    await expect(page.locator(".outline tbody tr")).to_have_count(2)
    await expect(page.locator(".outline")).to_contain_text("RescaleSlope")


async def test_operations_are_found_while_they_are_typed(page: Page, site: str) -> None:
    await page.goto(f"{site}docs")

    await page.get_by_role("searchbox").press_sequentially("histogram png")

    await expect(page.locator("article").first).to_contain_text("statistics")
    await expect(page.get_by_text("Store Instances of any Studies")).to_have_count(0)
