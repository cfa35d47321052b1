"""That the server stops, for answers without an end of their own: an ASGI extension of ours."""

import asyncio
from asyncio import Transport
from typing import Any

from service.server.zero_copy import ZeroCopyProtocol

EXTENSION = "dicomweb.ending"


class EndingProtocol(ZeroCopyProtocol):
    """Uvicorn's protocol, with an event that is set once the server stops."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        super().connection_made(transport)
        self._ending = asyncio.Event()

    def shutdown(self) -> None:
        """Let the answer at hand be the last one, and those end that have no end."""
        super().shutdown()
        self._ending.set()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        cycle.scope["extensions"] = {**cycle.scope.get("extensions", {}), EXTENSION: self._ending}
        super()._start_asgi_task(cycle, app)
