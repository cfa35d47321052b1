"""That the server stops, for answers without an end of their own: an ASGI extension of ours."""

import asyncio
from asyncio import Transport
from typing import Any

from service.server.zero_copy import ZeroCopyProtocol

EXTENSION = "dicomweb.ending"

_LAST_SECONDS = 1.0  # in which a connection that is kept may bring a last request


class EndingProtocol(ZeroCopyProtocol):
    """Uvicorn's protocol, with an event that is set once the server stops."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        super().connection_made(transport)
        self._ending = asyncio.Event()

    def shutdown(self) -> None:
        """Let those answers end that have no end, and say with the next one that it is the last."""
        self._ending.set()
        if self._is_idle:
            self._end_soon()
        elif not self.cycle.response_started:
            self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        """End an answer, which may have begun before it could say that it is the last."""
        super().on_response_complete()
        if self._ending.is_set() and self._is_idle and not self.transport.is_closing():
            self._end_soon()

    @property
    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _end_soon(self) -> None:
        """End the connection, but not at once: a request that is on its way would be lost."""
        self.loop.call_later(_LAST_SECONDS, super().shutdown)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        if self._ending.is_set():
            cycle.keep_alive = False
        cycle.scope["extensions"] = {**cycle.scope.get("extensions", {}), EXTENSION: self._ending}
        super()._start_asgi_task(cycle, app)
