"""A person with a browser, at a service where people sign in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from service.app import create_app
from service.archive import Archive, open_archive
from service.settings import Settings
from tests.access.issuer import AUDIENCE, CLIENT, SECRET, Issuer
from tests.waiting import PATIENCE

SITE = "http://pacs.example"
PAGE = {"accept": "text/html,application/xhtml+xml", "sec-fetch-mode": "navigate"}
WORDS = ("oidc_client_id", "oidc_client_secret", "oidc_audience")


class Person:
    """A browser, without a window.

    Attributes:
        client: that keeps its cookies, at the top of the site.
        archive: what the service keeps.
    """

    def __init__(self, client: httpx.AsyncClient, archive: Archive) -> None:
        self.client = client
        self.archive = archive

    async def open(self, place: str) -> httpx.Response:
        """Load a page, and go wherever that leads, to the provider too."""
        response = await self.client.get(place, headers=PAGE)
        while response.is_redirect:
            response = await self.follow(response)
        return response

    async def follow(self, response: httpx.Response) -> httpx.Response:
        """Go where an answer leads."""
        url = response.headers["location"]
        if url.startswith(str(self.client.base_url)):
            return await self.client.get(url, headers=PAGE)
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as stranger:
            return await stranger.get(url)

    async def post(self, place: str, **options: Any) -> httpx.Response:
        """Send a form of a page."""
        origin = str(self.client.base_url).rstrip("/")
        return await self.client.post(place, headers=PAGE | {"origin": origin}, **options)


@asynccontextmanager
async def serving_people(
    database_url: str, folder: Path, issuer: Issuer | None, site: str = SITE, **settings: Any
) -> AsyncIterator[Person]:
    """Lend a browser at a service with an empty archive."""
    if issuer is not None:
        values = dict(zip(WORDS, (CLIENT, SECRET, [AUDIENCE]), strict=True))
        settings = {"auth": ["oidc"], "oidc_issuer": issuer.url} | values | settings
    archive = open_archive(database_url, folder, replace=False)
    app = create_app(Settings(data=folder, **settings), archive)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=site) as client,
    ):
        yield Person(client, archive)
