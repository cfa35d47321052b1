"""The program of a worker process: it runs what it is given, one call after the other, until nobody listens.

Its own alarm clock ends it when a call takes too long: that works in the midst of a decoder written in C,
and even when whoever gave the work has gone. Its memory has a limit, so that it cannot take the machine's.
"""

import ctypes
import pickle
import resource
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from service.errors import DicomwebError, UndecodableFrame, shorten
from service.pixels.workers import transport

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of the GNU C library


def main() -> None:
    """Serve the connection whose descriptor is the first argument, within the bytes that are the second."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the parent says when to end
    limit = int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold pixels
    connection = Connection(int(sys.argv[1]))
    while True:
        try:
            _serve(connection)
        except (EOFError, ConnectionResetError):
            return
        if _trim is not None:
            _trim(0)  # what one frame needed is not kept for the next


def _serve(connection: Connection) -> None:
    """Do one piece of work; nothing of it is remembered."""
    seconds, work = pickle.loads(connection.recv_bytes())  # noqa: S301 (from the parent)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    answer = _outcome(work)
    signal.setitimer(signal.ITIMER_REAL, 0)
    transport.send(connection, answer)


def _outcome(work: Callable[[], Any]) -> Any:
    """Return what the work returns, or its error."""
    try:
        return work()
    except DicomwebError as error:
        return error
    except Exception as error:
        return UndecodableFrame(
            f"the codec failed on the frame: {shorten(str(error) or type(error).__name__)}"
        )


if __name__ == "__main__":
    main()
