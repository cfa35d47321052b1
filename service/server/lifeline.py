"""A server that ends with the program that started it, however that program ends.

Its standard input is the line between the two: the system closes it when that program is gone, even if it was
killed and could not say a word.
"""

import ctypes
import os
import signal
from contextlib import suppress
from threading import Thread

_STANDARD_INPUT = 0
_PR_SET_PDEATHSIG = 1  # prctl.h


def end_with_input() -> None:
    """Let this process end, as if it had been told to, when its standard input does."""
    Thread(target=_watch, name="lifeline", daemon=True).start()


def end_with_parent() -> None:
    """Let this process end, as if it had been told to, when the one that started it does. Linux only."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _watch() -> None:
    with suppress(OSError):  # there is no standard input
        while os.read(_STANDARD_INPUT, 1024):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
