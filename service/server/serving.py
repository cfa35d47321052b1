"""The application behind a listening socket: in this process, or in several that are all the same.

What processes have to agree on is in the database and in the tree of files; each keeps what it read last for
itself, under names that hold only as long as nothing has changed.
"""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from service.app import create_app
from service.archive import Archive
from service.metrics import FOLDER
from service.parts import archive_of, blobs_of
from service.server import dimse
from service.server.configuration import configuration
from service.server.lifeline import end_with_parent
from service.server.log import configure_log
from service.server.tuning import tune
from service.settings import Settings

if TYPE_CHECKING:
    from service.dimse.node import Node

_STARTUP_SECONDS = 60


def listener(settings: Settings) -> socket.socket:
    """Return a listening socket.

    Raises:
        OSError: the address is in use, or not ours.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    return socket.create_server((settings.host, settings.port), family=family, backlog=2048)


def serve(
    settings: Settings, archive: Archive, listening: socket.socket, *, with_dimse: bool = False
) -> None:
    """Serve in this process until it is told to end, and close the archive.

    Args:
        settings: read once.
        archive: open.
        listening: where HTTP comes in.
        with_dimse: whether DIMSE is served beside it.

    Raises:
        OSError: the port of DIMSE is in use.
    """
    tune()
    app = create_app(settings, archive)
    node = dimse.begin(settings, archive, app.state.service) if with_dimse else None
    _Server(configuration(app, settings), settings, node).run(sockets=[listening])


def serve_in_processes(settings: Settings, listening: socket.socket) -> None:
    """Serve in as many processes as the settings say, replacing one that dies, until told to end.

    Args:
        settings: of a database that has been migrated. The processes read them from the environment again.
        listening: which they share.
    """
    os.environ["DICOMWEB_DATA"] = str(settings.data.absolute())
    if settings.database_url is None:
        os.environ.pop("DICOMWEB_DATABASE_URL", None)
    target = f"{application.__module__}:{application.__name__}"
    config = configuration(target, settings, factory=True, workers=settings.workers)
    with _folder_for_metrics(settings):
        _Processes(config, settings, listening).run()


@contextmanager
def _folder_for_metrics(settings: Settings) -> Iterator[None]:
    """Lend processes a folder with nothing in it, for what they count together: before the first begins."""
    if settings.metrics == "off":
        yield
        return
    with ExitStack() as stack:
        folder = os.environ.get(FOLDER)
        if folder is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="dicomweb-metrics-"))
        Path(folder).mkdir(parents=True, exist_ok=True)
        for file in Path(folder).glob("*.db"):
            file.unlink()
        os.environ[FOLDER] = folder
        yield


def application() -> Starlette:
    """Return the application of one of several processes, which ends with the process that started it."""
    tune()
    end_with_parent()
    settings = Settings()
    configure_log(settings.log_level)
    archive = archive_of(settings, blobs_of(settings))
    return create_app(settings, archive)


class _Server(uvicorn.Server):
    """Uvicorn, saying where it can be found once it can."""

    def __init__(self, config: uvicorn.Config, settings: Settings, node: "Node | None") -> None:
        super().__init__(config)
        self._settings = settings
        self._node = node

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what is under way, in associations first."""
        if self._node is not None:
            await anyio.to_thread.run_sync(self._node.end, self._settings.stop_seconds)
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and print the base URL."""
        await super().startup(sockets)
        _announce(self._settings, (sockets or [])[0])


class _Processes(Multiprocess):
    """Uvicorn's processes, saying where they can be found once the first of them can."""

    def __init__(self, config: uvicorn.Config, settings: Settings, listening: socket.socket) -> None:
        super().__init__(config, [listening])
        self._settings = settings

    def init_processes(self) -> None:
        """Start them, and print the base URL."""
        super().init_processes()
        if self.processes[0].wait_until_ready(_STARTUP_SECONDS):
            _announce(self._settings, self.sockets[0])


def _announce(settings: Settings, listening: socket.socket) -> None:
    host, port, *_ = listening.getsockname()
    name = f"[{host}]" if ":" in host else host
    print(f"DICOMweb at http://{name}:{port}{settings.root}", flush=True)
