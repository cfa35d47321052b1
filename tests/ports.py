"""Ports for programs that have to be told where to listen, and that nobody else gets meanwhile."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def reserved_ports(number: int) -> Iterator[list[int]]:
    """Lend ports of this machine to listen on; until a program does, who connects is refused.

    They are bound all the time, so that the system gives them to nobody who wants just any. As nobody listens
    on them here, a program that asks for one of them by number gets it.
    """
    with ExitStack() as stack:
        yield [stack.enter_context(_bound()).getsockname()[1] for _ in range(number)]


def _bound() -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", 0))
    return bound
