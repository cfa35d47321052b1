"""A provider, and a person who signs in there."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.access.issuer import Issuer, issuing
from tests.web.access.person import Person, serving_people


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """A provider."""
    with issuing() as issuer:
        yield issuer


@pytest.fixture
async def person(sqlite_url: str, tmp_path: Path, issuer: Issuer) -> AsyncIterator[Person]:
    """A browser at a service where people sign in at the provider."""
    async with serving_people(sqlite_url, tmp_path, issuer) as person:
        yield person


@pytest.fixture
async def holder(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Person]:
    """A browser at a service where people sign in with keys."""
    async with serving_people(sqlite_url, tmp_path, None, auth=["keys"]) as person:
        yield person
