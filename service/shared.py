"""Work that several ask for at the same time, done once: whoever asks for what is under way waits for it."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Work by key, which names all that its result depends on. For the event loop's thread alone."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[T]] = {}

    async def run(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """Return the result of the work; who goes away leaves it to those who wait."""
        return await asyncio.shield(self._tasks.get(key) or self._started(key, make))

    def _started(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
        async def made() -> T:
            return await make()

        task = self._tasks[key] = asyncio.create_task(made())
        task.add_done_callback(lambda done: self._finished(key, done))
        return task

    def _finished(self, key: Hashable, task: asyncio.Task[T]) -> None:
        del self._tasks[key]
        if not task.cancelled():
            task.exception()  # those who wait are told it
