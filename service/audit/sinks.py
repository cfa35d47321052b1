"""Where the audit goes: lines of JSON to a file or standard output, messages to a syslog server."""

import os
import socket
import ssl
import stat
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from select import POLLIN, poll
from threading import Lock
from typing import NamedTuple, Protocol

from service.audit.event import Event, Outcome, moment
from service.audit.message import message_of

_TIMEOUT = 5  # seconds, for a connection or a message
_LOOK_SECONDS = 0.2  # after messages, whether the server has closed the connection instead of taking them
_AUTHORIZATION = 10  # facility: security and authorization messages
_WARNING, _NOTICE = 4, 5  # severities
_BOM = b"\xef\xbb\xbf"
_MESSAGE_ID = "DICOM+RFC3881"


class Source(NamedTuple):
    """Who tells of events.

    Attributes:
        name: Audit Source ID, and APP-NAME of syslog.
        host: this machine.
        process: this process.
    """

    name: str
    host: str
    process: str


class Sink(Protocol):
    """Where events go.

    Attributes:
        name: as the setting names it.
        is_local: what is sent to it is there when `send` returns, and it takes no network.
    """

    name: str
    is_local: bool

    def content(self, event: Event, source: Source) -> bytes:
        """Return what tells of an event there."""

    def send(self, contents: Sequence[bytes]) -> None:
        """Send what tells of events.

        Raises:
            OSError: it could not be; some of it may have been.
        """

    def close(self) -> None:
        """Let go of what is open."""


class File:
    """Lines of JSON at the end of a file. It is opened each time, so that it can be rotated."""

    is_local = True

    def __init__(self, path: str) -> None:
        self.name = path
        self._path = Path(path)

    def content(self, event: Event, source: Source) -> bytes:
        """Return the line."""
        return event.line(source.name) + b"\n"

    def send(self, contents: Sequence[bytes]) -> None:
        """Append lines; they are on disk when this returns."""
        is_new = not self._path.exists()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _write(descriptor, b"".join(contents))
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            _sync_folder(self._path.absolute().parent)

    def close(self) -> None:
        """Nothing is open."""


class StandardOutput:
    """Lines of JSON on standard output."""

    is_local = True

    def __init__(self, name: str) -> None:
        self.name = name

    def content(self, event: Event, source: Source) -> bytes:
        """Return the line."""
        return event.line(source.name) + b"\n"

    def send(self, contents: Sequence[bytes]) -> None:
        """Write lines."""
        with suppress(ValueError):  # closed
            sys.stdout.flush()
        _write(1, b"".join(contents))

    def close(self) -> None:
        """Nothing is open."""


class Syslog:
    """Messages of PS3.15 A.5 to a syslog server: RFC 5424, over TLS (RFC 5425) or UDP (RFC 5426)."""

    is_local = False

    def __init__(self, name: str, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self.name = name
        self._address = (host, port)
        self._tls = tls
        self._connection: socket.socket | None = None
        self._lock = Lock()

    def content(self, event: Event, source: Source) -> bytes:
        """Return the message, with its head and without its frame. Standard: PS3.15 A.6."""
        severity = _NOTICE if event.outcome is Outcome.SUCCESS else _WARNING
        time = moment(event.begin)
        fields = (source.host, source.name, source.process, _MESSAGE_ID)
        head = f"<{_AUTHORIZATION * 8 + severity}>1 {time} {' '.join(map(_field, fields))} - "
        return head.encode("ascii") + _BOM + message_of(event, source.name, source.process)

    def send(self, contents: Sequence[bytes]) -> None:
        """Send messages."""
        with self._lock:
            try:
                self._send(contents)
            except OSError:
                self._drop()
                raise

    def _send(self, contents: Sequence[bytes]) -> None:
        if self._tls is None:
            self._send_datagrams(contents)
            return
        if self._connection is not None and _is_closed(self._connection, 0):
            self._drop()
        self._connection = self._connection or self._connected(self._tls)
        for content in contents:
            self._connection.sendall(b"%d %s" % (len(content), content))
        if _is_closed(self._connection, _LOOK_SECONDS):
            raise ConnectionResetError("the server has closed the connection")

    def _send_datagrams(self, contents: Sequence[bytes]) -> None:
        family, kind, protocol, _, address = socket.getaddrinfo(*self._address, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as sending:
            for content in contents:
                sending.sendto(content, address)

    def _connected(self, tls: ssl.SSLContext) -> socket.socket:
        plain = socket.create_connection(self._address, _TIMEOUT)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        try:
            return tls.wrap_socket(plain, server_hostname=self._address[0])
        except BaseException:
            plain.close()
            raise

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close the connection."""
        with self._lock, suppress(OSError):
            self._drop()


def _is_closed(connection: socket.socket, seconds: float) -> bool:
    """Tell whether the server has closed a connection; it has nothing else to say on it."""
    looking = poll()
    looking.register(connection, POLLIN)
    if not looking.poll(seconds * 1000):
        return False
    connection.settimeout(0)
    try:
        return not connection.recv(1024)
    except (ssl.SSLWantReadError, BlockingIOError):  # a session ticket
        return False
    finally:
        connection.settimeout(_TIMEOUT)


def _write(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _field(text: str) -> str:
    """Return text as a field of the head: printable ASCII without blanks."""
    return "".join(sign if "!" <= sign <= "~" else "_" for sign in text)[:48] or "-"
