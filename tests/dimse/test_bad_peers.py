"""Whatever a stranger sends: a clear end for them, and nothing for the others. PS3.8 9."""

import socket
import struct
from contextlib import ExitStack, suppress
from random import Random

import pytest

from tests.dimse.calling import IMPLICIT, VERIFICATION, association, request
from tests.serving import Process

ABORT = 7


def connection(port: int) -> socket.socket:
    """Return a connection with nothing said yet."""
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def say_all(peer: socket.socket, content: bytes) -> None:
    """Say something, and no more; who has been hung up on says nothing."""
    with suppress(OSError):
        peer.sendall(content)
        peer.shutdown(socket.SHUT_WR)


def end_of(peer: socket.socket) -> bytes:
    """Return what comes before the connection ends."""
    content = b""
    try:
        while chunk := peer.recv(65536):
            content += chunk
    except ConnectionError:
        pass
    return content


def greets(port: int) -> bool:
    """Tell whether others are answered."""
    with association(port, [(VERIFICATION, [IMPLICIT])]) as caller:
        return caller.is_established and caller.send_c_echo().Status == 0


@pytest.mark.parametrize("seed", range(6))
def test_random_bytes_end_the_connection_and_others_go_on(port: int, seed: int) -> None:
    with connection(port) as peer:
        say_all(peer, Random(seed).randbytes(3000))  # noqa: S311
        end_of(peer)
    assert greets(port)


def test_a_pdu_of_four_gigabytes_is_not_waited_for(port: int) -> None:
    with connection(port) as peer:
        peer.sendall(request())
        assert peer.recv(6)[0] == 2
        peer.sendall(struct.pack(">BxI", 4, 2**32 - 1) + bytes(1000))
        assert ABORT in end_of(peer)
    assert greets(port)


def test_half_a_request_holds_nobody_else_up(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(300):
            peer = stack.enter_context(connection(port))
            peer.sendall(request()[:50])
        assert greets(port)


def test_presentation_contexts_without_end_are_answered_or_aborted(port: int) -> None:
    with connection(port) as peer:
        peer.sendall(request(5000))
        assert peer.recv(1)[:1] in (b"\x02", b"\x07", b"")
    assert greets(port)


@pytest.mark.parametrize(
    "fragment",
    [
        b"",
        b"\0\0\0\1\1",
        b"\xff\xff\xff\xff\1\3",
        b"\0\0\0\6\1\2data",
        b"\0\0\0\6\1\3junk",
        b"\0\0\0\6\x63\3junk",
    ],
)
def test_fragments_that_are_none_end_in_an_abort(pacs: Process, port: int, fragment: bytes) -> None:
    with connection(port) as peer:
        say_all(peer, request() + struct.pack(">BxI", 4, len(fragment)) + fragment)
        end_of(peer)
    assert greets(port)
    assert "Traceback" not in pacs.log.read_text()
