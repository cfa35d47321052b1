"""Long answers, which go from the files to the socket without being copied: over real connections."""

import errno
import logging
import os
import shutil
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from service.archive.files.local.local_blobs import LocalBlobs
from service.server.zero_copy import ZeroCopyProtocol
from service.settings import Settings
from service.testing import DicomwebServer, running
from tests.builders import image, part10
from tests.serving import client_of
from tests.waiting import PATIENCE
from tests.web.messages import parts_of, store

FRAMES = np.random.default_rng(7).integers(0, 2**16, (40, 512, 512), np.uint16)  # 20 MB: no socket holds that
FILE = part10(image(FRAMES, uid="1.1.1"))
PATH = "/studies/1/series/1.1/instances/1.1.1"
FILE_ALONE = {"accept": "application/dicom"}


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DicomwebServer]:
    folder = tmp_path_factory.mktemp("zero-copy")
    shutil.copy(sqlite_template, folder / "index.sqlite")
    with running(Settings(data=folder)) as server, client_of(server.url) as client:
        store(client, FILE)
        yield server


@pytest.fixture
def client(server: DicomwebServer) -> Iterator[httpx.Client]:
    with client_of(server.url) as client:
        yield client


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each call to the kernel has sent."""
    calls: list[int] = []
    sendfile = os.sendfile

    def counted(to: int, file: int, offset: int, count: int) -> int:
        sent = sendfile(to, file, offset, count)
        calls.append(sent)
        return sent

    monkeypatch.setattr(os, "sendfile", counted)
    return calls


def connected(server: DicomwebServer, receive_bytes: int | None = None) -> socket.socket:
    """Return a connection, whose client buffers little if asked."""
    url = urlsplit(server.url)
    connection = socket.socket()
    if receive_bytes:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    connection.settimeout(PATIENCE)
    connection.connect((url.hostname, url.port))
    return connection


def request(server: DicomwebServer, more: str = "") -> bytes:
    path = urlsplit(server.url).path + PATH
    return f"GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: application/dicom\r\n{more}\r\n".encode()


def body_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def received(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(2**16), b""))


def test_a_file_reaches_the_client_without_being_copied(client: httpx.Client, copied: list[int]) -> None:
    answer = client.get(PATH, headers=FILE_ALONE)

    assert answer.content == FILE
    assert sum(copied) > 0


def test_a_message_of_files_is_the_same_without_the_extension(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    extended = client.get(PATH)
    monkeypatch.setattr(ZeroCopyProtocol, "_is_plain", False)

    with client_of(str(client.base_url)) as another:
        plain = another.get(PATH)

    assert plain.content == extended.content
    assert FILE in plain.content


def test_a_series_of_small_and_large_files_has_them_all_in_their_order(
    client: httpx.Client, copied: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sides = [32] * 40 + [400] * 9 + [1000, 300, 1000, 32]  # of 2 kB to 2 MB: together, alone, together again
    files = [
        part10(image(np.full((side, side), number, np.uint16), uid=f"2.1.{number}", InstanceNumber=number))
        for number, side in enumerate(sides, 1)
    ]
    store(client, *files)
    path = "/studies/2/series/2.1"

    extended = client.get(path)
    of_extension = sum(copied)
    monkeypatch.setattr(ZeroCopyProtocol, "_is_plain", False)
    with client_of(str(client.base_url)) as another:
        plain = another.get(path)

    assert [part.content for part in parts_of(extended)] == files
    assert of_extension > len(extended.content) // 2
    assert (plain.headers["content-length"], plain.content) == (
        extended.headers["content-length"],
        extended.content,
    )


def test_a_range_and_a_frame_are_runs_of_the_file(client: httpx.Client) -> None:
    part = client.get(PATH, headers=FILE_ALONE | {"range": "bytes=100000-9100000"})
    frame = client.get(f"{PATH}/frames/40", headers={"accept": "application/octet-stream"})

    assert part.status_code == 206
    assert part.content == FILE[100_000:9_100_001]
    assert frame.content == FRAMES[39].tobytes()


def test_head_has_the_length_and_no_body(client: httpx.Client, copied: list[int]) -> None:
    answers = [client.head(PATH, headers=FILE_ALONE) for _ in range(2)]  # over one connection

    assert [answer.headers["content-length"] for answer in answers] == [str(len(FILE))] * 2
    assert copied == []


def test_a_client_that_reads_slowly_gets_every_byte(server: DicomwebServer) -> None:
    with connected(server, receive_bytes=4096) as slow, client_of(server.url) as another:
        slow.sendall(request(server, "connection: close\r\n"))
        start = slow.recv(1000)

        assert another.get("/studies").status_code == 200
        assert body_of(start + received(slow)) == FILE


def test_pipelined_requests_are_answered_in_order(server: DicomwebServer) -> None:
    with connected(server) as connection:
        connection.sendall(request(server, "range: bytes=0-1999999\r\n") + request(server))
        connection.sendall(request(server, "range: bytes=5-9\r\nconnection: close\r\n"))

        first, second, third = received(connection).split(b"HTTP/1.1 20")[1:]

    assert body_of(first) == FILE[:2_000_000]
    assert body_of(second) == FILE
    assert body_of(third) == FILE[5:10]


def test_a_client_that_leaves_is_no_error(
    server: DicomwebServer, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for _ in range(5):
        with connected(server) as leaving:
            leaving.sendall(request(server))
            leaving.recv(1000)
            leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert client.get(PATH, headers=FILE_ALONE).content == FILE
    assert caplog.messages == []


def test_a_client_found_gone_while_a_run_is_sent_is_no_error(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: int) -> int:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(os, "sendfile", broken)

    with pytest.raises(httpx.TransportError):
        client.get(PATH, headers=FILE_ALONE)

    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_file_that_loses_its_end_while_it_is_sent_ends_the_connection(
    server: DicomwebServer, client: httpx.Client
) -> None:
    blobs = server.archive.blobs
    assert isinstance(blobs, LocalBlobs)
    [key] = [file.key for file in blobs.list() if file.key.startswith("1/")]
    try:
        with connected(server, receive_bytes=4096) as slow:
            slow.sendall(request(server, "connection: close\r\n"))
            start = slow.recv(1000)
            os.truncate(blobs.path(key), len(FILE) - 100_000)
            body = body_of(start + received(slow))
    finally:
        blobs.path(key).write_bytes(FILE)

    assert len(body) < len(FILE)
    assert body == FILE[: len(body)]
    assert client.get(PATH, headers=FILE_ALONE).content == FILE
