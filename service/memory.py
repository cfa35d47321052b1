"""Memory that a large request leaves behind goes back to the system when it has ended.

Pages that Python and the C library have freed stay with the process, among what is still in use. They are
given back every few seconds, because requests of many kinds leave some.
"""

import asyncio
import ctypes
import os
from contextlib import suppress
from pathlib import Path

import anyio.to_thread

_SECONDS = 5
_GROWTH = 2**26  # bytes beyond what was left the last time
_STATM = Path("/proc/self/statm")  # Linux
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of the GNU C library


async def give_memory_back() -> None:
    """Give back what is free, again and again, until cancelled."""
    size = _resident()
    while size is not None and _trim is not None:
        await asyncio.sleep(_SECONDS)
        grown = _resident() or 0
        if grown > size + _GROWTH:
            await anyio.to_thread.run_sync(_trim, 0)
            grown = _resident() or 0
            size = grown
        size = min(size, grown)


def _resident() -> int | None:
    """Return the bytes of this process that are in memory; None where the system does not tell."""
    with suppress(OSError, ValueError, IndexError):
        return int(_STATM.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return None
