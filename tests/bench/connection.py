"""One HTTP/1.1 connection of a load generator: requests made beforehand, answers read and dropped.

Written for this, because a client that parses what it does not need takes time from the server it measures.
Waiting is a `yield` of what is waited for, so that one thread can tend many connections.
"""

import re
import select
import socket
from collections.abc import Generator, Sequence
from dataclasses import dataclass

Wait = Generator[int, None, int]

_SINK_BYTES = 2**18
_IOV_MAX = 256
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_CLOSING = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_WITHOUT_BODY = (204, 304)


class Broken(Exception):
    """The server did not answer as HTTP/1.1 has it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: of HTTP.
        size: of the body in bytes.
    """

    status: int
    size: int


class Connection:
    """Keeps a connection open; a server that closes it gets a new one.

    Args:
        address: host and port.
    """

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._buffer = bytearray(_SINK_BYTES)
        self._view = memoryview(self._buffer)
        self._start = self._end = 0
        self.socket = self._connected()

    def exchange(self, request: Sequence[bytes]) -> Generator[int, None, Answer]:
        """Send a request, given in pieces, and read its answer.

        Yields:
            What has to be waited for: an event of `select.epoll`.

        Raises:
            Broken: there is no whole answer.
        """
        yield from self._send(request)
        head = yield from self._head()
        status = int(head[9:12])
        size, is_closed = 0, _CLOSING.search(head) is not None
        if _CHUNKED.search(head):
            size = yield from self._skip_chunks()
        elif length := _LENGTH.search(head):
            size = yield from self._skip(0 if status in _WITHOUT_BODY else int(length[1]))
        elif status not in _WITHOUT_BODY:
            size, is_closed = (yield from self._skip_all()), True
        if is_closed:
            self.reconnect()
        return Answer(status, size)

    def reconnect(self) -> None:
        """Begin anew."""
        self.close()
        self.socket = self._connected()

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()
        self._start = self._end = 0

    def _connected(self) -> socket.socket:
        opened = socket.create_connection(self._address, timeout=60)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.setblocking(False)
        return opened

    def _send(self, request: Sequence[bytes]) -> Generator[int, None, None]:
        pieces = [memoryview(piece) for piece in reversed(request)]
        while pieces:
            try:
                sent = self.socket.sendmsg(pieces[: -_IOV_MAX - 1 : -1])
            except BlockingIOError:
                yield select.EPOLLOUT
                continue
            while pieces and sent >= len(pieces[-1]):
                sent -= len(pieces.pop())
            if sent:
                pieces[-1] = pieces[-1][sent:]

    def _head(self) -> Generator[int, None, bytes]:
        while (end := self._buffer.find(b"\r\n\r\n", self._start, self._end)) < 0:
            yield from self._fill()
        head = bytes(self._view[self._start : end + 2])
        self._start = end + 4
        return head

    def _line(self) -> Generator[int, None, bytes]:
        while (end := self._buffer.find(b"\r\n", self._start, self._end)) < 0:
            yield from self._fill()
        line = bytes(self._view[self._start : end])
        self._start = end + 2
        return line

    def _skip(self, size: int) -> Wait:
        """Read and drop so many bytes."""
        left = size
        while left > self._end - self._start:
            left -= self._end - self._start
            self._start = self._end = 0
            yield from self._fill()
        self._start += left
        return size

    def _skip_chunks(self) -> Wait:
        """Read and drop a chunked body. RFC 9112 section 7.1."""
        size = 0
        while length := int((yield from self._line()).partition(b";")[0], 16):
            size += yield from self._skip(length)
            yield from self._skip(2)
        while (yield from self._line()):
            pass
        return size

    def _skip_all(self) -> Wait:
        size = self._end - self._start
        while True:
            self._start = self._end = 0
            try:
                yield from self._fill()
            except Broken:
                return size
            size += self._end

    def _fill(self) -> Generator[int, None, None]:
        """Read what there is behind what has been read."""
        if self._start == self._end:
            self._start = self._end = 0
        elif self._end == _SINK_BYTES:
            rest = bytes(self._view[self._start :])
            self._start, self._end = 0, len(rest)
            self._view[: self._end] = rest
        while True:
            try:
                count = self.socket.recv_into(self._view[self._end :])
            except BlockingIOError:
                yield select.EPOLLIN
                continue
            if not count:
                raise Broken("the server closed the connection before its answer was complete")
            self._end += count
            return
