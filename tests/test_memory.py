import asyncio
import ctypes
import os
from pathlib import Path

import pytest

from service import memory
from tests.waiting import PATIENCE

PIECES, PIECE_BYTES = 3000, 100_000  # which the C library puts side by side, as of a large request


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="another C library")
async def test_memory_of_a_large_request_goes_back_though_some_after_it_is_in_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "_SECONDS", 0.01)
    ctypes.CDLL(None).malloc_trim(0)  # else what other tests have left may be enough for what comes
    giving_back = asyncio.create_task(memory.give_memory_back())
    await asyncio.sleep(0)
    pieces = [bytearray(PIECE_BYTES) for _ in range(PIECES)]
    in_use, size = pieces.pop(), _resident()

    pieces.clear()

    async with asyncio.timeout(PATIENCE):
        while _resident() > size - PIECES * PIECE_BYTES // 2:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.01)
    giving_back.cancel()
    assert len(in_use) == PIECE_BYTES
