"""Bodies of requests, handed over in pieces that are worth waking somebody for; a short one comes whole."""

from typing import Any

from service.server.ending import EndingProtocol

_PIECE_BYTES = 2**18


class BodyProtocol(EndingProtocol):
    """Uvicorn's protocol, which gathers what comes of a body until that is a piece, or all."""

    def on_body(self, body: bytes) -> None:
        """Take bytes of a body; a client that sends more than is taken from it has to wait."""
        if self.cycle.response_complete:
            return
        self.cycle.body = _with(self.cycle.body, body)
        if len(self.cycle.body) > _PIECE_BYTES:
            self.flow.pause_reading()
            self.cycle.message_event.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Hand over what has come of a body, and then say that no more comes."""
        if self.cycle is not None and self.cycle.body:
            self.cycle.message_event.set()
            self.loop.call_soon(super().connection_lost, exc)
        else:
            super().connection_lost(exc)

    def _disconnect(self) -> None:
        """Do the same while the connection is still there."""
        self.cycle.message_event.set()
        self.loop.call_soon(_say_that_no_more_comes, self.cycle)


def _with(gathered: bytes | bytearray, more: bytes) -> Any:
    """Return what has been gathered with more behind it; what comes alone stays as it is, not copied."""
    if not gathered:
        return more
    grown = gathered if isinstance(gathered, bytearray) else bytearray(gathered)
    grown += more
    return grown


def _say_that_no_more_comes(cycle: Any) -> None:
    cycle.disconnected = True
    cycle.message_event.set()
