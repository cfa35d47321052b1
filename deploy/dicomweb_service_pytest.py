"""The fixture `dicomweb_server`, for the tests of any project that has dicomweb-service installed.

The server runs in a process of its own, and nothing of it is imported here: a project may have a package
`service` too. It keeps what it is given in a folder that goes with it, and it goes with the test, or with the
process that runs the tests, however that ends.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

_COMMAND = ["-P", "-m", "service", "serve", "--ephemeral", "--attached", "--host", "127.0.0.1", "--port", "0"]
_TIMEOUT = 60  # seconds for an answer
_ERROR_COMMENT = "00000902"
_REFUSALS = ("00081198", "0008119A")  # Failed SOP Sequence, and Other Failures Sequence


@dataclass(frozen=True, slots=True)
class DicomwebServer:
    """A running server.

    Attributes:
        url: base URL of DICOMweb, as in http://127.0.0.1:40123/dicom-web.
    """

    url: str

    def load(self, *places: Path | str) -> dict[Path, str]:
        """Store files, and all files below folders.

        Returns:
            Why a file was refused, for each that was.

        Raises:
            FileNotFoundError: there is no such file or folder.
        """
        files = [file for place in places for file in _files_below(Path(place))]
        return {file: problem for file in files if (problem := self._problem_of_storing(file))}

    def _problem_of_storing(self, path: Path) -> str:
        """Store a file; return why it was refused, or nothing."""
        url = urlsplit(self.url)
        connection = HTTPConnection(url.netloc, timeout=_TIMEOUT)
        headers = {"Content-Type": "application/dicom", "Content-Length": str(path.stat().st_size)}
        try:
            with path.open("rb") as file:
                connection.request("POST", f"{url.path}/studies", file, headers)
            answer = connection.getresponse()
            return "" if answer.status < 300 else _reason(json.load(answer))
        finally:
            connection.close()


@pytest.fixture
def dicomweb_server() -> Iterator[DicomwebServer]:
    """A running DICOMweb server with nothing in it: `url` is its base URL, `load(folder)` fills it."""
    with empty_server() as server:
        yield server


@contextmanager
def empty_server() -> Iterator[DicomwebServer]:
    """Run a server with nothing in it; for fixtures of other scopes too, as it takes a second to start."""
    with subprocess.Popen(  # noqa: S603 (our own command)
        [sys.executable, *_COMMAND],
        env=_environment(),
        stdin=subprocess.PIPE,  # when it ends, for whatever reason, so does the server
        stdout=subprocess.PIPE,
        process_group=0,  # Ctrl-C is for the tests, which then end the server
        text=True,
    ) as process:
        try:
            yield DicomwebServer(_announced_url(process))
        finally:
            process.terminate()


def _announced_url(process: "subprocess.Popen[str]") -> str:
    """Return the URL that the server prints when it is ready."""
    assert process.stdout is not None
    words = process.stdout.readline().split()
    if not words:
        raise RuntimeError(f"the DICOMweb server ended with exit code {process.wait()} instead of starting")
    return words[-1]


def _environment() -> dict[str, str]:
    """Return the environment without what would lead to somebody's archive, or to another `service`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DICOMWEB_")}
    folders = [folder for folder in inherited.pop("PYTHONPATH", "").split(os.pathsep) if _is_harmless(folder)]
    if folders:
        inherited["PYTHONPATH"] = os.pathsep.join(folders)
    return inherited | {"DICOMWEB_LOG_LEVEL": "warning"}


def _is_harmless(folder: str) -> bool:
    """Tell whether a folder of PYTHONPATH has no package `service`, or the right one: beside this module."""
    is_ours = Path(folder).absolute() == Path(__file__).parent
    return bool(folder) and (is_ours or PathFinder.find_spec("service", [folder]) is None)


def _files_below(place: Path) -> list[Path]:
    """Return all files below a folder, or the file itself, in the order of their names."""
    place.stat()
    return [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())


def _reason(answer: dict[str, Any]) -> str:
    """Return why nothing was stored: as a receipt says it, or another error."""
    refusals = [item for tag in _REFUSALS for item in answer.get(tag, {}).get("Value", ())]
    return " ".join(item[_ERROR_COMMENT]["Value"][0] for item in refusals) or str(answer["message"])
