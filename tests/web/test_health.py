import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from service.app import create_app
from service.archive import Archive, open_archive
from service.archive.index.engine.database import Database
from service.installed import version
from service.settings import Settings


@pytest.fixture
def archive(sqlite_url: str, tmp_path: Path) -> Iterator[Archive]:
    archive = open_archive(sqlite_url, tmp_path, replace=False)
    yield archive
    archive.close()


def _client(archive: Archive) -> httpx.AsyncClient:
    app = create_app(Settings(), archive)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def test_a_working_archive_is_ready(archive: Archive) -> None:
    response = await _client(archive).get("/health/ready")

    assert response.status_code == 200
    assert response.json() == {"status": "ready"}


async def test_health_tells_the_version(archive: Archive) -> None:
    response = await _client(archive).get("/health")

    assert response.status_code == 200
    assert response.json() == {"status": "ready", "version": version()}


async def test_without_its_folder_the_service_is_not_ready_but_lives(archive: Archive) -> None:
    shutil.rmtree(archive.blobs.incoming)

    health = await _client(archive).get("/health")
    ready = await _client(archive).get("/health/ready")
    live = await _client(archive).get("/health/live")

    assert health.status_code == ready.status_code == 503
    assert "cannot be written" in ready.json()["message"]
    assert live.json() == {"status": "live"}


async def test_without_its_database_the_service_is_not_ready(archive: Archive) -> None:
    response = await _ready_on("postgresql://nobody@127.0.0.1:1/none", archive)

    assert response.status_code == 503
    assert response.headers["retry-after"]


async def test_before_migration_the_service_is_not_ready(archive: Archive, postgresql_server: str) -> None:
    response = await _ready_on(postgresql_server, archive)

    assert response.status_code == 503
    assert "run migrate" in response.json()["message"]


async def test_health_is_never_kept_by_a_cache(archive: Archive) -> None:
    response = await _client(archive).get("/health/live")

    assert response.headers["cache-control"] == "no-store"


async def _ready_on(url: str, archive: Archive) -> httpx.Response:
    index = Database(url)
    response = await _client(replace(archive, index=index)).get("/health/ready")
    index.close()
    return response
