"""Under which names the service answers, over real connections from this machine."""

import socket
from collections.abc import Callable

import httpx
import pytest

from service.errors import MisdirectedRequest
from service.web.http.middleware.hosts import Hosts


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/dicom-web/studies/1.2.3", "/", "/viewer/", "/nowhere"])
def test_a_name_that_a_stranger_lets_lead_here_is_not_answered(
    dicomweb: httpx.Client, method: str, path: str
) -> None:
    url = dicomweb.base_url.copy_with(path=path)

    answer = dicomweb.request(method, url, headers={"host": f"rebind.evil.example:{url.port}"})

    assert answer.status_code == 421
    assert "rebind.evil.example" in answer.json()["message"]
    assert "DICOMWEB_ALLOWED_HOSTS" in answer.json()["message"]


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.:8080", "pacs.localhost:80", "127.0.0.1", "[::1]:8080", "10.1.2.3:8080", ""],
)
def test_names_and_addresses_of_this_machine_are_answered(dicomweb: httpx.Client, host: str) -> None:
    assert dicomweb.get("studies", headers={"host": host}).status_code in (200, 204)


def test_the_machine_knows_its_own_name(dicomweb: httpx.Client) -> None:
    host = f"{socket.gethostname()}:8080"

    assert dicomweb.get("studies", headers={"host": host}).status_code in (200, 204)


@pytest.mark.parametrize(
    ("settings", "host", "status"),
    [
        ({"allowed_hosts": ["pacs.example", "other.example"]}, "PACS.example:8080", 204),
        ({"allowed_hosts": ["pacs.example"]}, "localhost", 204),
        ({"allowed_hosts": ["pacs.example"]}, "evil-pacs.example", 421),
        ({"allowed_hosts": ["*"]}, "anything.example", 204),
        ({"public_url": "https://pacs.example:8443/dicom-web"}, "pacs.example", 204),
        ({"public_url": "https://pacs.example/dicom-web"}, "evil.example", 421),
    ],
)
def test_settings_name_more_hosts(
    dicomweb_with: Callable[..., httpx.Client], settings: dict[str, list[str]], host: str, status: int
) -> None:
    assert dicomweb_with(**settings).get("studies", headers={"host": host}).status_code == status


def _scope(host: str, server: str) -> dict[str, object]:
    return {"server": (server, 8080), "headers": [(b"host", host.encode())]}


def test_on_an_address_of_a_network_any_name_is_answered_unless_names_are_set() -> None:
    Hosts([], None).check(_scope("pacs.example", "10.0.0.1"))
    Hosts(["pacs.example"], None).check(_scope("pacs.example", "10.0.0.1"))

    with pytest.raises(MisdirectedRequest):
        Hosts(["other.example"], None).check(_scope("pacs.example", "10.0.0.1"))


def test_no_second_host_field_slips_through() -> None:
    scope = _scope("localhost", "127.0.0.1") | {
        "headers": [(b"host", b"localhost"), (b"host", b"evil.example")]
    }

    with pytest.raises(MisdirectedRequest):
        Hosts([], None).check(scope)
