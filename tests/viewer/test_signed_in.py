"""OHIF of a service where people sign in: it needs no setting, the cookie goes along."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import BrowserContext, Page

from service.settings import Settings
from tests.clients.openid_provider import OpenidProvider, openid_provider, sign_in
from tests.serving import serving
from tests.viewer.conftest import VIEWER, store
from tests.viewer.ohif import Ohif
from tests.viewer.phantom_images import ct_files
from tests.viewer.phantoms import CHEST
from tests.waiting import until


@pytest.fixture
def provider() -> Iterator[OpenidProvider]:
    """A provider."""
    with openid_provider() as provider:
        yield provider


@pytest.fixture
def guarded(provider: OpenidProvider, sqlite_template: Path, tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of a service with a CT in it, for people of the provider."""
    shutil.copy(sqlite_template, tmp_path / "index.sqlite")
    with serving(Settings(data=tmp_path, viewer=VIEWER, **provider.settings)) as client:
        client.headers["authorization"] = f"Bearer {provider.token('writer')}"
        store(client, *ct_files())
        provider.welcome(str(client.base_url.join("/")).rstrip("/"))
        yield client


@pytest.fixture
async def signed_in(page: Page, guarded: httpx.Client) -> AsyncIterator[Ohif]:
    """OHIF, once somebody has been led from it to the provider and back."""
    origin = str(guarded.base_url.join("/")).rstrip("/")
    await page.goto(f"{origin}/viewer/")
    await sign_in(page, "reader")
    ohif = Ohif(page, origin, str(guarded.base_url).rstrip("/"))
    yield ohif
    assert ohif.errors == []
    assert ohif.elsewhere == []
    await page.context.clear_cookies()


async def test_studies_are_listed_and_images_shown(signed_in: Ohif) -> None:
    await signed_in.list_studies()
    assert [row[0] for row in await signed_in.rows()] == ["Phantom, Ada"]

    await signed_in.open_images(CHEST)


async def test_without_the_cookie_nothing_is_shown(
    page: Page, browser: BrowserContext, guarded: httpx.Client
) -> None:
    await page.goto(str(guarded.base_url.join("/viewer/")))

    assert await until(lambda: is_at_the_provider(page))


async def is_at_the_provider(page: Page) -> bool:
    return await page.get_by_placeholder("Enter any login").is_visible()


@pytest.fixture
def address(guarded: httpx.Client) -> str:
    """The address of a link to the CT."""
    made = guarded.post(f"studies/2.25.{CHEST}/links")
    assert made.status_code == 201, made.text
    return str(made.json()["url"])


async def test_a_link_opens_its_study_for_who_has_no_account(
    page: Page, guarded: httpx.Client, address: str
) -> None:
    origin = str(guarded.base_url.join("/")).rstrip("/")
    await page.goto(address)
    ohif = Ohif(page, origin, str(guarded.base_url).rstrip("/"))

    await ohif.open_images(CHEST)

    assert ohif.errors == []
    assert ohif.elsewhere == []
    await page.context.clear_cookies()
