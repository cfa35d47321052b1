import httpx
import pytest

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.fixture
def base(client: httpx.AsyncClient) -> str:
    return str(client.base_url).rstrip("/")


@pytest.mark.parametrize("path", ["", "/"])
async def test_a_browser_is_led_to_the_pages(client: httpx.AsyncClient, base: str, path: str) -> None:
    answer = await client.get(base + path, headers={"accept": BROWSER})

    assert answer.status_code == 303
    assert answer.next_request is not None
    assert answer.next_request.url == "http://test/"


@pytest.mark.parametrize("accept", ["*/*", "application/vnd.sun.wadl+xml", "application/json"])
async def test_a_program_gets_the_capabilities(client: httpx.AsyncClient, base: str, accept: str) -> None:
    got = await client.get(base, headers={"accept": accept})
    options = await client.options(base, headers={"accept": accept})

    assert got.status_code == 200
    assert got.content == options.content
