"""A service that asks who its callers are, and keys for all kinds of them."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pydicom
from starlette.applications import Starlette

from service.access.keys import digest_of
from service.app import create_app
from service.archive import Archive, open_archive
from service.archive.index.owners.keys import all_keys
from service.commands import keys
from service.permissions import ROLES
from service.settings import Settings
from tests.web.service import BASE


class Guarded(NamedTuple):
    """A service with access control.

    Attributes:
        app: the application.
        archive: what it keeps.
        client: of it, without credentials.
    """

    app: Starlette
    archive: Archive
    client: httpx.AsyncClient

    def key(self, *roles: str, tenant: str | None = None, seconds: int | None = None) -> str:
        """Return a new key of these roles."""
        name = f"key {len(key_names(self.archive))}"
        return keys.add(self.archive.index, ROLES, name, roles, tenant, seconds)

    def revoke(self, secret: str) -> None:
        """Revoke a key."""
        digest = digest_of(secret)
        [name] = [key.name for key in self.archive.index.read_now(all_keys) if key.digest == digest]
        keys.revoke(self.archive.index, name)


@asynccontextmanager
async def guarded(database_url: str, folder: Path, **settings: Any) -> AsyncIterator[Guarded]:
    """Lend a service with access control, these settings and an empty archive."""
    archive = open_archive(database_url, folder, replace=False)
    app = create_app(Settings(data=folder, auth=["keys"], **settings), archive)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client,
    ):
        yield Guarded(app, archive, client)


def key_names(archive: Archive) -> list[str]:
    """Return the names of all keys that there are."""
    return [key.name for key in archive.index.read_now(all_keys)]


def bearing(secret: str) -> dict[str, str]:
    """Return the headers of a request with a key."""
    return {"authorization": f"Bearer {secret}"}


async def store(client: httpx.AsyncClient, secret: str, dataset: pydicom.Dataset) -> httpx.Response:
    """Store a dataset with a key."""
    content = io.BytesIO()
    dataset.save_as(content, enforce_file_format=True)
    headers = bearing(secret) | {"content-type": "application/dicom", "accept": "application/dicom+json"}
    return await client.post("/studies", content=content.getvalue(), headers=headers)
