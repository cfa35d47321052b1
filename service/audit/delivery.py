"""Messages on their way to a sink: a thread sends what waits in the index, and tries again until it is sent.

Whoever notes an event hands its messages over, and they go at once. What cannot be sent stays in the index,
and so does what a process leaves that ends: after a while they are anybody's to send. A message may so come
twice, never not at all.
"""

import logging
from collections import deque
from collections.abc import Sequence
from threading import Event, Thread
from time import monotonic, time

from service.archive.index.engine.database import Database
from service.archive.index.owners import audit
from service.archive.index.owners.audit import Message
from service.audit.sinks import Sink
from service.errors import Unavailable

LEASE = 15  # seconds in which messages are for one process to send

_MAX_BATCH = 200
_MAX_WAITING = 2000  # messages that are handed over and not sent; more are left to the index
_PAUSE = 5  # seconds between two looks into the index, and between two attempts
_REMIND_SECONDS = 600  # until the log says again that messages wait
_CLOSE_SECONDS = 8

_log = logging.getLogger(__name__)


def now_in_milliseconds() -> int:
    """Return the time as the index has it."""
    return int(time() * 1000)


class Delivery:
    """The way to one sink."""

    def __init__(self, index: Database, sink: Sink) -> None:
        self.sink = sink
        self._index = index
        self._handed: deque[Message] = deque()
        self._sent: deque[str] = deque()
        self._wakes = Event()
        self._closing = Event()
        self._fails_since: float | None = None
        self._reminded = 0.0
        self._thread = Thread(target=self._work, name="audit", daemon=True)

    def begin(self) -> None:
        """Send what waits, from now on."""
        self._thread.start()

    def hand_over(self, messages: Sequence[Message]) -> None:
        """Send messages that are in the index, for this process to send: at once where the sink is local."""
        if self.sink.is_local:
            self._send_at_once(messages)
        elif self._fails_since is None and len(self._handed) < _MAX_WAITING:
            self._handed.extend(messages)
        self._wakes.set()

    def close(self) -> None:
        """Send what has been handed over, if that can be, and end."""
        self._closing.set()
        self._wakes.set()
        if self._thread.is_alive():
            self._thread.join(_CLOSE_SECONDS)
        self.sink.close()

    def finish(self) -> None:
        """Send what has been handed over in this thread, where no other one was begun."""
        self._attempt()

    def _send_at_once(self, messages: Sequence[Message]) -> None:
        try:
            self.sink.send([message.content for message in messages])
        except OSError as error:
            self._tell_failure(error)
        else:
            self._sent.extend(message.event for message in messages)

    def _work(self) -> None:
        while not self._closing.is_set():
            self._wakes.wait(_PAUSE)
            self._wakes.clear()
            if not self._attempt():
                self._closing.wait(_PAUSE)
        self._attempt()

    def _attempt(self) -> bool:
        """Send all that waits; tell whether it could be."""
        try:
            while messages := self._next():
                self.sink.send([message.content for message in messages])
                self._sent.extend(message.event for message in messages)
                self._forget_sent()
            self._forget_sent()
        except (OSError, Unavailable) as error:
            self._handed.clear()  # they are in the index
            self._tell_failure(error)
            return False
        except Exception as error:  # nobody foresaw it; the thread goes on, and so do messages after it
            self._handed.clear()
            self._tell_failure(error)
            return False
        if self._fails_since is not None:
            self._fails_since = None
            _log.warning("audit: %s takes messages again", self.sink.name)
        return True

    def _next(self) -> list[Message]:
        if self._handed:
            return [self._handed.popleft() for _ in range(min(_MAX_BATCH, len(self._handed)))]
        now = now_in_milliseconds()
        if self._closing.is_set() or not self._index.read_now(audit.has_due, self.sink.name, now):
            return []
        until = now + LEASE * 1000
        return self._index.write_now(audit.take_due, self.sink.name, now, until, _MAX_BATCH)

    def _forget_sent(self) -> None:
        while self._sent:
            events = [self._sent.popleft() for _ in range(min(_MAX_BATCH, len(self._sent)))]
            try:
                self._index.write_now(audit.delivered, self.sink.name, events)
            except Unavailable:
                self._sent.extendleft(events)
                raise

    def _tell_failure(self, error: Exception) -> None:
        """Say in the log that messages wait, not too often; nothing of what is in them."""
        if self._fails_since is None:
            self._fails_since = monotonic()
            self._reminded = 0.0
        if monotonic() - self._reminded < _REMIND_SECONDS and self._reminded:
            return
        self._reminded = monotonic()
        try:
            number: int | str = self._index.read_now(audit.waiting, self.sink.name)
        except Unavailable:
            number = "some"
        reason = getattr(error, "strerror", None) or type(error).__name__
        _log.error("audit: %s takes no messages (%s): %s wait to be sent", self.sink.name, reason, number)
