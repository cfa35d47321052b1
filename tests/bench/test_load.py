import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import httpx
import pytest

from tests.bench import phantoms
from tests.bench.corpus import ct_series
from tests.bench.load import drive
from tests.bench.phantoms import files
from tests.bench.requests import store

_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
REQUEST = (b"GET / HTTP/1.1\r\n", b"\r\n")
ANSWERS = [
    pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, 5, id="a length"),
    pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", 204, 0, id="no content"),
    pytest.param(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, 0, id="not modified"),
    pytest.param(_CHUNKED + b"5\r\nhello\r\nA;x=y\r\n again!\r\n!\r\n0\r\n\r\n", 200, 15, id="chunks"),
    pytest.param(_CHUNKED + b"1\r\n!\r\n0\r\nExpires: 0\r\n\r\n", 200, 1, id="trailers"),
    pytest.param(
        b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n" + bytes(1_000_000), 200, 1_000_000, id="long"
    ),
]


@contextmanager
def answering(answer: bytes, piece: int, *, closes: bool = False) -> Iterator[tuple[str, int]]:
    """Answer every request with these bytes, so many of them at a time."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=_serve, args=(listener, answer, piece, closes), daemon=True).start()
        yield listener.getsockname()


def _serve(listener: socket.socket, answer: bytes, piece: int, closes: bool) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            while connection.recv(4096):
                for start in range(0, len(answer), piece):
                    connection.sendall(answer[start : start + piece])
                if closes:
                    break


@pytest.mark.parametrize(("answer", "status", "size"), ANSWERS)
@pytest.mark.parametrize("pieces", [1, 50], ids=["at once", "in pieces"])
def test_answers_are_read_to_their_end(answer: bytes, status: int, size: int, pieces: int) -> None:
    with answering(answer, -(-len(answer) // pieces)) as address:
        outcome = drive(address, [REQUEST] * 3, clients=1, seconds=60)

    assert outcome.statuses == {status: 3}
    assert outcome.size == 3 * size
    assert len(outcome.latencies) == 3


def test_a_server_that_closes_gets_a_new_connection_for_each_request() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", 1000, closes=True) as address:
        outcome = drive(address, [REQUEST] * 4, clients=1, seconds=60)

    assert outcome.statuses == {200: 4}
    assert outcome.size == 20


def test_an_answer_that_is_cut_off_counts_as_broken() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", 1000, closes=True) as address:
        outcome = drive(address, [REQUEST] * 2, clients=1, seconds=60)

    assert outcome.statuses == {0: 2}


def test_nothing_new_is_begun_when_the_time_is_up() -> None:
    with answering(b"HTTP/1.1 204 No Content\r\n\r\n", 1000) as address:
        outcome = drive(address, [REQUEST] * 30, clients=1, seconds=-1)

    assert outcome.statuses == {204: 1}


def test_requests_larger_than_the_buffers_of_the_system_arrive_whole(dicomweb: httpx.Client) -> None:
    base = str(dicomweb.base_url).rstrip("/")
    series = [ct_series(f"large {number}", 1, 4) for number in range(3)]
    requests = [store(list(files(each, phantoms.native(1024)))).on_wire(base) for each in series]

    outcome = drive((dicomweb.base_url.host, dicomweb.base_url.port or 80), requests, clients=2, seconds=60)

    assert outcome.statuses == {200: 3}
    assert outcome.sent > 3 * 4 * 1024 * 1024 * 2
