"""Bodies on connections that read into the same memory: each comes as it was sent, on either event loop."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from os import urandom

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from tests.server.applications import serving


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the body."""
    assert scope["type"] == "http"
    body, more = b"", True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(params=["asyncio", "uvloop"])
def client(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """Lend a client of a server that answers with what was sent."""
    with serving(echo, loop=request.param) as lent:
        yield lent


def test_bodies_that_come_at_the_same_time_do_not_mix(client: httpx.Client) -> None:
    bodies = [urandom(size) for size in (0, 5, 70_000, 600_000, 3_000_000, 3_000_001)]

    with ThreadPoolExecutor(len(bodies)) as threads:
        answers = list(threads.map(lambda body: client.post("/", content=body).content, bodies * 3))

    assert answers == bodies * 3
