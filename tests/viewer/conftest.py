"""The service with phantoms in it, and OHIF of this service in a real browser.

The browser's tests are skipped where there is no Chromium, or no OHIF: `make viewer` fetches it.
"""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import BrowserContext, Page, async_playwright

from service.ohif import is_installed
from service.settings import Settings
from tests.serving import ROOT, serving
from tests.viewer.ohif import Ohif
from tests.viewer.phantom_documents import ecg_file, pdf_file, report_file, video_file
from tests.viewer.phantom_images import image_files, small_files
from tests.viewer.phantom_overlays import segmentation_file, structure_set_file
from tests.viewer.recording import unrecorded
from tests.waiting import PATIENCE

VIEWER = Path(os.environ.get("DICOMWEB_VIEWER", ROOT / "viewer"))
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
STUDIES_BESIDE = 120

_OPTIONS = (
    "--no-sandbox",  # which needs privileges that a container does not have
    "--use-gl=angle",  # the pictures are WebGL, drawn by the processor
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-gpu-rasterization",  # the page around them it draws in half the time without WebGL
    "--disable-gpu-compositing",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def phantoms(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a service in which the phantoms are stored."""
    folder = tmp_path_factory.mktemp("phantoms")
    shutil.copy(sqlite_template, folder / "index.sqlite")
    with serving(Settings(data=folder, viewer=VIEWER)) as client:
        store(client, *image_files(), *small_files(STUDIES_BESIDE))
        store(client, segmentation_file(), structure_set_file())
        store(client, report_file(), pdf_file(), ecg_file(), video_file())
        yield client


def store(client: httpx.Client, *files: bytes) -> None:
    """Store files in one request."""
    parts = b"".join(b"--=\r\nContent-Type: application/dicom\r\n\r\n" + file + b"\r\n" for file in files)
    headers = {"content-type": 'multipart/related; type="application/dicom"; boundary="="'}
    answer = client.post("/studies", content=parts + b"--=--\r\n", headers=headers)
    assert answer.status_code == 200, answer.text


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[BrowserContext]:
    """A browser that has never seen OHIF before."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    if not is_installed(VIEWER):
        pytest.skip(f"no OHIF in {VIEWER}: make viewer")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=_OPTIONS, timeout=1000 * PATIENCE
        )
        context = await chromium.new_context(viewport={"width": 1800, "height": 900})
        context.set_default_timeout(1000 * PATIENCE)
        yield context
        await chromium.close()


@pytest.fixture
async def page(browser: BrowserContext) -> AsyncIterator[Page]:
    """A new page of the browser."""
    page = await browser.new_page()
    yield page
    await page.close()


@pytest.fixture
async def ohif(page: Page, phantoms: httpx.Client) -> AsyncIterator[Ohif]:
    """OHIF over the phantoms. In the end nothing it asked for was refused, unknown, or from elsewhere."""
    base_url = str(phantoms.base_url).rstrip("/")
    ohif = Ohif(page, base_url.removesuffix("/dicom-web"), base_url)
    yield ohif
    assert ohif.errors == []
    assert ohif.elsewhere == []
    assert unrecorded(ohif.exchanges) == []
