import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from tests.builders import ct_image, part10
from tests.web.messages import DICOM, store, url


def is_error(response: httpx.Response) -> bool:
    """Tell whether the answer is an error in the form that all errors have."""
    body = response.json()
    names = {"status", "error", "message"}
    return body["status"] == response.status_code and names <= body.keys() and bool(body["message"])


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "studies/1/nothing",
        "studies/1/series/1/instances/1/frames",
        "%00",
    ],
)
def test_a_path_that_is_no_resource_is_not_found(dicomweb: httpx.Client, path: str) -> None:
    response = dicomweb.get(path)

    assert response.status_code == 404
    assert is_error(response)


def test_outside_of_the_root_there_is_nothing(dicomweb: httpx.Client) -> None:
    response = dicomweb.get(dicomweb.base_url.copy_with(path="/studies"))

    assert response.status_code == 404
    assert is_error(response)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "studies", {"GET", "HEAD", "POST"}),
        ("DELETE", "studies", {"GET", "HEAD", "POST"}),
        ("POST", "series", {"GET", "HEAD"}),
        ("PATCH", "studies/1", {"GET", "HEAD", "POST", "DELETE"}),
        ("POST", url("1.1.1"), {"GET", "HEAD", "DELETE"}),
        ("DELETE", f"{url('1.1.1')}/metadata", {"GET", "HEAD"}),
    ],
)
def test_a_method_that_is_not_possible_is_told_with_those_that_are(
    dicomweb: httpx.Client, method: str, path: str, allowed: set[str]
) -> None:
    response = dicomweb.request(method, path)

    assert response.status_code == 405
    assert is_error(response)
    assert {part.strip() for part in response.headers["allow"].split(",")} >= allowed


@pytest.mark.parametrize(
    "uid",
    ["..%2f..%2fetc", "1.02", "1" * 500, "%2e%2e", "a%00b", "1'%20OR%20'1'='1", "%FF", "%F0%9F%92%A9", "*"],
)
@pytest.mark.parametrize(
    "path",
    [
        "studies/{uid}",
        "studies/{uid}/metadata",
        "studies/1/series/{uid}",
        "studies/1/series/1/instances/{uid}",
        "studies/1/series/1/instances/{uid}/frames/1",
        "studies/1/series/1/instances/{uid}/rendered",
        "studies/1/series/1/instances/{uid}/bulkdata/7FE00010",
    ],
)
def test_a_uid_that_is_none_addresses_nothing(dicomweb: httpx.Client, path: str, uid: str) -> None:
    for method in ("GET", "DELETE"):
        response = dicomweb.request(method, path.format(uid=uid))

        assert response.status_code in (400, 404, 405)
        assert is_error(response)


@pytest.mark.parametrize(
    "headers",
    [
        {"accept": "a" * 20_000},
        {"accept": "/, ;;;, multipart/related; type=; q=many, */*;q=0.1"},
        {"accept": ",".join(["multipart/related; type=a/b"] * 500) + ", */*"},
        {"range": "bytes=" + "9" * 500 + "-"},
        {"range": "bytes=0-" + "9" * 500},
        {"if-none-match": 'W/"x", , "' + "y" * 5000},
        {"if-range": "yesterday", "range": "bytes=0-1"},
        {"host": "x" * 5000},
        {"forwarded": "for=;host=;;proto"},
        {"x-forwarded-host": "evil.example/\x20path"},
        {"accept-encoding": "gzip;q=lots, *;q=0"},
        {"content-length": "0"},
    ],
    ids=lambda headers: " ".join(headers)[:20],
)
def test_absurd_headers_are_no_trouble(dicomweb: httpx.Client, study: str, headers: dict[str, str]) -> None:
    store(dicomweb, part10(ct_image(f"{study}.1.1")))

    for path in ("studies", url(f"{study}.1.1"), f"{url(f'{study}.1.1')}/frames/1"):
        response = dicomweb.get(path, headers=headers)
        assert response.status_code in (200, 206, 400, 406, 416, 421)


def test_bytes_that_are_no_http_end_the_connection_and_nothing_else(dicomweb: httpx.Client) -> None:
    address = dicomweb.base_url.host, dicomweb.base_url.port or 80

    with socket.create_connection(address) as connection:
        connection.sendall(b"\x16\x03\x01 this is TLS, is it not?\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(1000)

    assert answer == b"" or b" 400 " in answer.splitlines()[0]
    assert dicomweb.get("studies").status_code in (200, 204)


def test_parameters_that_nobody_knows_are_ignored(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, part10(ct_image(f"{study}.1.1")))

    for path in (url(f"{study}.1.1"), f"{url(f'{study}.1.1')}/metadata", f"{url(f'{study}.1.1')}/rendered"):
        assert dicomweb.get(f"{path}?_=1&token=abc&x").status_code == 200


def test_a_message_never_holds_what_belongs_to_a_patient(dicomweb: httpx.Client, study: str) -> None:
    name = "Wunderlich"
    store(dicomweb, part10(ct_image(f"{study}.1.1")))
    different = part10(ct_image(f"{study}.1.1", PatientName=name, PatientID=name))

    answers = [
        store(dicomweb, different),
        store(dicomweb, different[:-50]),
        dicomweb.get(f"studies?PatientName={name}&PatientBirthDate={name}"),
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 400]
    assert not any(name in answer.text for answer in answers)


def test_without_its_index_the_service_is_unavailable_and_recovers(
    dicomweb_with: Callable[..., httpx.Client], tmp_path: Path
) -> None:
    dicomweb = dicomweb_with()
    store(dicomweb, part10(ct_image("1.1.1")))
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'index.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE studies RENAME TO lost"))

    search, stored = dicomweb.get("studies"), store(dicomweb, part10(ct_image("2.1.1")))

    assert (search.status_code, stored.status_code) == (503, 503)
    assert is_error(search)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE lost RENAME TO studies"))
    engine.dispose()
    assert dicomweb.get("studies").status_code == 200
    assert store(dicomweb, part10(ct_image("2.1.1"))).status_code == 200


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_is_told_outside_of_the_root(dicomweb: httpx.Client, path: str) -> None:
    response = dicomweb.get(dicomweb.base_url.copy_with(path=path))

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("settings", "headers", "expected"),
    [
        pytest.param({"public_url": "https://pacs.example/dw"}, {}, "https://pacs.example/dw", id="setting"),
        pytest.param(
            {},
            {"forwarded": "for=1.2.3.4;proto=https;host=pacs.example"},
            "https://pacs.example/dicom-web",
            id="Forwarded",
        ),
        pytest.param(
            {},
            {"x-forwarded-proto": "https", "x-forwarded-host": "pacs.example", "x-forwarded-prefix": "/x"},
            "https://pacs.example/x/dicom-web",
            id="X-Forwarded",
        ),
        pytest.param(
            {"trusted_proxies": ["10.0.0.1"], "allowed_hosts": ["pacs.example"]},
            {"forwarded": "proto=https;host=evil.example", "host": "pacs.example:8080"},
            "http://pacs.example:8080/dicom-web",
            id="a proxy that is not trusted",
        ),
    ],
)
def test_urls_in_answers_are_those_the_client_can_use(
    dicomweb_with: Callable[..., httpx.Client],
    settings: dict[str, Any],
    headers: dict[str, str],
    expected: str,
) -> None:
    dicomweb = dicomweb_with(**settings)

    receipt = dicomweb.post("studies", content=part10(ct_image("1.1.1")), headers=DICOM | headers).json()
    [match] = dicomweb.get("studies", headers=headers).json()
    [metadata] = dicomweb.get("studies/1/metadata", headers=headers).json()

    assert receipt["00081190"]["Value"] == match["00081190"]["Value"] == [f"{expected}/studies/1"]
    assert metadata["7FE00010"]["BulkDataURI"] == f"{expected}/{url('1.1.1')}/bulkdata/7FE00010"


def test_a_host_without_its_port_gets_it_back(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, part10(ct_image(f"{study}.1.1")))

    [match] = dicomweb.get(f"studies?StudyInstanceUID={study}", headers={"host": "127.0.0.1"}).json()

    assert match["00081190"]["Value"] == [str(dicomweb.base_url.join(f"studies/{study}"))]
