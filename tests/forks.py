"""Commands of the service in processes that begin in milliseconds: forked from one that has imported it.

Each is a process as any other, with its own memory, environment, descriptors and end. Only what happens while
the program is imported cannot be seen in it.
"""

import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple, Self

_ROOT = Path(__file__).parent.parent
_MAX_REQUEST = 2**20  # bytes of arguments and environment
_IMPORTED_LATE = (
    "alembic.command",
    "alembic.config",
    "uvicorn.protocols.http.httptools_impl",
    "uvloop",
    "psycopg",
)


class Fork:
    """A command that runs, or has run: as much of `subprocess.Popen` as the tests need.

    Args:
        arguments: of the command.
        env: its environment.
        stdout: a descriptor that gets what it prints; None for a pipe.
        stderr: a descriptor that gets what it complains about.

    Attributes:
        pid: of the process.
        stdin: what it reads, open until it is closed here.
        stdout: what it prints, if that is a pipe.
        returncode: its exit code, or less than 0 for a signal; None while it is not known to have ended.
    """

    def __init__(
        self, arguments: Sequence[str], env: dict[str, str], stdout: int | None, stderr: int
    ) -> None:
        self.returncode: int | None = None
        stdin_end, stdin = os.pipe()
        stdout_end, pipe = os.pipe()
        reports, reports_end = os.pipe()
        descriptors = [stdin_end, pipe if stdout is None else stdout, stderr, reports_end]
        umask = os.umask(0o022)
        os.umask(umask)
        request = json.dumps([list(arguments), env, umask]).encode()
        socket.send_fds(_mother().requests, [request], descriptors)
        for descriptor in (stdin_end, pipe, reports_end):
            os.close(descriptor)
        self.stdin: IO[str] = os.fdopen(stdin, "w")
        self.stdout: IO[str] = os.fdopen(stdout_end)
        self._reports: IO[bytes] = os.fdopen(reports, "rb", buffering=0)
        self.pid = int(self._reports.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in (self.stdin, self.stdout):
            file.close()
        self.wait()
        self._reports.close()

    def poll(self) -> int | None:
        """Return the exit code if it is known."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code once the process has ended."""
        if self.returncode is None:
            if not select.select([self._reports], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a command of the service", timeout or 0)
            self.returncode = int(self._reports.readline())
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


class _Mother(NamedTuple):
    """The process that forks, and what requests are sent to."""

    pid: int
    requests: socket.socket


@cache
def _mother() -> _Mother:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        theirs.set_inheritable(True)
        root = str(_ROOT)
        code = (
            f"import os, sys; os.chdir({root!r}); sys.path[0] = {root!r}; "
            f"from tests.forks import bear; bear({theirs.fileno()})"
        )
        env = os.environ | {"COLUMNS": "200"}  # which is read while the program is imported
        return _Mother(os.posix_spawn(sys.executable, [sys.executable, "-c", code], env), ours)


def end() -> None:
    """Let the process that forks end, if there is one."""
    if _mother.cache_info().currsize:
        mother = _mother()
        mother.requests.close()
        os.waitpid(mother.pid, 0)
        _mother.cache_clear()


def bear(descriptor: int) -> None:
    """Fork for each request that comes from this descriptor, and run its command; for the mother alone."""
    main = importlib.import_module("service.__main__").main
    for name in _IMPORTED_LATE:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait below
    with socket.socket(fileno=descriptor) as requests:
        while True:
            request, descriptors, _, _ = socket.recv_fds(requests, _MAX_REQUEST, 4)
            if not request:
                return
            if os.fork() == 0:
                break
            for passed in descriptors:
                os.close(passed)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, reports = descriptors
    if pid := os.fork():
        _report(pid, reports, streams)
    os.close(reports)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    arguments, env, umask = json.loads(request)
    os.umask(umask)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [str(_ROOT / "service" / "__main__.py"), *arguments]
    main()


def _report(pid: int, reports: int, streams: Sequence[int]) -> None:
    """Say which process it is and, once it has ended, how; and end."""
    for stream in streams:
        os.close(stream)
    os.write(reports, b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    os.write(reports, b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def spawned_by(pid: int) -> list[int]:
    """Return the processes that a process has spawned for its work, without multiprocessing's own."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in _command_of(child)]


def _command_of(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):  # it has ended a moment ago
        return b""
