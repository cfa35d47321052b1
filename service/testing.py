"""A running server in a thread of this process: for tests of other software, and our own.

What a test asks of it goes over HTTP, as in production; what it is given at first goes straight into the
archive.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from time import sleep

import uvicorn

from service.app import create_app
from service.archive import Archive
from service.archive.index.schema.versions import upgrade
from service.archive.tasks.upkeep import files_below, import_files
from service.parts import archive_of, blobs_of
from service.server.configuration import configuration
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class DicomwebServer:
    """A running server.

    Attributes:
        url: base URL of DICOMweb, as in http://127.0.0.1:40123/dicom-web.
        archive: what it keeps.
    """

    url: str
    archive: Archive

    def load(self, *places: Path | str) -> dict[Path, str]:
        """Store files, and all files below folders, without HTTP.

        Returns:
            Why a file was refused, for each that was.

        Raises:
            FileNotFoundError: there is no such file or folder.
        """
        for place in places:
            Path(place).stat()
        files = [file for place in places for file in files_below(Path(place))]
        return {
            Path(outcome.file): outcome.problem
            for outcome in import_files(self.archive, files)
            if outcome.problem
        }


@contextmanager
def empty_server() -> Iterator[DicomwebServer]:
    """Run a server with nothing in it, which keeps what it is given in a folder that is gone afterwards.

    No DICOMWEB_* variable has a say: it must never come upon somebody's real archive.
    """
    with TemporaryDirectory(prefix="dicomweb-") as folder:
        settings = Settings.model_construct(data=Path(folder))
        upgrade(settings.index_url)
        with running(settings) as server:
            yield server


@contextmanager
def running(settings: Settings) -> Iterator[DicomwebServer]:
    """Run a server on a free port of this machine, on a database that has been migrated."""
    archive = archive_of(settings, blobs_of(settings))
    server = uvicorn.Server(configuration(create_app(settings, archive), settings))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="dicomweb", daemon=True)
        thread.start()
        while thread.is_alive() and not server.started:  # stopped before that, it would not clean up
            sleep(0.001)
        try:
            yield DicomwebServer(f"http://127.0.0.1:{listener.getsockname()[1]}{settings.root}", archive)
        finally:
            server.should_exit = True
            thread.join()
