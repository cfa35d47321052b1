"""What holds for every page, whatever is on it."""

from urllib.parse import urldefrag, urljoin

import httpx
import numpy as np
import pytest

from tests.web.pages.conftest import SITE
from tests.web.pages.html import Reader
from tests.web.service import image, instance, stored

PAGES = [
    "/",
    "/docs",
    "/browse/1.2.3",
    "/browse/1.2.3/1.2.3.4",
    "/browse/1.2.3/1.2.3.4/1.2.3.4.1",
    "/browse/1.2.3/1.2.3.4/1.2.3.4.2",
    "/browse/1.2.3/1.2.3.4/1.2.3.4.1/attributes",
]
PROXY = "https://hospital.example/pacs"


@pytest.fixture(autouse=True)
async def _two_instances(client: httpx.AsyncClient) -> None:
    await stored(client, image(np.zeros((2, 8, 8), np.uint8)))
    await stored(client, instance(2))


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_html_that_may_run_and_load_nothing_foreign(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(SITE + path)

    policy = answer.headers["content-security-policy"].split("; ")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert policy[0] == "default-src 'none'"
    assert {directive.partition(" ")[2] for directive in policy[1:]} == {"'self'", "'none'"}
    assert answer.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_links_to_nothing_outside(client: httpx.AsyncClient, path: str) -> None:
    page = Reader((await client.get(SITE + path)).text)

    assert not [link for link in page.links if "://" in link or link.startswith("/")]


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_has_one_heading_a_main_part_and_names_for_its_pictures(
    client: httpx.AsyncClient, path: str
) -> None:
    text = (await client.get(SITE + path)).text
    page = Reader(text)

    assert page.tags.count("h1") == page.tags.count("main") == 1
    assert text.count("<img ") == text.count(" alt=")
    assert 'lang="en"' in text


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_that_the_browser_has_is_not_sent_again(client: httpx.AsyncClient, path: str) -> None:
    first = await client.get(SITE + path)
    again = await client.get(SITE + path, headers={"if-none-match": first.headers["etag"]})

    assert first.headers["cache-control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")


async def test_every_link_leads_somewhere_under_any_prefix(client: httpx.AsyncClient) -> None:
    waiting, seen = [f"{PROXY}/"], set()

    while waiting:
        url = waiting.pop()
        seen.add(url)
        assert url.startswith(f"{PROXY}/")
        answer = await client.get(url.replace(PROXY, SITE), headers={"x-forwarded-prefix": "/pacs"})
        assert answer.status_code in ((200, 409) if "/volume" in url else (200, 303)), url
        if "location" in answer.headers:
            waiting += {urljoin(url, answer.headers["location"])} - seen
            continue
        if answer.headers["content-type"].startswith("text/html"):
            urls = {urldefrag(urljoin(url, link)).url for link in _followed(answer.text)}
            waiting += urls - seen - set(waiting)

    assert len(seen) > 30


def _followed(text: str) -> list[str]:
    """Return the links of a page that can be asked for with GET, and mean something by themselves."""
    return [link for link in Reader(text).links if not link.endswith("/instances")]


async def test_an_address_that_names_nothing_is_a_page_too(client: httpx.AsyncClient) -> None:
    for path, status in (("/browse/9.9", 404), ("/browse/x", 400), ("/browse/1/2/3/4/5", 404)):
        answer = await client.get(SITE + path)

        assert answer.status_code == status
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert f"{SITE}/" in {urljoin(SITE + path, link) for link in Reader(answer.text).links}


_BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize("path", ["/nowhere", "/dicom-web/nowhere", "/no/where/at/all"])
async def test_an_unknown_address_is_a_page_for_browsers(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(SITE + path, headers={"accept": _BROWSER})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "There is no such page." in Reader(answer.text).text
    assert f"{SITE}/" in {urljoin(SITE + path, link) for link in Reader(answer.text).links}


@pytest.mark.parametrize("accept", ["*/*", "application/dicom+json", "application/json", "nothing"])
async def test_an_unknown_address_is_json_for_programs(client: httpx.AsyncClient, accept: str) -> None:
    answer = await client.get(f"{SITE}/nowhere", headers={"accept": accept})

    assert answer.json() == {"status": 404, "error": "NotFound", "message": "no such resource"}


async def test_only_what_is_read_is_a_page(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"{SITE}/nowhere", headers={"accept": _BROWSER})

    assert answer.json()["error"] == "NotFound"


async def test_there_is_an_icon_for_what_names_none(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{SITE}/favicon.ico")

    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.content.startswith(b"<svg")
