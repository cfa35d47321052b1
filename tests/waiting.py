"""Waiting for a state and never for a time: how long it takes depends on what else the machine has to do."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from time import monotonic, sleep

PATIENCE = 120  # seconds after which what has not come will not come, on a busy machine too
_PAUSE = 0.2  # seconds between two looks


async def until(condition: Callable[[], Awaitable[bool]]) -> bool:
    """Tell whether the condition becomes true in time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            for _ in count():
                if await condition():
                    return True
                await asyncio.sleep(_PAUSE)
    return False


def wait_for(condition: Callable[[], object], pause: float = _PAUSE) -> None:
    """Wait in this thread until the condition is true, with a pause in seconds between two looks."""
    end = monotonic() + PATIENCE
    while not condition():
        assert monotonic() < end, "what was waited for did not come"
        sleep(pause)
