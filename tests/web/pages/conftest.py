from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from tests.web.pages.html import Reader
from tests.web.service import serving

SITE = "http://test"
Read = Callable[[str], Awaitable[Reader]]


@pytest.fixture
async def client(sqlite_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(sqlite_url, tmp_path) as client:
        yield client


@pytest.fixture
def read(client: httpx.AsyncClient) -> Read:
    """Read the page under a path, which has to be there."""

    async def read(path: str) -> Reader:
        answer = await client.get(f"{SITE}{path}")
        assert answer.status_code == 200, answer.text
        return Reader(answer.text)

    return read
