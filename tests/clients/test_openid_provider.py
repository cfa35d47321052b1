"""Programs with tokens of a real OpenID provider: client credentials, new keys, an outage."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.builders import ct_image, part10
from tests.clients.openid_provider import OpenidProvider, openid_provider

DICOM = {"content-type": "application/dicom"}


@pytest.fixture
def provider() -> Iterator[OpenidProvider]:
    """A provider."""
    with openid_provider() as provider:
        yield provider


@pytest.fixture
def service(dicomweb_with: Callable[..., httpx.Client], provider: OpenidProvider) -> httpx.Client:
    """A client of a service whose callers come from the provider."""
    return dicomweb_with(**provider.settings)


@pytest.fixture
def _always_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider may be asked at any time."""
    monkeypatch.setattr("service.access.provider.PAUSE_SECONDS", 0)


def search(service: httpx.Client, token: str) -> int:
    return service.get("/studies", headers={"authorization": f"Bearer {token}"}).status_code


def test_a_program_may_do_what_its_token_permits(service: httpx.Client, provider: OpenidProvider) -> None:
    file = part10(ct_image("1.2.1"))
    reader, writer = ({"authorization": f"Bearer {provider.token(role)}"} for role in ("reader", "writer"))

    assert service.post("/studies", content=file, headers=DICOM | reader).status_code == 403
    assert service.post("/studies", content=file, headers=DICOM | writer).status_code == 200
    assert len(service.get("/studies", headers=reader).json()) == 1
    assert service.get("/studies").status_code == 401


@pytest.mark.usefixtures("_always_asked")
def test_a_new_key_of_the_provider_is_noticed(service: httpx.Client, provider: OpenidProvider) -> None:
    old = provider.token("reader")
    assert search(service, old) == 204
    provider.rotate()

    assert search(service, provider.token("reader")) == 204
    assert search(service, old) == 401


@pytest.mark.usefixtures("_always_asked")
def test_an_outage_of_the_provider_holds_up_no_token_of_a_known_key(
    service: httpx.Client, provider: OpenidProvider
) -> None:
    seen, unseen = provider.token("reader"), provider.token("writer")
    assert search(service, seen) == 204
    provider.rotate()
    strange = provider.token("reader")
    provider.stop()

    assert (search(service, seen), search(service, unseen), search(service, strange)) == (204, 204, 503)

    provider.start()
    assert search(service, provider.token("reader")) == 204
