"""A process that is to be a server: for many files, little memory in many threads, and for uploads."""

import ctypes
import gc
import resource
from contextlib import suppress

_M_ARENA_MAX = -8  # malloc.h


def tune() -> None:
    """Suit the process to a server.

    As many files may be open as the system allows, not only as many as it gives without being asked. With an
    arena of glibc's per thread, what threads free stays with the process: two will do. An upload makes
    thousands of objects and hardly a reference cycle, so that these are looked for seldom.
    """
    with suppress(OSError, ValueError):
        _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
