"""Two services for other people's clients: one that holds something, and one to write to."""

from collections.abc import Iterator

import httpx
import pytest
from dicomweb_client.api import DICOMwebClient

from dicomweb_service_pytest import DicomwebServer
from service.testing import empty_server
from tests.clients.holdings import FILES
from tests.serving import client_of
from tests.web.messages import store


@pytest.fixture(scope="session")
def holdings() -> Iterator[httpx.Client]:
    """A client of a service that holds FILES, and is only read."""
    with empty_server() as server, client_of(server.url) as client:
        assert store(client, *FILES.values()).status_code == 200
        yield client


@pytest.fixture(scope="session")
def reader(holdings: httpx.Client) -> DICOMwebClient:
    """The Python dicomweb-client of that service."""
    return DICOMwebClient(str(holdings.base_url).rstrip("/"))


@pytest.fixture
def writer(dicomweb_server: DicomwebServer) -> DICOMwebClient:
    """The Python dicomweb-client of a service with nothing in it."""
    return DICOMwebClient(dicomweb_server.url)
