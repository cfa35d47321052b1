"""A provider, and what verifies its tokens."""

from collections.abc import AsyncIterator, Iterator

import pytest

from service.access.claims import Places
from service.access.provider import Provider
from service.access.requests import Requests
from service.access.tokens import Rules, Tokens
from service.permissions import ROLES
from tests.access.issuer import AUDIENCE, Issuer, issuing


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """A provider."""
    with issuing() as issuer:
        yield issuer


@pytest.fixture
async def tokens(issuer: Issuer) -> AsyncIterator[Tokens]:
    """What verifies its tokens."""
    provider = Provider(issuer.url, Requests())
    rules = Rules(frozenset({AUDIENCE}), frozenset({"RS256", "ES256", "PS256"}))
    yield Tokens(provider, rules, Places(["roles"], None, "preferred_username"), ROLES)
    await provider.close()


@pytest.fixture
def _always_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider may be asked at any time."""
    monkeypatch.setattr("service.access.provider.PAUSE_SECONDS", 0)


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider has to answer soon."""
    for module in ("provider", "requests"):
        monkeypatch.setattr(f"service.access.{module}.SECONDS", 0.2)
