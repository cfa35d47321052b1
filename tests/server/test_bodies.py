"""How bodies of requests come to the application: over real connections, to an application that counts."""

from collections.abc import Iterator

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from tests.server.applications import serving


async def sizes(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the sizes of the pieces that a body came in."""
    assert scope["type"] == "http"
    pieces, more = [], True
    while more:
        message = await receive()
        pieces.append(str(len(message["body"])))
        more = message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": " ".join(pieces).encode()})


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """Lend a client of a server that tells in which pieces bodies have come."""
    with serving(sizes) as lent:
        yield lent


def pieces_of(client: httpx.Client, body: bytes | Iterator[bytes]) -> list[int]:
    """Send a body, and return the sizes of the pieces that came."""
    return [int(size) for size in client.post("/", content=body).text.split()]


@pytest.mark.parametrize("size", [0, 1, 200_000])
def test_a_short_body_comes_in_one_piece(client: httpx.Client, size: int) -> None:
    assert pieces_of(client, b"x" * size) == [size]


def test_a_short_body_in_many_chunks_comes_in_one_piece(client: httpx.Client) -> None:
    assert pieces_of(client, iter([b"x" * 100] * 50)) == [5000]


def test_a_long_body_comes_in_pieces_that_need_little_memory(client: httpx.Client) -> None:
    pieces = pieces_of(client, bytes(20_000_000))

    assert sum(pieces) == 20_000_000
    assert max(pieces) <= 1_000_000


def test_requests_on_one_connection_have_bodies_of_their_own(client: httpx.Client) -> None:
    assert [pieces_of(client, b"x" * size) for size in (300, 70_000, 3)] == [[300], [70_000], [3]]
