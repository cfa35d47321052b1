"""A picture on a phone: one finger scrolls through the slices."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import SLICES
from tests.waiting import PATIENCE


@pytest.fixture
async def phone(browser: Browser, site: str) -> AsyncIterator[Page]:
    """The first of five slices on a phone."""
    async with await browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ) as context:
        context.set_default_timeout(1000 * PATIENCE)
        page = await context.new_page()
        await page.goto(f"{site}browse/1/1.2/1.2.1")
        await expect(page.get_by_role("slider")).to_be_enabled()
        yield page


async def _swipe(page: Page, right: int, down: int, fingers: int = 1) -> None:
    """Move fingers from the middle of the stage, in ten steps."""
    session = await page.context.new_cdp_session(page)
    for step in range(11):
        points = [
            {"x": 195 + 40 * finger + right * step / 10, "y": 360 + down * step / 10, "id": finger}
            for finger in range(fingers)
        ]
        kind = "touchMove" if step else "touchStart"
        await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    await session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


async def test_a_swipe_up_leads_to_later_slices_and_down_to_earlier_ones(phone: Page) -> None:
    await _swipe(phone, 0, -100)
    await expect(phone.locator(".stage .at")).to_have_text(f"3 of {SLICES}")

    await _swipe(phone, 0, 60)
    await expect(phone.locator(".stage .at")).to_have_text(f"2 of {SLICES}")


async def test_a_swipe_to_the_left_scrolls_too(phone: Page) -> None:
    await _swipe(phone, -100, 5)

    await expect(phone.locator(".stage .at")).to_have_text(f"3 of {SLICES}")


async def test_a_swipe_leaves_the_window_and_the_page_as_they_are(phone: Page) -> None:
    await _swipe(phone, 30, -100)

    await expect(phone.locator(".stage .at")).to_have_text(f"3 of {SLICES}")
    await expect(phone.locator(".stage .window")).to_have_text("C 40 W 400")
    assert await phone.evaluate("scrollY") == 0


async def test_two_fingers_scroll_through_nothing(phone: Page) -> None:
    await _swipe(phone, 0, -100, fingers=2)
    await phone.keyboard.press("ArrowDown")

    await expect(phone.locator(".stage .at")).to_have_text(f"2 of {SLICES}")
