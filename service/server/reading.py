"""Bytes from connections, read into memory that a server keeps for that: they are copied once less."""

import asyncio
from collections.abc import Callable
from typing import Any

_READ_BYTES = 2**19


class Reader(asyncio.BufferedProtocol):
    """Reads from a connection, for a protocol that takes what is read.

    It stands before the protocol, and is none of its classes: uvloop reads into the memory of no Protocol.

    Args:
        protocol: it; it keeps nothing of the memory that it is shown.
        memory: to read into; all connections of an event loop may share it.
    """

    def __init__(self, protocol: Any, memory: bytearray) -> None:
        self._protocol = protocol
        self._memory = memoryview(memory)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 (there is no other)
        """Return where to read to, as long as it is."""
        return self._memory

    def buffer_updated(self, nbytes: int) -> None:
        """Let the protocol take what has been read."""
        self._protocol.data_received(self._memory[:nbytes])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin a connection."""
        self._protocol.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End it."""
        self._protocol.connection_lost(exc)

    def eof_received(self) -> bool | None:
        """Say that the client sends no more."""
        closes: bool | None = self._protocol.eof_received()
        return closes

    def pause_writing(self) -> None:
        """Say that the client does not keep up."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Say that it does again."""
        self._protocol.resume_writing()


class Readers:
    """Makes readers of the connections of one server, which share their memory.

    Args:
        protocol: makes the protocol of a connection.
    """

    def __init__(self, protocol: Callable[..., Any]) -> None:
        self._protocol = protocol
        self._memory = bytearray(_READ_BYTES)

    def __call__(self, **arguments: Any) -> Reader:
        """Return a reader whose protocol is made with these arguments."""
        return Reader(self._protocol(**arguments), self._memory)
