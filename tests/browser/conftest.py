"""A browser, and a server with two studies in it: a CT of five slices and an ultrasound of three frames."""

from collections.abc import AsyncIterator, Callable
from urllib.parse import urljoin

import httpx
import numpy as np
import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Response, expect

from tests.browser.chromium import chromium
from tests.builders import ct_image, image, part10
from tests.waiting import PATIENCE

DICOM = {"content-type": "application/dicom"}
SLICES = 5

expect.set_options(timeout=1000 * PATIENCE)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests."""
    async with chromium() as browser:
        yield browser


@pytest.fixture
def site(dicomweb_with: Callable[[], httpx.Client]) -> str:
    """The address of the pages."""
    client = dicomweb_with()
    for number in range(1, SLICES + 1):
        attributes = {"InstanceNumber": number, "StudyDescription": "Chest", "SeriesDescription": "Lung"}
        store(client, part10(ct_image(f"1.2.{number}", **attributes)))
    frames = np.arange(3 * 64, dtype=np.uint8).reshape(3, 8, 8)
    store(client, part10(image(frames, "3.4.5", Modality="US", PatientName="Roe^Richard")))
    return urljoin(str(client.base_url), "/")


@pytest.fixture
async def page(browser: Browser, site: str) -> AsyncIterator[Page]:
    """A tab of the browser. No script may fail in it, and nothing may be fetched from elsewhere."""
    problems: list[str] = []
    async with await browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        context.set_default_timeout(1000 * PATIENCE)
        page = await context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if _is_problem(message) else None)
        page.on("request", lambda sent: problems.append(sent.url) if not sent.url.startswith(site) else None)
        page.on("response", lambda response: problems.append(response.url) if _is_missing(response) else None)
        await page.goto(site)
        yield page
    assert problems == []


def _is_problem(message: ConsoleMessage) -> bool:
    """Tell whether the browser complains; of an answer it does so whenever its status is not 200."""
    return message.type == "error" and not message.text.startswith("Failed to load resource")


def _is_missing(response: Response) -> bool:
    return response.status >= 400 and response.request.method == "GET"


def store(client: httpx.Client, content: bytes) -> None:
    """Store one file."""
    assert client.post("/studies", content=content, headers=DICOM).status_code == 200
