"""Every request is measured: its operation, its status, its seconds and the bytes of its answer.

Of the URL nothing is told. Whoever has sent a plain X-Request-Id finds it in the answer and in the log; all
others find one of ours.
"""

import re
from collections.abc import Awaitable
from secrets import token_hex
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.access_log import AccessLog
from service.metrics import NO_OPERATION, Metrics

_IDENTITY = re.compile(rb"[0-9A-Za-z_-]{8,64}")  # no UID is one
_FIELD = b"x-request-id"


class Measured:
    """Measures what passes."""

    def __init__(self, app: ASGIApp, metrics: Metrics | None, log: AccessLog | None) -> None:
        self._app = app
        self._metrics = metrics
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin, status, sent = perf_counter(), 500, 0
        identity = _identity(scope) if self._log else b""

        def counted(message: Message) -> Awaitable[None]:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                if identity:
                    message = {**message, "headers": [*message["headers"], (_FIELD, identity)]}
            else:
                sent += len(message.get("body", b"")) + message.get("count", 0)
            return send(message)

        state = scope.setdefault("state", {})
        try:
            await self._app(scope, receive, counted)
        finally:
            seconds, operation = perf_counter() - begin, state.get("operation", NO_OPERATION)
            if self._metrics:
                self._metrics.request(operation, status, seconds, sent, state.get("served_instances", 0))
            if self._log:
                self._log.note(operation, status, seconds, sent, identity.decode())


def _identity(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == _FIELD and _IDENTITY.fullmatch(value):
            return bytes(value)
    return token_hex(8).encode()
