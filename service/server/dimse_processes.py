"""Several processes that serve DIMSE on one port, all the same; one that dies is replaced.

They take connections from one socket, each the next as it is free. What they have to agree on is in the
database and in the tree of files.
"""

import logging
import signal
import socket
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from threading import Event

from service.parts import archive_of, blobs_of
from service.server import dimse
from service.server.lifeline import end_with_parent
from service.server.log import configure_log
from service.settings import Settings

_PAUSE = 0.5  # seconds between two looks whether all are alive
_log = logging.getLogger(__name__)


def serve_in_processes(settings: Settings) -> None:
    """Serve in as many processes as the settings say, until told to end.

    Args:
        settings: of a database that has been migrated.

    Raises:
        OSError: the port is in use, or the file of peers cannot be read.
        ValueError: the file of peers cannot be understood.
    """
    dimse.peers_of(settings)
    ending = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    with dimse.listener(settings) as listening:
        processes = [_begun(settings, listening) for _ in range(settings.dimse_workers)]
        while not ending.wait(_PAUSE):
            processes = [_alive(process, settings, listening) for process in processes]
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()


def _begun(settings: Settings, listening: socket.socket) -> SpawnProcess:
    process = get_context("spawn").Process(target=_serve, args=(settings, listening))
    process.start()
    return process


def _alive(process: SpawnProcess, settings: Settings, listening: socket.socket) -> SpawnProcess:
    """Return the process, or another in its place if it has died."""
    if process.is_alive():
        return process
    _log.error("a process that served DIMSE has died (%s), and is replaced", process.exitcode)
    return _begun(settings, listening)


def _serve(settings: Settings, listening: socket.socket) -> None:
    end_with_parent()
    configure_log(settings.log_level)
    archive = archive_of(settings, blobs_of(settings))
    dimse.serve(settings, archive, listening)
