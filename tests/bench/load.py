"""Closed-loop load: each client sends its next request as soon as the answer to its last is there."""

import select
import time
from array import array
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

from tests.bench.connection import Broken, Connection

Request = Sequence[bytes]

_PATIENCE = 300  # seconds


@dataclass(slots=True)
class Slice:
    """What a run of load came to.

    Attributes:
        seconds: from the first request to the last answer.
        latencies: of every request, in seconds.
        size: of all bodies received, in bytes.
        sent: of all requests, in bytes.
        statuses: how often each came; 0 stands for a broken answer.
    """

    seconds: float = 0.0
    latencies: "array[float]" = field(default_factory=lambda: array("d"))
    size: int = 0
    sent: int = 0
    statuses: "Counter[int]" = field(default_factory=Counter)


def drive(address: tuple[str, int], requests: Iterable[Request], clients: int, seconds: float) -> Slice:
    """Send requests until there are no more or the time is up; what was begun is finished.

    Args:
        address: host and port of the server.
        requests: ready to be sent; may be endless.
        clients: connections.
        seconds: how long new requests are begun; every client makes one at least.
    """
    outcome = Slice()
    source = iter(requests)
    with ExitStack() as stack:
        connections = [stack.enter_context(closing(Connection(address))) for _ in range(clients)]
        begin = time.perf_counter()
        _tend(
            [_client(connection, source, begin + seconds, outcome) for connection in connections], connections
        )
        outcome.seconds = time.perf_counter() - begin
    return outcome


def _client(
    connection: Connection, source: Iterator[Request], deadline: float, outcome: Slice
) -> Generator[int, None, None]:
    for request in source:
        begin = time.perf_counter()
        try:
            answer = yield from connection.exchange(request)
            outcome.size += answer.size
            outcome.statuses[answer.status] += 1
        except (Broken, OSError):
            outcome.statuses[0] += 1
            connection.reconnect()
        end = time.perf_counter()
        outcome.latencies.append(end - begin)
        outcome.sent += sum(map(len, request))
        if end > deadline:
            return


def _tend(clients: Sequence[Generator[int, None, None]], connections: Sequence[Connection]) -> None:
    """Let every client go on as soon as what it waits for is there."""
    places: dict[int, int] = {}
    ready = list(range(len(clients)))
    waiting = 0
    with select.epoll() as poll:
        while ready:
            for place in ready:
                event = next(clients[place], None)
                if event is not None:
                    descriptor = connections[place].socket.fileno()
                    places[descriptor] = place
                    _await(poll, descriptor, event)
                    waiting += 1
            ready = [places[descriptor] for descriptor, _ in poll.poll(_PATIENCE)] if waiting else []
            if waiting and not ready:
                raise TimeoutError(f"the server has not said anything for {_PATIENCE} seconds")
            waiting -= len(ready)


def _await(poll: select.epoll, descriptor: int, event: int) -> None:
    try:
        poll.modify(descriptor, event | select.EPOLLONESHOT)
    except FileNotFoundError:  # a new connection
        poll.register(descriptor, event | select.EPOLLONESHOT)
