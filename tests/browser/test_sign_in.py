"""People sign in: at a real OpenID provider through its forms, and with a key."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
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
from tests.clients.openid_provider import OpenidProvider, fill_in, openid_provider, sign_in
from tests.waiting import PATIENCE, until


@pytest.fixture
def provider() -> Iterator[OpenidProvider]:
    """A provider."""
    with openid_provider() as provider:
        yield provider


@pytest.fixture
def guarded_site(dicomweb_with: Callable[..., httpx.Client], provider: OpenidProvider) -> str:
    """The address of pages for people of the provider; there is one study."""
    client = dicomweb_with(**provider.settings)
    headers = DICOM | {"authorization": f"Bearer {provider.token('writer')}"}
    assert client.post("/studies", content=part10(ct_image("1.2.1")), headers=headers).status_code == 200
    site = urljoin(str(client.base_url), "/")
    provider.welcome(site.rstrip("/"))
    return site


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser in which nobody has signed in."""
    async with await browser.new_context() as context:
        context.set_default_timeout(1000 * PATIENCE)
        yield context


async def test_people_sign_in_and_are_where_they_wanted_to_be(
    context: BrowserContext, guarded_site: str
) -> None:
    page = await context.new_page()

    await page.goto(f"{guarded_site}browse/1")
    await sign_in(page, "reader")

    await page.wait_for_url(f"{guarded_site}browse/1")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Doe, Jane")
    await expect(page.get_by_role("banner")).to_contain_text("reader")
    await expect(page.get_by_role("button", name="Delete")).to_have_count(0)
    await expect(page.locator("img.thumb").first).not_to_have_js_property("naturalWidth", 0)


async def test_people_delete_what_they_may_delete(context: BrowserContext, guarded_site: str) -> None:
    page = await context.new_page()
    await page.goto(f"{guarded_site}browse/1")
    await sign_in(page, "admin")
    await page.wait_for_url(f"{guarded_site}browse/1")

    await page.get_by_role("button", name="Delete study").click()
    await page.get_by_role("button", name="Delete", exact=True).click()

    await expect(page.get_by_text("Nothing is stored here yet")).to_be_visible()


async def test_people_upload_what_they_may_upload(context: BrowserContext, guarded_site: str) -> None:
    page = await context.new_page()
    await page.goto(guarded_site)
    await sign_in(page, "admin")
    await page.wait_for_url(guarded_site)

    await page.get_by_role("button", name="Upload").click()
    file = part10(ct_image("9.9.9", StudyInstanceUID="9"))
    await page.locator("[data-files]").first.set_input_files(
        {"name": "a.dcm", "mimeType": "application/dicom", "buffer": file}
    )

    await expect(page.locator("[data-summary]")).to_contain_text("1 stored")
    await expect(page.locator(".rows .row")).to_have_count(2)


async def test_who_signs_out_has_to_sign_in_again(context: BrowserContext, guarded_site: str) -> None:
    page = await context.new_page()
    await page.goto(guarded_site)
    await sign_in(page, "reader")
    await page.wait_for_url(guarded_site)

    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("button", name="Yes, sign me out").click()
    await page.wait_for_url(f"{guarded_site}sign-in")
    await page.get_by_role("link", name="Sign in with your account").click()

    await expect(page.get_by_placeholder("Enter any login")).to_be_visible()


async def test_two_tabs_sign_in_at_once(context: BrowserContext, guarded_site: str) -> None:
    first, second = await context.new_page(), await context.new_page()
    await asyncio.gather(first.goto(f"{guarded_site}browse/1"), second.goto(f"{guarded_site}docs"))

    await sign_in(first, "reader")
    await expect(first.get_by_role("banner")).to_contain_text("reader")
    await fill_in(second, "reader")

    await second.wait_for_url(f"{guarded_site}docs")
    await expect(second.get_by_role("banner")).to_contain_text("reader")


async def test_who_has_no_role_is_told_so(context: BrowserContext, guarded_site: str) -> None:
    page = await context.new_page()
    await page.goto(guarded_site)
    await sign_in(page, "nobody")

    await expect(page.get_by_role("heading", level=1)).to_have_text("This is not permitted")
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()


@pytest.fixture
def keyed(sqlite_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DicomwebServer]:
    """A service where people sign in with keys."""
    folder = tmp_path_factory.mktemp("keyed")
    with running(Settings(data=folder, database_url=sqlite_url, auth=["keys"])) as server:
        yield server


async def test_a_key_signs_in_until_it_is_revoked(context: BrowserContext, keyed: DicomwebServer) -> None:
    key = keys.add(keyed.archive.index, ROLES, "ada", ("reader",), None, None)
    site = urljoin(keyed.url, "/")
    page = await context.new_page()
    await page.goto(f"{site}docs")
    await page.get_by_label("Key").fill("dwk_wrong")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_contain_text("not known")

    await page.get_by_label("Key").fill(key)
    await page.get_by_role("button", name="Sign in").click()

    await page.wait_for_url(f"{site}docs")
    await expect(page.get_by_role("banner")).to_contain_text("ada")
    keys.revoke(keyed.archive.index, "ada")
    assert await until(lambda: is_asked_to_sign_in(page, site))


async def is_asked_to_sign_in(page: Page, site: str) -> bool:
    await page.goto(site)
    return await page.get_by_label("Key").is_visible()
