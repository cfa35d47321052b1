"""The program of a worker process: it runs what it is given, one call after the other, until nobody listens.

Its own alarm clock ends it when a call takes too long: that works in the midst of a decoder written in C,
and even when whoever gave the work has gone. Its memory has a limit, so that it cannot take the machine's.
"""

import pickle
import resource
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from service.errors import DicomwebError, UndecodableFrame, shorten

MEMORY_BYTES = 8 * 2**30  # of addresses: a frame of 2 GB, and what OpenJPEG makes of it


def main() -> None:
    """Serve the connection whose descriptor is the first argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the parent says when to end
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold pixels
    connection = Connection(int(sys.argv[1]))
    while True:
        try:
            seconds, work = pickle.loads(connection.recv_bytes())  # noqa: S301 (from the parent)
        except (EOFError, ConnectionResetError):
            return
        signal.setitimer(signal.ITIMER_REAL, seconds)
        answer = _outcome(work)
        signal.setitimer(signal.ITIMER_REAL, 0)
        connection.send_bytes(pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))


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
