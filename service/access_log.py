"""The access log: a line of JSON for each request, by its operation and never by its URL.

Lines go to standard output in a thread of their own: whoever reads them slowly keeps no request waiting, and
lacks some in the end.
"""

import sys
from contextlib import suppress
from datetime import UTC, datetime
from queue import Full, Queue
from threading import Thread

import orjson

_MAX_WAITING = 10_000


class AccessLog:
    """Writes lines."""

    def __init__(self) -> None:
        self._lines: Queue[bytes | None] = Queue(_MAX_WAITING)
        self._thread = Thread(target=self._work, name="access log", daemon=True)
        self._thread.start()

    def note(self, operation: str, status: int, seconds: float, sent: int, identity: str) -> None:
        """Note a request that has been answered."""
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "operation": operation,
            "status": status,
            "seconds": round(seconds, 6),
            "bytes": sent,
            "request": identity,
        }
        with suppress(Full):
            self._lines.put_nowait(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        """Write what waits, and end."""
        self._lines.put(None)
        self._thread.join(2)

    def _work(self) -> None:
        while line := self._lines.get():
            try:
                sys.stdout.buffer.write(line)
                if self._lines.empty():
                    sys.stdout.buffer.flush()
            except (OSError, ValueError):
                continue  # nobody reads any more
