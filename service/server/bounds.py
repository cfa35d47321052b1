"""How much of a request this server takes before it is one, and how long it waits for the rest.

Whoever sends half a request, or a head without an end, holds a connection and memory for nothing. A
connection that does nothing between two requests is uvicorn's to end.
"""

import re
from asyncio import TimerHandle, Transport
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

import orjson

from service.server.bodies import BodyProtocol

_END_OF_HEAD = re.compile(b"\r\n\r\n")


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most this server takes of a client.

    Attributes:
        head_bytes: of the request line and the header fields together.
        head_seconds: from the first byte of a head to its last, and from a connection to its first request.
        body_seconds: of silence within a body.
    """

    head_bytes: int
    head_seconds: float
    body_seconds: float


class _Awaited(Enum):
    """What a client has to send next."""

    HEAD = auto()
    BODY = auto()
    NOTHING = auto()  # the answer is ours to give


class BoundedProtocol(BodyProtocol):
    """Uvicorn's protocol, within bounds."""

    def __init__(self, *arguments: Any, bounds: Bounds, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._bounds = bounds
        self._head_bytes = 0
        self._body_bytes = 0  # that are still to come, where the head says how many
        self._awaited = _Awaited.HEAD
        self._since = self.loop.time()
        self._watch: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._look_again()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes | memoryview) -> None:
        """Take bytes; of a head no more than it may have."""
        position, size = 0, len(data)
        view = memoryview(data)
        while position < size and not self.transport.is_closing():
            end = position + max(self._bounds.head_bytes, self._body_bytes)
            if self._awaited is _Awaited.HEAD:
                end = position + self._bounds.head_bytes + 1 - self._head_bytes
                end_of_head = _END_OF_HEAD.search(data, position, end)
                end = end_of_head.end() if end_of_head else end
            self._take(view[position:end])
            position = end

    def _take(self, data: memoryview) -> None:
        if self._awaited is _Awaited.HEAD:
            self._head_bytes += len(data)
        elif self._awaited is _Awaited.BODY:
            self._since = self.loop.time()
        super().data_received(data)
        if self._awaited is _Awaited.NOTHING and not self._is_answering:  # what begins no request
            self._await(_Awaited.HEAD)
        if self._head_bytes > self._bounds.head_bytes and not self.transport.is_closing():
            self._refuse_head()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._await(_Awaited.HEAD)

    def on_headers_complete(self) -> None:
        """End a head. What else has come with it is not counted."""
        self._head_bytes = 0
        self._body_bytes = next((int(value) for name, value in self.headers if name == b"content-length"), 0)
        self._await(_Awaited.BODY)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take bytes of a body."""
        self._body_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._body_bytes = 0
        self._await(_Awaited.NOTHING)
        super().on_message_complete()

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _await(self, awaited: _Awaited) -> None:
        self._awaited, self._since = awaited, self.loop.time()

    def _look_again(self) -> None:
        """End the connection if the client was silent for too long, else look again when it may have been."""
        if self.transport.is_closing():
            return
        now = self.loop.time()
        if self._is_our_turn:
            self._since = now
        is_head = self._awaited is _Awaited.HEAD
        patience = self._bounds.head_seconds if is_head else self._bounds.body_seconds
        if now - self._since >= patience:
            self._give_up(patience)
        else:
            self._watch = self.loop.call_later(self._since + patience - now, self._look_again)

    @property
    def _is_our_turn(self) -> bool:
        """Whether it is not the client who keeps us waiting."""
        return (
            self._awaited is _Awaited.NOTHING
            or self.flow.read_paused
            or (self._awaited is _Awaited.HEAD and self._is_answering)
        )

    def _give_up(self, patience: float) -> None:
        if self._awaited is _Awaited.HEAD and not self._head_bytes:  # it never began
            self.transport.close()
            return
        part = "head" if self._awaited is _Awaited.HEAD else "body"
        self._refuse(408, f"the {part} of the request did not go on for {patience:g} seconds")

    def _refuse_head(self) -> None:
        is_url = not self.headers
        what = "the request line is" if is_url else "the request line and the header fields are"
        self._refuse(414 if is_url else 431, f"{what} longer than {self._bounds.head_bytes} bytes together")

    def _refuse(self, status: int, message: str) -> None:
        """Answer what will never be a whole request, unless an answer has begun, and end the connection."""
        is_free = not self._is_answering or (
            self._awaited is _Awaited.BODY and not self.cycle.response_started and not self.pipeline
        )
        if is_free:
            self.transport.write(_answer(status, message))
        if self._is_answering:
            self._disconnect()
        self.transport.close()


def _answer(status: int, message: str) -> bytes:
    phrase = HTTPStatus(status).phrase
    body = orjson.dumps(
        {"status": status, "error": phrase.replace(" ", "").replace("-", ""), "message": message}
    )
    head = (
        f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        "connection: close\r\n\r\n"
    )
    return head.encode() + body
