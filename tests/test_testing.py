"""A server for tests, in a thread: our own use it, and those who do without pytest."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.testing import DicomwebServer, empty_server
from tests.serving import client_of
from tests.waiting import PATIENCE, wait_for
from tests.web.messages import ct, store


@pytest.fixture
def server() -> Iterator[DicomwebServer]:
    """A server with nothing in it."""
    with empty_server() as server:
        yield server


def test_it_answers_and_has_nothing_in_it(server: DicomwebServer) -> None:
    assert httpx.get(f"{server.url}/studies", timeout=PATIENCE).status_code == 204
    assert httpx.get(server.url.replace("/dicom-web", "/health/ready"), timeout=PATIENCE).is_success


def test_what_is_loaded_is_there_as_if_it_had_been_stored(server: DicomwebServer, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "first.dcm").write_bytes(ct("1.2.3"))
    (tmp_path / "second.dcm").write_bytes(ct("1.2.4"))

    refused = server.load(tmp_path / "below", str(tmp_path / "second.dcm"))

    with client_of(server.url) as client:
        assert len(client.get("instances").json()) == 2
        assert store(client, ct("1.2.3")).status_code == 200
    assert refused == {}


def test_what_cannot_be_loaded_is_named_with_the_reason(server: DicomwebServer, tmp_path: Path) -> None:
    (tmp_path / "first.dcm").write_bytes(ct("1.2.3"))
    (tmp_path / "notes.txt").write_text("no image")

    refused = server.load(tmp_path)

    assert list(refused) == [tmp_path / "notes.txt"]
    assert "DICM" in refused[tmp_path / "notes.txt"]


def test_a_folder_that_is_not_there_is_an_error(server: DicomwebServer, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        server.load(tmp_path / "nowhere")


def test_it_never_comes_upon_the_archive_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DICOMWEB_DATABASE_URL", "postgresql://pacs.example/archive")
    monkeypatch.setenv("DICOMWEB_ROOT", "/elsewhere")

    with empty_server() as server:
        assert server.url.endswith("/dicom-web")
        assert httpx.get(f"{server.url}/studies", timeout=PATIENCE).status_code == 204


@pytest.mark.parametrize("is_used", [True, False], ids=["used", "unused"])
def test_it_leaves_no_thread_and_no_file_behind(is_used: bool) -> None:
    before = set(threading.enumerate())

    with empty_server() as server:
        folder = server.archive.blobs.incoming
        assert folder.exists()
        if is_used:
            httpx.get(f"{server.url}/studies?PatientName=a*", timeout=PATIENCE)

    wait_for(lambda: set(threading.enumerate()) <= before)  # they are told to end, and not waited for
    assert not folder.exists()
