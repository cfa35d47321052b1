"""Processes that end without warning, and disks that are full: what was acknowledged stays."""

import os
import resource
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Event

import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

from service.__main__ import app
from tests.builders import ct_image, image, part10
from tests.serving import process
from tests.web.messages import DICOM, MULTIPART, items, message, reasons, store, url

FAILED, REFERENCED, OTHER_FAILURES = "00081198", "00081199", "0008119A"
TOO_LARGE = 0xA701
BEFORE_THE_END = 40  # acknowledged uploads


def file(uid: str) -> bytes:
    return part10(ct_image(uid))


def large(uid: str) -> bytes:
    """Return a file that does not stay in memory on its way in."""
    return part10(image(np.zeros((2, 1024, 1024), np.uint16), uid))


def upload(client: httpx.Client, study: int, acknowledged: list[str], enough: Event) -> None:
    """Send instances one after the other until the server is gone; note what it has acknowledged."""
    for number in count(1):
        uids = [f"{study}.{number}.{instance}" for instance in (1, 2)]
        try:
            response = store(client, *map(file, uids))
        except httpx.TransportError:
            return
        assert response.status_code == 200
        acknowledged += uids
        if len(acknowledged) >= BEFORE_THE_END:
            enough.set()


def half_a_body(killed: Event) -> Iterator[bytes]:
    """Yield a large instance but for its end, which never comes."""
    body = message([large("9.1.1")])
    yield body[: len(body) // 2]
    killed.wait()


@pytest.fixture(params=["folder", "object store"])
def settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """Where the files are, as settings."""
    if request.param == "folder":
        return {}
    return {"DICOMWEB_BLOBS": request.getfixturevalue("s3_url")}


def test_what_was_acknowledged_survives_a_kill_and_nothing_half_stored_is_visible(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    data, acknowledged = tmp_path / "data", list[str]()
    enough, killed = Event(), Event()

    with process(data, **settings) as server, ThreadPoolExecutor() as pool:
        half = pool.submit(
            server.client.post,
            "studies",
            content=half_a_body(killed),
            headers={"content-type": MULTIPART},
        )
        uploads = [pool.submit(upload, server.client, study, acknowledged, enough) for study in (1, 2, 3)]
        enough.wait()
        server.stop(signal.SIGKILL)
        killed.set()
        for future in uploads:
            future.result()
        assert isinstance(half.exception(), httpx.TransportError)
    for left in (data / "incoming").iterdir():
        os.utime(left, (0, 0))

    with process(data, **settings) as server:
        for uid in acknowledged:
            response = server.client.get(url(uid), headers={"accept": "application/dicom"})
            assert response.content == file(uid)
        for row in server.client.get("instances?limit=1000").json():
            uid = row["00080018"]["Value"][0]
            assert server.client.get(url(uid), headers={"accept": "application/dicom"}).content == file(uid)
        assert server.client.get("studies/9/metadata").status_code == 404
        assert list((data / "incoming").iterdir()) == []
        instances = len(server.client.get("instances?limit=10000").json())
        server.stop()
    environment = {"DICOMWEB_DATA": str(data)} | settings
    if (
        settings
    ):  # the store may have finished a put after its client was gone, and after the start that cleans
        CliRunner().invoke(app, ["verify", "--repair"], env=environment)
    verified = CliRunner().invoke(app, ["verify"], env=environment)
    assert f"{instances} intact (" in verified.stderr
    assert "damaged" not in verified.stderr
    assert "missing" not in verified.stderr


def test_a_replacement_that_is_killed_leaves_one_of_the_two_files(tmp_path: Path) -> None:
    data = tmp_path / "data"
    versions = [part10(ct_image("1.1.1", InstanceNumber=number)) for number in range(200)]
    some = Event()

    def replace(client: httpx.Client) -> None:
        for number, version in enumerate(versions * 100):
            try:
                store(client, version)
            except httpx.TransportError:
                return
            if number == 20:
                some.set()

    with process(data, DICOMWEB_ON_CONFLICT="replace") as server, ThreadPoolExecutor() as pool:
        replacing = pool.submit(replace, server.client)
        some.wait()
        server.stop(signal.SIGKILL)
        replacing.result()

    with process(data, DICOMWEB_ON_CONFLICT="replace") as server:
        response = server.client.get(url("1.1.1"), headers={"accept": "application/dicom"})
        assert response.content in versions
        assert len(server.client.get("instances").json()) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of a server that can write no file longer than 1.5 MB; its index is below that."""
    with process(tmp_path / "data") as server:
        resource.prlimit(server.popen.pid, resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
        yield server.client


def test_of_files_too_long_for_the_disk_the_others_are_stored_and_the_reason_is_told(
    small_disk: httpx.Client,
) -> None:
    response = store(small_disk, file("1.1.1"), large("1.1.2"), file("1.1.3"))

    assert response.status_code == 202
    assert [item["00081155"]["Value"] for item in items(response, REFERENCED)] == [["1.1.1"], ["1.1.3"]]
    assert reasons(response, FAILED) + reasons(response, OTHER_FAILURES) == [TOO_LARGE]


@pytest.mark.parametrize("multipart", [True, False], ids=["multipart", "single"])
def test_when_nothing_fits_it_is_too_large_and_what_was_stored_remains(
    small_disk: httpx.Client, multipart: bool, tmp_path: Path
) -> None:
    store(small_disk, file("1.1.1"))

    response = (
        store(small_disk, large("1.1.2"))
        if multipart
        else small_disk.post("studies", content=large("1.1.2"), headers=DICOM)
    )

    assert response.status_code == 413
    assert list((tmp_path / "data/incoming").iterdir()) == []
    assert reasons(response, FAILED) + reasons(response, OTHER_FAILURES) == [TOO_LARGE]
    assert small_disk.get(url("1.1.1"), headers={"accept": "application/dicom"}).content == file("1.1.1")
    assert small_disk.get(url("1.1.2")).status_code == 404
    assert store(small_disk, file("1.1.4")).status_code == 200
