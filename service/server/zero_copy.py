"""Runs of files that go from the page cache to the socket: an extension of ASGI, for uvicorn.

It is like Zero Copy Send, but a message brings many runs, and bytes that go out between them. What the
kernel takes at once leaves without being copied; the rest goes through the transport like any body, a piece
at a time, and waits there for the client. Where the connection is encrypted, or uvicorn is no longer built
as it was, the extension is not announced and files are sent as any bytes are.
"""

import errno
import os
import socket
import sys
from asyncio import Transport
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

EXTENSION = "http.response.pieces"

_PIECE_BYTES = 64 * 1024  # of what goes through the transport
_NOT_AT_ONCE = (errno.EAGAIN, errno.EINVAL, errno.ENOSYS)  # the socket is full, or the file cannot be sent so
_USED = ("chunked_encoding", "disconnected", "expected_content_length", "flow", "scope", "transport")


class ZeroCopyProtocol(HttpToolsProtocol):
    """Uvicorn's protocol, with the extension."""

    _is_plain: bool | None = None  # not looked at yet

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        if self._is_plain is None:
            self._is_plain = all(hasattr(cycle, name) for name in _USED) and _is_plain(cycle.transport)
        super()._start_asgi_task(cycle, _Extended(app, cycle) if self._is_plain else app)  # type: ignore[arg-type]


def _is_plain(transport: Transport) -> bool:
    """Tell whether bytes go out as they are written to the transport's socket."""
    connection = transport.get_extra_info("socket")
    return (
        sys.platform == "linux"
        and connection is not None
        and connection.family in (socket.AF_INET, socket.AF_INET6)
        and transport.get_extra_info("sslcontext") is None
    )


class _Extended:
    """The application, answering one request with the extension."""

    __slots__ = ("_app", "_corked", "_cycle", "_pass_on")

    def __init__(self, app: ASGIApp, cycle: Any) -> None:
        self._app = app
        self._cycle = cycle
        self._corked: Any = None  # the socket, once a run has been sent

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Call the application."""
        self._pass_on = send
        scope["extensions"] = {**scope.get("extensions", {}), EXTENSION: {}}
        return self._app(scope, receive, self._send)

    def _send(self, message: Message) -> Awaitable[None]:
        if message["type"] == EXTENSION:
            return self._send_pieces(message)
        is_last = self._corked is not None and not message.get("more_body", False)
        return self._send_last(message) if is_last else self._pass_on(message)

    async def _send_pieces(self, message: Message) -> None:
        """Send bytes, and runs of files: the descriptor, offset and length of each."""
        if self._corked is None:
            self._cork()
        for piece in message["pieces"]:
            if self._cycle.flow.write_paused:
                await self._settled()
            if isinstance(piece, tuple):
                file, offset, count = piece
                sent = self._at_once(os.sendfile, file, offset, count)
                if sent < count:
                    await self._send_rest(file, offset + sent, count - sent)
            else:
                sent = self._at_once(os.write, piece)
                if sent < len(piece):
                    await self._pass_on(_body(piece[sent:]))
        if not message.get("more_body", False):
            await self._send_last({"type": "http.response.body", "body": b""})

    async def _send_rest(self, file: int, offset: int, count: int) -> None:
        """Send what is left of a run: a piece as any body, then as much as the socket takes, and so on."""
        cycle = self._cycle
        end = offset + count
        while offset < end and not cycle.disconnected:
            piece = os.pread(file, min(_PIECE_BYTES, end - offset), offset)
            if not piece:
                raise EOFError("a file is shorter than was announced")
            await self._pass_on(_body(piece))
            offset += len(piece)
            await self._settled()
            if offset < end:
                offset += self._at_once(os.sendfile, file, offset, end - offset)

    async def _settled(self) -> None:
        """Wait until all that was written before has gone."""
        if self._cycle.flow.write_paused and not self._cycle.disconnected:
            await self._cycle.flow.drain()

    def _at_once(self, send: Callable[..., int], *what: Any) -> int:
        """Send as much as the socket takes, after all that was written before; return how much.

        Args:
            send: a call to the kernel, which returns how many bytes have gone.
            what: its arguments after the socket.
        """
        cycle = self._cycle
        if cycle.chunked_encoding or cycle.scope["method"] == "HEAD":
            return 0
        if cycle.transport.is_closing():  # and the number of its socket may be another's by now
            cycle.disconnected = True
        if cycle.disconnected:
            return 0
        try:
            sent = send(self._corked.fileno(), *what)
        except OSError as error:
            if error.errno == errno.EIO:
                raise
            if error.errno not in _NOT_AT_ONCE:  # the client has left: as if the transport had found out
                cycle.disconnected = True
                cycle.transport.abort()
            return 0
        cycle.expected_content_length -= sent
        return sent

    def _cork(self) -> None:
        """Send whole packets only until the end of the answer, and pause writing when anything waits."""
        transport = self._cycle.transport
        if not transport.is_closing():
            transport.set_write_buffer_limits(high=0)
            self._corked = transport.get_extra_info("socket")
            self._set_cork(1)

    def _set_cork(self, value: int) -> None:
        with suppress(OSError):  # the client has left
            self._corked.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, value)

    async def _send_last(self, message: Message) -> None:
        await self._pass_on(message)
        if self._corked is not None and not self._cycle.transport.is_closing():
            self._set_cork(0)


def _body(content: bytes) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": True}
