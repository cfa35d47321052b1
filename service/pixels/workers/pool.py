"""Processes for the pixel work that could hang or crash: decoding compressed frames, and encoding.

A corrupt frame may keep a decoder busy for minutes or end its process. So it gets a process of its own with a
time limit; one that hangs or dies is replaced, and all that is lost is one answer. Native frames need no
decoder and never come here.
"""

import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from functools import partial
from multiprocessing import Pipe
from typing import Any, ParamSpec, TypeVar

import anyio
import anyio.to_thread

from service.errors import DicomwebError, UndecodableFrame
from service.pixels.workers import transport

P = ParamSpec("P")
R = TypeVar("R")

_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # more would only cost memory


MEMORY_BYTES = 3 * 2**30
"""Of addresses, for a process: what OpenJPEG makes of a frame of 256 MB, and libraries."""


class Worker:
    """One process that runs `service.pixels.workers.process`, and the connection to it.

    Args:
        memory_bytes: of addresses that it may have.
    """

    def __init__(self, memory_bytes: int) -> None:
        self._connection, child_end = Pipe()
        arguments = (child_end.fileno(), memory_bytes)
        command = [sys.executable, "-m", "service.pixels.workers.process", *map(str, arguments)]
        environment = {**os.environ, **_ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with child_end:
            self._process = subprocess.Popen(  # noqa: S603 (a module of ours)
                command, stdin=subprocess.DEVNULL, pass_fds=[child_end.fileno()], env=environment
            )

    @property
    def lives(self) -> bool:
        """Whether the process can still be given work."""
        return self._process.poll() is None

    def call(self, work: Callable[[], Any], seconds: float) -> Any:
        """Return what the work returns there, or the error that it raises.

        Raises:
            UndecodableFrame: it took too long, or the process died; this worker is of no use any more.
        """
        try:
            self._connection.send_bytes(pickle.dumps((seconds, work), pickle.HIGHEST_PROTOCOL))
            return transport.receive(self._connection)
        except (OSError, EOFError) as error:
            raise self._cause(seconds) from error

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._connection.close()

    def _cause(self, seconds: float) -> UndecodableFrame:
        if self._process.wait() == -signal.SIGALRM:
            return UndecodableFrame(f"the codec did not finish with the frame within {seconds:g} seconds")
        return UndecodableFrame("the codec crashed on the frame")


def _unmeasured(_number: int) -> None:
    """Take no notice of workers."""


class PixelWorkers:
    """A few worker processes, each started when it is first needed.

    Attributes:
        seconds: that one call may take once its turn has come.
        on_work: is told 1 when a process begins to work, and -1 when it has.
        on_end: is told 1 when one is ended, or has died.
    """

    def __init__(self, number: int, seconds: float, memory_bytes: int = MEMORY_BYTES) -> None:
        self.seconds = seconds
        self._memory_bytes = memory_bytes
        self._idle: deque[Worker] = deque()
        self._turns = anyio.CapacityLimiter(number)
        self._closed = False
        self.on_work: Callable[[int], None] = _unmeasured
        self.on_end: Callable[[int], None] = _unmeasured

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what a function returns in a worker process; calls beyond their number wait for their turn.

        Args:
            function: of a module; it, its arguments and its result are pickled.
            *args: its arguments.
            **kwargs: its arguments by name.

        Raises:
            UndecodableFrame: it failed, took too long, or took its process with it.
            DicomwebError: whatever else it raises on purpose.
        """
        work = partial(function, *args, **kwargs)
        return await anyio.to_thread.run_sync(self._call, work, limiter=self._turns)

    def close(self) -> None:
        """End the processes, those at work after their call."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def _call(self, work: Callable[[], Any]) -> Any:
        worker = self._next()
        self.on_work(1)
        try:
            answer = worker.call(work, self.seconds)
        except Exception:
            self.on_end(1)
            worker.close()
            raise
        finally:
            self.on_work(-1)
        self._idle.append(worker)
        if self._closed:
            self.close()
        if isinstance(answer, DicomwebError):
            raise answer
        return answer

    def _next(self) -> Worker:
        """Return an idle process, or a new one; one that died while idle is forgotten."""
        while self._idle:
            worker = self._idle.pop()
            if worker.lives:
                return worker
            self.on_end(1)
            worker.close()
        return Worker(self._memory_bytes)
