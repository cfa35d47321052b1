"""Requests that never become whole: over real connections, each with a server of its own bounds."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep

import httpx
import pytest

from tests.builders import ct_image, part10
from tests.locks import locked
from tests.waiting import PATIENCE

SHORT = {"head_seconds": 1.0, "body_seconds": 1.0}
HEAD = b"POST /dicom-web/studies HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/dicom\r\n"
GET = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"


@contextmanager
def connected(client: httpx.Client) -> Iterator[socket.socket]:
    """Lend a connection."""
    address = client.base_url.host, client.base_url.port or 80
    with socket.create_connection(address, PATIENCE) as connection:
        yield connection


def answer(connection: socket.socket) -> bytes:
    """Return all that comes until the server ends the connection."""
    try:
        return b"".join(iter(lambda: connection.recv(2**16), b""))
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"", b"", id="nothing"),
        pytest.param(b"GET /dicom-web/stu", b"408", id="half a request line"),
        pytest.param(GET, b"408", id="half a head"),
        pytest.param(HEAD + b"Content-Length: 1000\r\n\r\nabc", b"408", id="half a body"),
        pytest.param(
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"408", id="half of the chunks"
        ),
    ],
)
def test_half_a_request_comes_to_an_end(
    dicomweb_with: Callable[..., httpx.Client], sent: bytes, status: bytes
) -> None:
    with connected(dicomweb_with(**SHORT)) as connection:
        connection.sendall(sent)

        assert answer(connection)[9:12] == status


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(b"GET /half", id="half a second request"),
        pytest.param(b"\r\n", id="an empty line"),
    ],
)
def test_a_connection_that_was_answered_comes_to_an_end_too(
    dicomweb_with: Callable[..., httpx.Client], more: bytes
) -> None:
    with connected(dicomweb_with(**SHORT)) as connection:
        connection.sendall(GET + b"\r\n")
        first = connection.recv(2**16)
        connection.sendall(more)

        answer(connection)

    assert first[9:12] == b"200"


def test_what_is_refused_before_its_body_has_come_ends_when_the_rest_does_not_come(
    dicomweb_with: Callable[..., httpx.Client],
) -> None:
    with connected(dicomweb_with(**SHORT)) as connection:
        connection.sendall(HEAD.replace(b"dicom\r\n", b"csv\r\n") + b"Content-Length: 1000\r\n\r\nabc")

        assert answer(connection)[9:12] == b"415"


def test_a_whole_request_may_take_as_long_as_it_takes(
    dicomweb_with: Callable[..., httpx.Client], tmp_path: Path
) -> None:
    file = part10(ct_image("1.1.1"))

    with connected(dicomweb_with(**SHORT)) as connection:
        with locked(tmp_path / "index.db"):
            connection.sendall(HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(file) + file)
            sleep(2 * SHORT["body_seconds"])

        assert answer(connection)[9:12] == b"200"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        pytest.param(b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b"414", id="a URL"),
        pytest.param(GET + b"X-A: " + b"a" * 70_000 + b"\r\n\r\n", b"431", id="a field"),
        pytest.param(GET + b"X-A: " + b"a" * 5_000_000, b"431", id="a field without an end"),
        pytest.param(GET + b"X-A: b\r\n" * 10_000 + b"\r\n", b"431", id="many fields"),
        pytest.param(GET + b"\r\n" + GET + b"X-A: " + b"a" * 300_000, b"200", id="the second request"),
    ],
)
def test_a_head_that_is_too_long_is_refused(dicomweb: httpx.Client, head: bytes, status: bytes) -> None:
    with connected(dicomweb) as connection:
        with suppress(OSError):  # it was refused before it was sent
            connection.sendall(head)

        assert answer(connection)[9:12] in (status, b"")


def test_a_head_of_sixty_kilobytes_is_read(dicomweb: httpx.Client) -> None:
    with connected(dicomweb) as connection:
        connection.sendall(GET + b"Connection: close\r\nX-A: " + b"a" * 60_000 + b"\r\n\r\n")

        assert answer(connection)[9:12] == b"200"


def test_many_requests_at_once_are_not_one_long_head(dicomweb: httpx.Client) -> None:
    with connected(dicomweb) as connection:
        connection.sendall(
            (GET + b"X-A: " + b"a" * 30_000 + b"\r\n\r\n") * 20 + GET + b"Connection: close\r\n\r\n"
        )

        assert answer(connection).count(b"HTTP/1.1 200") == 21


def test_what_comes_with_a_body_is_a_request_of_its_own(dicomweb: httpx.Client) -> None:
    file = part10(ct_image(PixelData=b"\0" * 200_000))
    body = HEAD + b"Content-Length: %d\r\n\r\n" % len(file) + file
    with connected(dicomweb) as connection:
        connection.sendall((body + GET + b"\r\n") * 2 + GET + b"Connection: close\r\n\r\n")

        assert answer(connection).count(b"HTTP/1.1 200") == 5
