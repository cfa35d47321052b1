"""The real service on a free port: in a thread of this process, or in a process of its own.

A process of its own is for what only a process can show: exit codes, signals, crashes.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from service.settings import Settings
from service.testing import running
from tests.forks import Fork
from tests.waiting import PATIENCE

COMMAND = (sys.executable, "-m", "service")
ROOT = Path(__file__).parent.parent


def client_of(url: str) -> httpx.Client:
    """Return a client that has patience with a busy machine, where five seconds are not enough."""
    return httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False)


@contextmanager
def serving(settings: Settings) -> Iterator[httpx.Client]:
    """Serve a migrated database, and lend a client whose base URL is the service's."""
    with running(settings) as server, client_of(server.url) as client:
        yield client


@dataclass(frozen=True, slots=True)
class Process:
    """A running `serve`.

    Attributes:
        client: whose base URL is the service's.
        popen: the process.
        log: where what it says is kept.
        dimse_port: where it serves DIMSE; None if it does not.
    """

    client: httpx.Client
    popen: Fork
    log: Path
    dimse_port: int | None = None

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End the process by a signal, and return its exit code."""
        self.popen.send_signal(number)
        return self.popen.wait(PATIENCE)


@contextmanager
def process(data: Path, *arguments: str | Path, **settings: str) -> Iterator[Process]:
    """Run `serve --port 0` on a folder, and wait until it prints its URL."""
    log = data.with_suffix(".log")
    words = ("serve", "--port", "0", *map(str, arguments))
    with log.open("a") as errors:
        popen = Fork(words, environment(data, settings), None, errors.fileno())
    with popen:
        try:
            announced, dimse_port = popen.stdout.readline().strip(), None
            if announced.startswith("DIMSE at "):
                dimse_port = int(announced.rpartition(":")[2])
                announced = popen.stdout.readline().strip()
            assert announced.startswith("DICOMweb at http://"), log.read_text()
            with client_of(announced.removeprefix("DICOMweb at ")) as client:
                yield Process(client, popen, log, dimse_port)
        finally:
            popen.kill()


def run(data: Path, *arguments: str | Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of the command line to its end."""
    words = tuple(map(str, arguments))
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        with Fork(words, environment(data, settings), stdout.fileno(), stderr.fileno()) as command:
            command.stdin.close()
            try:
                returncode = command.wait(PATIENCE)
            finally:
                command.kill()
        stdout.seek(0)
        stderr.seek(0)
        return subprocess.CompletedProcess(words, returncode, stdout.read(), stderr.read())


def environment(data: Path, more: dict[str, str]) -> dict[str, str]:
    """Return the environment of a command on a folder: that of the tests, but for settings of the service."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DICOMWEB_")}
    return inherited | {"DICOMWEB_DATA": str(data), "COLUMNS": "200"} | more
