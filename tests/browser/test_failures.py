"""What a page does about answers that do not come: it says so where they were awaited, and asks again."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.browser.conftest import SLICES
from tests.waiting import PATIENCE, until

PICTURE = re.compile(r"/1\.2\.2/frames/1/rendered")
THUMBNAIL = re.compile(r"/thumbnail\?")


class Line:
    """Between browser and server: holds a number of requests back, and lets the others pass."""

    def __init__(self, broken: int, status: int = 503) -> None:
        self.broken = broken
        self._status = status

    async def handle(self, route: Route) -> None:
        """Answer in the server's place, or let it answer."""
        self.broken -= 1
        if self.broken < 0:
            await route.continue_()
        elif self._status:
            body = '{"message": "the disk does not answer"}'
            await route.fulfill(status=self._status, body=body, content_type="application/json")
        else:
            await route.abort()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A tab whose answers may fail."""
    async with await browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        context.set_default_timeout(1000 * PATIENCE)
        yield await context.new_page()


async def _open(page: Page, site: str) -> None:
    await page.goto(f"{site}browse/1/1.2/1.2.1")
    await expect(page.get_by_role("slider")).to_be_enabled()


@pytest.mark.parametrize("status", [503, 0], ids=["an answer that says so", "no answer"])
async def test_a_picture_that_fails_is_asked_for_again(page: Page, site: str, status: int) -> None:
    await page.route(PICTURE, Line(3, status).handle)
    await _open(page, site)

    await page.keyboard.press("ArrowDown")

    await expect(page.locator(".stage img")).to_have_attribute("src", PICTURE)
    await expect(page.locator(".stage img")).to_be_visible()
    await expect(page.locator(".stage .problem")).to_be_hidden()


async def test_why_there_is_no_picture_stands_in_the_stage_and_a_click_asks_again(
    page: Page, site: str
) -> None:
    line = Line(1000)
    await page.route(PICTURE, line.handle)
    await _open(page, site)

    await page.keyboard.press("ArrowDown")

    await expect(page.locator(".stage .problem")).to_contain_text("The disk does not answer.")
    await expect(page.locator(".stage .at")).to_have_text(f"2 of {SLICES}")
    await expect(page.locator("#about")).to_contain_text("Doe, Jane")
    assert await until(lambda: _has_been_asked(line, 1000))
    line.broken = 0
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator(".stage .problem")).to_be_hidden()
    await expect(page.locator(".stage img")).to_have_js_property("naturalWidth", 8)


async def _has_been_asked(line: Line, broken: int) -> bool:
    """Tell whether the page has given up: it has asked four times for the picture, and why there is none."""
    return line.broken == broken - 4 * 2


async def test_the_picture_that_came_with_the_page_is_asked_for_again_too(page: Page, site: str) -> None:
    await page.route(re.compile(r"/1\.2\.1/frames/1/rendered"), Line(1).handle)

    await _open(page, site)

    await expect(page.locator(".stage img")).to_have_js_property("naturalWidth", 8)


async def test_a_list_of_slices_that_does_not_come_leaves_the_picture_and_comes_later(
    page: Page, site: str
) -> None:
    await page.route(re.compile(r"/stack$"), Line(2).handle)

    await _open(page, site)

    await expect(page.locator(".stage .problem")).to_be_hidden()


async def test_an_error_of_what_follows_the_picture_stays_in_the_stage(page: Page, site: str) -> None:
    problem = page.locator(".stage .problem")

    async def wait_for_problem(route: Route) -> None:
        await expect(problem).to_be_visible()
        await route.continue_()

    await page.route(PICTURE, wait_for_problem)
    await page.route(re.compile(r"browse/1/1\.2/1\.2\.2\?"), Line(1000).handle)
    await _open(page, site)

    await page.keyboard.press("ArrowDown")

    await expect(page.locator(".stage img")).to_have_attribute("src", PICTURE)
    await expect(page.locator(".stage .at")).to_have_text(f"2 of {SLICES}")
    await expect(problem).to_be_visible()
    await expect(page.locator("#about")).to_contain_text("Doe, Jane")
    await page.keyboard.press("ArrowDown")
    await expect(problem).to_be_hidden()


async def test_a_thumbnail_tells_whether_it_is_awaited_here_or_failed(page: Page, site: str) -> None:
    waiting: list[Route] = []
    await page.route(THUMBNAIL, lambda route: waiting.append(route))  # noqa: PLW0108 (Playwright marks it)
    await page.goto(site)
    thumbnail = page.locator(".thumb").first

    async def are_asked_for() -> bool:
        return len(waiting) == 2

    assert await until(are_asked_for)
    await expect(thumbnail).to_have_class("thumb")
    grounds = [await _ground(page)]
    for route in waiting:
        await route.fulfill(status=503)
    await expect(thumbnail).to_have_class("thumb failed")
    grounds.append(await _ground(page))
    await page.unroute(THUMBNAIL)
    await page.reload()
    await expect(thumbnail).to_have_class("thumb loaded")
    grounds.append(await _ground(page))

    assert len(set(grounds)) == 3


async def _ground(page: Page) -> str:
    return str(await page.locator(".thumb").first.evaluate("it => getComputedStyle(it).background"))


async def test_a_thumbnail_that_fails_is_asked_for_again(page: Page, site: str) -> None:
    await page.route(THUMBNAIL, Line(2).handle)

    await page.goto(site)

    await expect(page.locator(".thumb.loaded")).to_have_count(2)
