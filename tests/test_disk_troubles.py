"""Disks that cannot be written or read, and no descriptors left: what may pass is answered with 503.

Where the tests run as root, permissions stop nobody. What stops root too is an attribute of the file system
(immutable), or a file system that is mounted for reading only; where neither can be had, a test is skipped.
A disk that is full is a small file system in memory, which only root can mount.
"""

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import CTImageStorage, SecondaryCaptureImageStorage

from tests.builders import EXPLICIT, ct_image, image, part10
from tests.dimse.calling import association, stored
from tests.serving import Process, process
from tests.web.messages import DICOM, fetch, reasons, store, url

FAILED, OTHER_FAILURES = "00081198", "0008119A"
OUT_OF_RESOURCES = 0xA700
SMALL = part10(ct_image("1.1.1"))
OTHER = part10(ct_image("1.1.2"))
LARGE = part10(image(np.zeros((2, 1024, 1024), np.uint16), "1.1.3"))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nothing be written to or removed from a folder and all below it."""
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    if os.geteuid():
        command, before, after = "chmod", "a-w", "u+w"
    else:
        command, before, after = "chattr", "+i", "-i"
    if shutil.which(command) is None or subprocess.run([command, before, *folders], check=False).returncode:
        pytest.skip(f"{command} {before} does not work here")
    try:
        yield
    finally:
        subprocess.run([command, after, *folders], check=True)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Process]:
    with process(tmp_path / "data") as server:
        yield server


def test_a_disk_that_cannot_be_written_is_unavailable_and_what_is_stored_can_be_read(
    server: Process, tmp_path: Path
) -> None:
    store(server.client, SMALL)

    with read_only(tmp_path / "data/instances"), read_only(tmp_path / "data/incoming"):
        answers = [store(server.client, OTHER), store(server.client, LARGE)]
        answers.append(server.client.post("studies", content=LARGE, headers=DICOM))
        ready = server.client.get(server.client.base_url.copy_with(path="/health/ready"))
        again = store(server.client, SMALL)
        kept = fetch(server.client, "1.1.1")

    assert [answer.status_code for answer in answers] == [503] * 3
    assert all(answer.headers["retry-after"] for answer in answers)
    assert ready.status_code == 503
    assert again.status_code in (200, 503)
    assert kept.content == SMALL
    assert store(server.client, OTHER, LARGE).status_code == 200
    assert list((tmp_path / "data/incoming").iterdir()) == []


def test_what_is_deleted_where_files_cannot_be_removed_is_gone_and_its_file_goes_later(
    server: Process, tmp_path: Path
) -> None:
    store(server.client, SMALL, OTHER)

    with read_only(tmp_path / "data/instances"):
        deleted = server.client.delete(url("1.1.1"))
        assert fetch(server.client, "1.1.1").status_code == 404
    server.client.delete(url("1.1.2"))

    assert deleted.status_code == 204
    assert list((tmp_path / "data/instances").iterdir()) == []


def test_what_could_not_be_removed_goes_with_the_next_start(tmp_path: Path) -> None:
    with process(tmp_path / "data") as server:
        store(server.client, SMALL, OTHER)
        with read_only(tmp_path / "data/instances"):
            assert server.client.delete(url("1.1.1")).status_code == 204

    with process(tmp_path / "data") as server:
        assert fetch(server.client, "1.1.1").status_code == 404
        assert fetch(server.client, "1.1.2").content == OTHER
        assert len(list((tmp_path / "data").rglob("*.dcm"))) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)]
    if os.geteuid() or shutil.which("mount") is None:
        pytest.skip("only root can mount a small disk")
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mount does not work here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(path: Path, room: int = 0) -> None:
    """Write a file until its disk is full but for some bytes."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    os.truncate(path, path.stat().st_size - room)


def test_on_a_full_disk_stores_are_unavailable_and_nothing_is_half_stored(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    with process(small_disk / "data") as server:
        store(server.client, SMALL)

        fill(ballast)
        answers = [store(server.client, OTHER), store(server.client, LARGE)]
        answers.append(server.client.post("studies", content=LARGE, headers=DICOM))
        ready = server.client.get(server.client.base_url.copy_with(path="/health/ready"))
        listed = server.client.get("instances").json()

        assert [answer.status_code for answer in answers] == [503] * 3
        assert all(answer.headers["retry-after"] for answer in answers)
        assert all(
            OUT_OF_RESOURCES in reasons(answer, FAILED) + reasons(answer, OTHER_FAILURES)
            for answer in answers
        )
        assert ready.status_code == 503
        assert [row["00080018"]["Value"] for row in listed] == [["1.1.1"]]
        assert fetch(server.client, "1.1.1").content == SMALL
        assert list((small_disk / "data/incoming").iterdir()) == []

        ballast.unlink()
        assert store(server.client, OTHER, LARGE).status_code == 200
        assert len(list(small_disk.rglob("*.dcm"))) == 3


def test_on_a_full_disk_a_scanner_is_told_so_and_its_association_goes_on(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    with process(small_disk / "data", "--dimse", "0") as server:
        assert server.dimse_port is not None
        contexts = [(CTImageStorage, [EXPLICIT]), (SecondaryCaptureImageStorage, [EXPLICIT])]
        with (
            association(server.dimse_port, contexts[:1]) as small,
            association(server.dimse_port, contexts[1:]) as large,
        ):
            fill(ballast)
            full = [stored(small, SMALL)[0], stored(large, LARGE)[0]]
            ballast.unlink()
            free = [stored(small, SMALL)[0], stored(large, LARGE)[0]]

        assert (full, free) == ([OUT_OF_RESOURCES] * 2, [0, 0])
        assert list((small_disk / "data/incoming").iterdir()) == []


def test_of_files_of_which_some_fit_on_the_disk_these_are_stored(small_disk: Path) -> None:
    with process(small_disk / "data") as server:
        store(server.client, SMALL)
        fill(small_disk / "ballast", room=2 * 2**20)

        answer = store(server.client, LARGE, OTHER)

        assert answer.status_code == 202
        assert OUT_OF_RESOURCES in reasons(answer, FAILED) + reasons(answer, OTHER_FAILURES)
        assert fetch(server.client, "1.1.2").content == OTHER
        assert fetch(server.client, "1.1.3").status_code == 404
        assert list((small_disk / "data/incoming").iterdir()) == []
        assert len(list(small_disk.rglob("*.dcm"))) == 2


def test_without_descriptors_requests_are_unavailable_and_answered_again_afterwards(server: Process) -> None:
    store(server.client, SMALL)
    fetch(server.client, "1.1.1")
    before = resource.prlimit(server.popen.pid, resource.RLIMIT_NOFILE)

    resource.prlimit(server.popen.pid, resource.RLIMIT_NOFILE, (3, before[1]))
    answers = [
        fetch(server.client, "1.1.1"),
        server.client.get(f"{url('1.1.1')}/frames/1"),
        server.client.get(f"{url('1.1.1')}/rendered"),
        server.client.get(server.client.base_url.copy_with(path="/health/ready")),
        store(server.client, OTHER),
        store(server.client, LARGE),
    ]
    resource.prlimit(server.popen.pid, resource.RLIMIT_NOFILE, before)

    assert [answer.status_code for answer in answers] == [503] * 6
    assert store(server.client, OTHER, LARGE).status_code == 200
    assert fetch(server.client, "1.1.1").content == SMALL
