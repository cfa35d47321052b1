"""A process that is to be a server: for many files, little memory in many threads, and for uploads."""

import ctypes
import gc
import resource
from contextlib import suppress

_M_ARENA_MAX, _M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD = -8, -3, -1  # malloc.h
_MMAP_BYTES, _KEPT_BYTES = 2**23, 2**24
"""Of memory that is mapped by itself, and that stays with the process when it is free."""


def tune() -> None:
    """Suit the process to a server.

    As many files may be open as the system allows, not only as many as it gives without being asked. With an
    arena of glibc's per thread, what threads free stays with the process: two will do. Memory of a few frames
    is not given back to the system after each, for it to be cleared anew for the next. An upload makes
    thousands of objects and hardly a reference cycle, so that these are looked for seldom.
    """
    with suppress(OSError, ValueError):
        _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    with suppress(OSError, AttributeError):  # another C library
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_ARENA_MAX, 2)
        libc.mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
