"""OHIF of a service where people sign in: the cookie goes along. An OHIF elsewhere brings tokens."""

import json
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

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
    settings = Settings(data=tmp_path, viewer=VIEWER, cors_origins=["*"], **provider.settings)
    with serving(settings) as client:
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
    assert all(url.startswith(origin) for url in ohif.elsewhere)  # of the page before, the icon may come late
    await page.context.clear_cookies()


@contextmanager
def ohif_elsewhere(files: httpx.Client, guarded: httpx.Client) -> Iterator[tuple[str, list[object]]]:
    """Lend the address of a host where OHIF lies at the top, for our service, and its `oidc` setting."""
    oidc: list[object] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = files.get(files.base_url.join(f"/viewer{self.path}"))
            body = answer.content
            if self.path == "/app-config.js":
                root = f'"{str(guarded.base_url).rstrip("/")}'
                body = answer.text.replace('"/dicom-web', root).encode()
                body += f"window.config.oidc = {json.dumps(oidc)};".encode() if oidc else b""
            self.send_response(answer.status_code)
            self.send_header("content-type", answer.headers["content-type"])
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", oidc
        server.shutdown()
        thread.join()


@pytest.fixture
def elsewhere(phantoms: httpx.Client, guarded: httpx.Client) -> Iterator[tuple[str, list[object]]]:
    """OHIF at a host of its own, which works with our service."""
    with ohif_elsewhere(phantoms, guarded) as elsewhere:
        yield elsewhere


async def test_an_ohif_elsewhere_signs_in_by_its_own_setting(
    page: Page, elsewhere: tuple[str, list[object]], guarded: httpx.Client, provider: OpenidProvider
) -> None:
    host, oidc = elsewhere
    provider.welcome(host)
    oidc.append(
        {
            "authority": provider.url,
            "client_id": "ohif",
            "redirect_uri": "/callback",
            "response_type": "code",
            "scope": "openid profile reader",
        }
    )
    ohif = Ohif(page, host, str(guarded.base_url).rstrip("/"))

    await page.goto(f"{host}/viewer?StudyInstanceUIDs=2.25.{CHEST}")
    await sign_in(page, "reader")

    assert await until(lambda: shows_an_image(ohif))


async def test_an_ohif_elsewhere_takes_a_token_from_its_address(
    page: Page, elsewhere: tuple[str, list[object]], guarded: httpx.Client, provider: OpenidProvider
) -> None:
    host, _ = elsewhere
    token = provider.token("reader")
    ohif = Ohif(page, host, str(guarded.base_url).rstrip("/"))

    await page.goto(f"{host}/viewer?StudyInstanceUIDs=2.25.{CHEST}&token={token}")

    assert await until(lambda: shows_an_image(ohif))
    assert token not in page.url


async def shows_an_image(ohif: Ohif) -> bool:
    return "/frames/" in await ohif.displayed() and bool(ohif.asked_for("/frames/1"))
