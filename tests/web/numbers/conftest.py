"""A service for the tests of numbers."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.web.series import serving


@pytest.fixture
async def client(sqlite_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(sqlite_url, tmp_path / "files") as client:
        yield client
