"""A session of OHIF without a browser: each kind of request it sent, sent again."""

from collections.abc import Callable

import httpx
import pytest

from tests.builders import ct_image, part10
from tests.viewer.recording import Exchange, recorded, without_boundary

_ORIGIN = "https://viewer.example"
_READS = [exchange for exchange in recorded() if exchange.method == "GET"]
_BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    "exchange", _READS, ids=lambda exchange: f"{exchange.path[:60]} {exchange.content_type[:60]}"
)
def test_a_recorded_request_is_answered_as_it_was(phantoms: httpx.Client, exchange: Exchange) -> None:
    headers = {"accept": exchange.accept or _BROWSER} | ({"range": exchange.range} if exchange.range else {})

    answer = phantoms.get(exchange.path, headers=headers)

    assert answer.status_code == exchange.status
    assert without_boundary(answer.headers["content-type"]) == exchange.content_type
    assert answer.content not in (b"", b"[]")


def test_what_ohif_stores_is_stored(phantoms: httpx.Client) -> None:
    file = part10(ct_image("3.3.1"))
    head = b"\r\n--a1b2-c3\r\nContent-Type: application/dicom\r\n\r\n"
    headers = {"content-type": 'multipart/related; type="application/dicom"; boundary="a1b2-c3"'}

    answer = phantoms.post("/studies", content=head + file + b"\r\n--a1b2-c3--", headers=headers)

    (stored,) = (exchange for exchange in recorded() if exchange.method == "POST")
    assert (answer.status_code, answer.headers["content-type"]) == (stored.status, stored.content_type)
    phantoms.delete("/studies/3").raise_for_status()


@pytest.mark.parametrize(
    ("method", "headers"), [("GET", "accept"), ("GET", "range"), ("POST", "content-type")]
)
def test_a_browser_at_another_origin_may_ask(
    dicomweb_with: Callable[..., httpx.Client], method: str, headers: str
) -> None:
    client = dicomweb_with(cors_origins=[_ORIGIN])
    preflight = {
        "origin": _ORIGIN,
        "access-control-request-method": method,
        "access-control-request-headers": headers,
    }

    answer = client.options("/studies", headers=preflight)

    assert answer.status_code in (200, 204)
    assert answer.headers["access-control-allow-origin"] == _ORIGIN
    assert headers in answer.headers["access-control-allow-headers"].lower()
    assert method in answer.headers["access-control-allow-methods"]
