"""Somebody whom webhooks call: keeps what it is told, and answers as it is told to."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any, NamedTuple

import orjson
from standardwebhooks import Webhook

from tests.waiting import PATIENCE


class Call(NamedTuple):
    """One call.

    Attributes:
        path: that was called.
        headers: of the call, their names in lower case.
        body: of it.
    """

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        """The event that it tells of."""
        event: dict[str, Any] = orjson.loads(self.body)
        return event


class Receiver:
    """A server that is called.

    Attributes:
        url: of it.
        answers: status codes that it answers next; 204 when there is none left.
        location: of its answers.
    """

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.location = ""
        self._calls: Queue[Call] = Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver._calls.put(Call(self.path, headers, body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.send_header("content-length", "0")
                if receiver.location:
                    self.send_header("location", receiver.location)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def next(self) -> Call:
        """Return the next call, waiting for it."""
        return self._calls.get(timeout=PATIENCE)

    @property
    def is_called(self) -> bool:
        """Whether there has been a call that nobody has looked at."""
        return not self._calls.empty()

    def next_event(self, secret: str) -> dict[str, Any]:
        """Return the next event, whose signature is right."""
        call = self.next()
        Webhook(secret).verify(call.body, call.headers)
        return call.event

    def run(self) -> None:
        """Serve until it is closed."""
        self._server.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Serve no longer."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Lend a receiver that serves."""
    receiver = Receiver()
    Thread(target=receiver.run, daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.close()
