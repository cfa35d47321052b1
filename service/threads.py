"""Threads for short blocking work, started as they are needed; their number is the limit.

A hop to a thread is part of every picture and of every search on PostgreSQL. This one costs half of what a
general executor's costs: no limiter to pass, no context to copy, one queue there and one wake-up back.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar, cast

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Call:
    run: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    answer: "asyncio.Future[Any]"


class Threads:
    """Runs functions in at most `number` threads. For one event loop's thread at a time."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._threads: list[Thread] = []
        self._busy = 0
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()

    async def run(self, function: Callable[[], T]) -> T:
        """Return what a function returns, or raise what it raises, once a thread has run it."""
        if self._busy >= len(self._threads) < self._number:
            self._threads.append(Thread(target=self._serve, name="work", daemon=True))
            self._threads[-1].start()
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        self._busy += 1
        try:
            self._calls.put(_Call(function, loop, answer))
            return cast(T, await answer)
        finally:
            self._busy -= 1

    def close(self) -> None:
        """Let the threads finish what they were given, and end them."""
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        while self._serve_next():
            pass

    def _serve_next(self) -> bool:
        """Run the next function, of which an idle thread remembers nothing: a frame may be large."""
        call = self._calls.get()
        if call is None:
            return False
        try:
            result = call.run()
        except Exception as error:
            call.loop.call_soon_threadsafe(_fail, call.answer, error)
        else:
            call.loop.call_soon_threadsafe(_succeed, call.answer, result)
        return True


def _succeed(answer: "asyncio.Future[Any]", result: object) -> None:
    if not answer.done():
        answer.set_result(result)


def _fail(answer: "asyncio.Future[Any]", error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
