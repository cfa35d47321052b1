"""A study is shared: who has the address sees it and nothing else, until the link is revoked."""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import urljoin

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from service.commands import keys
from service.permissions import ROLES
from service.settings import Settings
from service.testing import DicomwebServer, running
from tests.browser.conftest import DICOM
from tests.builders import ct_image, part10
from tests.waiting import PATIENCE, until

STUDIES = ("1", "2")


@pytest.fixture
def keyed(sqlite_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DicomwebServer]:
    """A service where people sign in with keys, with two studies."""
    folder = tmp_path_factory.mktemp("keyed")
    with running(Settings(data=folder, database_url=sqlite_url, auth=["keys"])) as server:
        headers = DICOM | {"authorization": f"Bearer {key_of(server, 'writer')}"}
        for study in STUDIES:
            content = part10(ct_image(f"{study}.1.1"))
            httpx.post(
                f"{server.url}/studies", content=content, headers=headers, timeout=PATIENCE
            ).raise_for_status()
        yield server


def key_of(server: DicomwebServer, role: str) -> str:
    """Return a new key for somebody who is called as their role."""
    return keys.add(server.archive.index, ROLES, role, (role,), None, None)


@pytest.fixture
async def visitor(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser of somebody who has no key."""
    async with await browser.new_context() as context:
        context.set_default_timeout(1000 * PATIENCE)
        yield context


@pytest.fixture
async def page(browser: Browser, keyed: DicomwebServer) -> AsyncIterator[Page]:
    """The page of a study, where somebody has signed in who may read."""
    site = urljoin(keyed.url, "/")
    async with await browser.new_context() as context:
        context.set_default_timeout(1000 * PATIENCE)
        page = await context.new_page()
        await page.goto(f"{site}browse/1")
        await page.get_by_label("Key").fill(key_of(keyed, "reader"))
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"{site}browse/1")
        yield page


async def share(page: Page) -> str:
    """Make a link, and return its address."""
    await page.get_by_role("button", name="Share").click()
    await page.get_by_role("button", name="Make a link").click()
    address = page.get_by_label("Its address")
    await expect(address).to_be_visible()
    return await address.input_value()


async def test_the_address_of_a_link_shows_the_study_and_nothing_else(
    page: Page, visitor: BrowserContext, keyed: DicomwebServer
) -> None:
    site = urljoin(keyed.url, "/")
    address = await share(page)
    shown = await visitor.new_page()

    await shown.goto(address)

    await shown.wait_for_url(f"{site}browse/1")
    await expect(shown.get_by_role("heading", level=1)).to_have_text("Doe, Jane")
    await expect(shown.get_by_role("banner")).to_contain_text("Shared with you")
    await expect(shown.locator("img.thumb").first).not_to_have_js_property("naturalWidth", 0)
    for name in ("Share", "Delete", "Upload"):
        await expect(shown.get_by_role("button", name=name)).to_have_count(0)
    await shown.goto(site)
    await expect(shown.locator(".rows .row")).to_have_count(1)
    await shown.goto(f"{site}browse/2")
    await expect(shown.get_by_role("heading", level=1)).to_have_text("Nothing is here")


async def test_a_link_that_is_revoked_shows_nothing_any_more(
    page: Page, visitor: BrowserContext, keyed: DicomwebServer
) -> None:
    address = await share(page)
    shown = await visitor.new_page()
    await shown.goto(address)

    await page.get_by_role("button", name="Revoke").click()

    await expect(page.locator("#share .links li")).to_have_count(0)

    async def is_closed() -> bool:
        answer = await shown.goto(f"{urljoin(keyed.url, '/')}browse/1")
        return "sign-in" in shown.url or (answer is not None and answer.status == 401)

    assert await until(is_closed)
    assert (await visitor.request.get(address)).status == 401
