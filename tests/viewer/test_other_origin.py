"""OHIF at another origin than the service, which has to allow it."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, Route

from service.settings import Settings
from tests.serving import serving
from tests.viewer.conftest import store
from tests.viewer.ohif import Ohif
from tests.viewer.phantom_images import ct_files, slide_file
from tests.viewer.phantom_overlays import segmentation_file
from tests.viewer.phantoms import CHEST, SLIDE
from tests.waiting import until


@pytest.fixture
def elsewhere(phantoms: httpx.Client, sqlite_template: Path, tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of a second service that allows the origin of the first."""
    shutil.copy(sqlite_template, tmp_path / "index.sqlite")
    origin = str(phantoms.base_url.join("/")).rstrip("/")
    with serving(Settings(data=tmp_path, cors_origins=[origin])) as client:
        store(client, *ct_files(), segmentation_file(), slide_file())
        yield client


@pytest.fixture
async def ohif_of_another(page: Page, phantoms: httpx.Client, elsewhere: httpx.Client) -> AsyncIterator[Ohif]:
    """OHIF that comes from the first service, as from a host of its own, and works with the second."""
    base_url = str(elsewhere.base_url).rstrip("/")

    async def point_elsewhere(route: Route) -> None:
        answer = await route.fetch()
        body = (await answer.text()).replace('"/dicom-web', f'"{base_url}')
        await route.fulfill(response=answer, body=body)

    browser = await page.context.new_cdp_session(page)
    await browser.send("Page.setBypassCSP", {"enabled": True})  # another host has another policy
    await page.route("**/app-config.js", point_elsewhere)
    ohif = Ohif(page, str(phantoms.base_url.join("/")).rstrip("/"), base_url)
    yield ohif
    assert ohif.errors == []
    assert ohif.elsewhere == []


async def test_images_and_segmentations_open_across_origins(ohif_of_another: Ohif) -> None:
    ohif = ohif_of_another

    await ohif.open_images(CHEST)
    await ohif.open_series("Nodule")

    await ohif.button("Yes").wait_for()
    assert await until(lambda: _has_segmentation(ohif))


async def test_a_slide_opens_across_origins(ohif_of_another: Ohif) -> None:
    ohif = ohif_of_another

    await ohif.open_study(SLIDE, "microscopy")

    assert await until(lambda: _has_tiles(ohif))


async def _has_segmentation(ohif: Ohif) -> bool:
    return bool(ohif.asked_for(f"/instances/2.25.{CHEST}.7.1"))


async def _has_tiles(ohif: Ohif) -> bool:
    return any("/frames/" in exchange.path for exchange in ohif.exchanges)
