"""Bodies of store requests: how they are framed, cut short, of another kind, or too large."""

import socket
from collections.abc import Callable
from time import sleep

import httpx
import numpy as np
import pytest

from tests.builders import data_set, image, part10
from tests.web.messages import BOUNDARY, DICOM, MULTIPART, ct, fetch, items, message, reasons, store

REFERENCED, OTHER_FAILURES = "00081199", "0008119A"
TOO_LARGE = 0xA701


def test_one_file_can_be_the_whole_body(dicomweb: httpx.Client, study: str) -> None:
    response = dicomweb.post("studies", content=ct(f"{study}.1.1"), headers=DICOM)

    assert response.status_code == 200
    assert fetch(dicomweb, f"{study}.1.1").content == ct(f"{study}.1.1")


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_a_body_may_come_in_chunks_of_any_size(dicomweb: httpx.Client, study: str, size: int) -> None:
    body = message([ct(f"{study}.1.1"), ct(f"{study}.1.2")])
    chunks = (body[start : start + size] for start in range(0, len(body), size))

    response = dicomweb.post("studies", content=chunks, headers={"content-type": MULTIPART})

    assert response.status_code == 200
    assert fetch(dicomweb, f"{study}.1.2").content == ct(f"{study}.1.2")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(b"\r\n", b"", id="a line's end first"),
        pytest.param(b"for those who read mail\r\n", b"", id="a preamble"),
        pytest.param(b"", b"for those who read on\r\n", id="an epilogue"),
    ],
)
def test_what_surrounds_a_message_is_skipped(
    dicomweb: httpx.Client, study: str, before: bytes, after: bytes
) -> None:
    body = before + message([ct(f"{study}.1.1")]) + after

    response = dicomweb.post("studies", content=body, headers={"content-type": MULTIPART})

    assert response.status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param("multipart/related; type=application/dicom; boundary=plain", id="unquoted"),
        pytest.param('Multipart/Related;TYPE="application/dicom";Boundary="plain"', id="other letters"),
        pytest.param("multipart/related; boundary=plain", id="without a type"),
        pytest.param(
            'multipart/related; type="application/dicom"; transfer-syntax=1.2.3; boundary=plain',
            id="with a transfer syntax that is not believed",
        ),
    ],
)
def test_content_types_of_real_clients_are_understood(
    dicomweb: httpx.Client, study: str, content_type: str
) -> None:
    body = message([ct(f"{study}.1.1")]).replace(BOUNDARY.encode(), b"plain")

    response = dicomweb.post("studies", content=body, headers={"content-type": content_type})

    assert response.status_code == 200


def test_parts_need_no_headers(dicomweb: httpx.Client, study: str) -> None:
    body = message([ct(f"{study}.1.1")]).replace(b"Content-Type: application/dicom\r\n", b"")

    response = dicomweb.post("studies", content=body, headers={"content-type": MULTIPART})

    assert response.status_code == 200


def test_more_parts_than_a_batch_holds_are_stored_in_one_request(dicomweb: httpx.Client, study: str) -> None:
    files = [part10(data_set(f"{study}.1.{number}")) for number in range(150)]

    response = store(dicomweb, *files)

    assert response.status_code == 200
    assert len(items(response, REFERENCED)) == 150


def test_a_part_larger_than_memory_holds_is_stored_like_any_other(dicomweb: httpx.Client, study: str) -> None:
    large = part10(image(np.arange(3 * 2**20, dtype=np.uint16).reshape(3, 1024, 1024), f"{study}.1.1"))

    response = store(dicomweb, ct(f"{study}.1.2"), large, ct(f"{study}.1.3"))

    assert response.status_code == 200
    assert fetch(dicomweb, f"{study}.1.1").content == large


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param(MULTIPART, b"", id="nothing"),
        pytest.param(DICOM["content-type"], b"", id="an empty file"),
        pytest.param('multipart/related; type="application/dicom"', message([b"x"]), id="no boundary"),
        pytest.param('multipart/related; type="application/dicom"; boundary=""', b"", id="an empty boundary"),
        pytest.param(
            f"multipart/related; boundary={'b' * 1000}", message([b"x"]), id="a boundary without end"
        ),
        pytest.param("multipart/related; boundary=other", message([b"x"]), id="another boundary"),
        pytest.param(MULTIPART, b"no delimiter at all", id="no delimiter"),
        pytest.param(MULTIPART, f"--{BOUNDARY}--\r\n".encode(), id="no part"),
    ],
)
def test_a_body_that_is_no_message_is_a_bad_request(
    dicomweb: httpx.Client, content_type: str, body: bytes
) -> None:
    response = dicomweb.post("studies", content=body, headers={"content-type": content_type})

    assert response.status_code == 400
    assert response.json()["status"] == 400
    assert response.json()["message"]


def test_a_message_cut_anywhere_is_a_bad_request_that_keeps_what_came_whole(
    dicomweb: httpx.Client, study: str
) -> None:
    first, second = ct(f"{study}.1.1"), ct(f"{study}.1.2")
    whole = message([first, second])
    into_second = whole.index(second)
    places = [1, 5, 30, 60, 500, len(whole) // 2, into_second - 1, into_second + 100, len(whole) - 30]

    for place in places:
        response = dicomweb.post("studies", content=whole[:place], headers={"content-type": MULTIPART})
        assert response.status_code == 400, place

    assert fetch(dicomweb, f"{study}.1.1").content == first
    assert fetch(dicomweb, f"{study}.1.2").status_code == 404


def test_a_connection_that_breaks_leaves_what_came_whole(dicomweb: httpx.Client, study: str) -> None:
    first, second = ct(f"{study}.1.1"), ct(f"{study}.1.2")
    body = message([first, second])
    host, port = dicomweb.base_url.host, dicomweb.base_url.port
    head = f"POST {dicomweb.base_url.path}studies HTTP/1.1\r\nHost: {host}\r\nContent-Type: {MULTIPART}\r\n"

    with socket.create_connection((host, port or 80)) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:-300])
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1000)

    while (
        response := fetch(dicomweb, f"{study}.1.1")
    ).status_code == 404:  # nobody is told when it is stored
        sleep(0.01)
    assert response.content == first
    assert fetch(dicomweb, f"{study}.1.2").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/json"},
        {"content-type": "multipart/form-data; boundary=b"},
        {"content-type": 'multipart/related; type="application/octet-stream"; boundary=b'},
        {"content-type": "nonsense"},
        {"content-type": DICOM["content-type"], "content-encoding": "gzip"},
    ],
    ids=lambda headers: " ".join(headers.values()) or "none",
)
def test_other_media_types_are_not_supported(dicomweb: httpx.Client, headers: dict[str, str]) -> None:
    response = dicomweb.post("studies", content=message([ct("1.1.1")]), headers=headers)

    assert response.status_code == 415
    assert response.json()["supported"]


def test_an_instance_beyond_the_limit_is_refused_and_the_others_stored(
    dicomweb_with: Callable[..., httpx.Client],
) -> None:
    dicomweb = dicomweb_with(max_instance_bytes=2000)
    large = part10(image(np.zeros((64, 64), np.uint16), "1.1.2"))

    both = store(dicomweb, ct("1.1.1"), large, ct("1.1.3"))
    alone = store(dicomweb, large)
    as_body = dicomweb.post("studies", content=large, headers=DICOM)

    assert (both.status_code, alone.status_code, as_body.status_code) == (202, 413, 413)
    assert len(items(both, REFERENCED)) == 2
    assert reasons(both, OTHER_FAILURES) == reasons(alone, OTHER_FAILURES) == [TOO_LARGE]


@pytest.mark.parametrize("chunked", [True, False], ids=["in chunks", "announced"])
def test_a_body_beyond_the_limit_is_too_large(
    dicomweb_with: Callable[..., httpx.Client], chunked: bool
) -> None:
    dicomweb = dicomweb_with(max_request_bytes=5000)
    body = message([ct(f"1.1.{number}") for number in range(20)])

    response = dicomweb.post(
        "studies", content=iter([body]) if chunked else body, headers={"content-type": MULTIPART}
    )

    assert response.status_code == 413
    assert "5000 bytes" in response.json()["message"]
    assert dicomweb.get("studies").status_code == 204


def test_more_parts_than_the_limit_are_too_many(dicomweb_with: Callable[..., httpx.Client]) -> None:
    dicomweb = dicomweb_with(max_parts=2)

    responses = [store(dicomweb, *(ct(f"1.1.{number}") for number in range(count))) for count in (2, 3)]

    assert [response.status_code for response in responses] == [200, 413]


def test_part_headers_without_end_are_too_large(dicomweb: httpx.Client) -> None:
    body = message([b"x"]).replace(b"Content-Type:", b"X: " + b"y" * 100_000 + b"\r\nContent-Type:")

    response = dicomweb.post("studies", content=body, headers={"content-type": MULTIPART})

    assert response.status_code == 413
