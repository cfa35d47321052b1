"""The fixture `dicomweb_server`, in projects that have nothing but this package installed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import httpx
import pytest

from dicomweb_service_pytest import DicomwebServer
from tests.serving import client_of
from tests.web.messages import ct, store

pytest_plugins = ["pytester"]

OF_ITS_OWN = """
from urllib.request import urlopen

def test_one(dicomweb_server, tmp_path):
    assert urlopen(dicomweb_server.url + "/studies").status == 204
    (tmp_path / "slice.dcm").write_bytes({file!r})
    dicomweb_server.load(tmp_path)
    assert urlopen(dicomweb_server.url + "/studies").status == 200

def test_another(dicomweb_server):
    assert urlopen(dicomweb_server.url + "/studies").status == 204
"""

WITHOUT_END = """
import time

def test_it(dicomweb_server):
    print(dicomweb_server.url, flush=True)
    while True:
        time.sleep(60)
"""

UNASKED = """
import sys

def test_it():
    assert not {"service", "numpy", "pydicom", "sqlalchemy", "starlette", "uvicorn"} & set(sys.modules)
"""

_TIMEOUT = 60  # seconds, for a machine that is busy


def test_each_test_of_a_project_gets_an_empty_server_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(OF_ITS_OWN.format(file=ct("1.2.3")))

    _run_alone(pytester).assert_outcomes(passed=2)


def test_a_project_that_does_not_ask_for_it_does_not_import_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(UNASKED)

    _run_alone(pytester).assert_outcomes(passed=1)


def test_what_is_loaded_is_there_as_if_it_had_been_stored(
    dicomweb_server: DicomwebServer, tmp_path: Path
) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "first.dcm").write_bytes(ct("1.2.3"))
    (tmp_path / "second.dcm").write_bytes(ct("1.2.4"))

    refused = dicomweb_server.load(tmp_path / "below", str(tmp_path / "second.dcm"))

    with client_of(dicomweb_server.url) as client:
        assert len(client.get("instances").json()) == 2
        assert store(client, ct("1.2.3")).status_code == 200
    assert refused == {}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"no image", "DICM", id="a text"),
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(
            ct("1.2.3", PatientID="another"), "stored already", id="another Instance of the same UID"
        ),
    ],
)
def test_what_cannot_be_loaded_is_named_with_the_reason(
    dicomweb_server: DicomwebServer, tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "1").write_bytes(ct("1.2.3"))
    (tmp_path / "2").write_bytes(content)

    refused = dicomweb_server.load(tmp_path)

    assert list(refused) == [tmp_path / "2"]
    assert reason in refused[tmp_path / "2"]


def test_a_folder_that_is_not_there_is_an_error(dicomweb_server: DicomwebServer, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        dicomweb_server.load(tmp_path / "nowhere")


def test_it_never_comes_upon_the_archive_that_the_environment_names(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DICOMWEB_DATABASE_URL", "postgresql://pacs.example/archive")
    monkeypatch.setenv("DICOMWEB_ROOT", "/elsewhere")
    pytester.makepyfile(OF_ITS_OWN.format(file=ct("1.2.3")))

    _run_alone(pytester).assert_outcomes(passed=2)


def test_it_leaves_no_file_behind(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = pytester.mkdir("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))
    pytester.makepyfile(OF_ITS_OWN.format(file=ct("1.2.3")))

    _run_alone(pytester)

    assert list(temporary.glob("dicomweb-*")) == []


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let processes that are started be interrupted, also where a shell has these tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_it_goes_when_the_tests_are_ended_from_outside(
    number: signal.Signals, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = pytester.mkdir("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))
    test = pytester.makepyfile(WITHOUT_END)
    command = [sys.executable, "-m", "pytest", "-qs", *_without_other_plugins(), str(test)]

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, process_group=0) as tests:
        url = _first_url(tests)
        assert list(temporary.glob("dicomweb-*"))
        os.killpg(tests.pid, number)

    _wait_until_empty(temporary)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((httpx.URL(url).host, httpx.URL(url).port or 0))


def _run_alone(project: pytest.Pytester) -> pytest.RunResult:
    """Run a project's tests in a process of their own, without the other plugins that are installed here."""
    return project.runpytest_subprocess(*_without_other_plugins(), "-W", "error")


def _without_other_plugins() -> list[str]:
    installed = {plugin.name for plugin in entry_points(group="pytest11")} - {"dicomweb"}
    return [word for name in sorted(installed) for word in ("-p", f"no:{name}")]


def _first_url(tests: "subprocess.Popen[str]") -> str:
    assert tests.stdout is not None
    return next(line.strip() for line in tests.stdout if line.startswith("http://"))


def _wait_until_empty(folder: Path) -> None:
    deadline = time.monotonic() + _TIMEOUT
    while list(folder.glob("dicomweb-*")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
