"""An object store that freezes, is slow, refuses or is cut off: 503 with Retry-After, or the truth."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest

from service.archive.files.opening import open_blobs
from service.settings import Settings
from tests.builders import ct_image, image, part10
from tests.object_stores import BUCKET, Server, s3_environment
from tests.proxy import Proxy, proxy
from tests.serving import serving
from tests.waiting import wait_for
from tests.web.messages import DICOM, fetch, store, url

SMALL = part10(ct_image("1.1.1"))
OTHER = part10(ct_image("1.1.2"))
LARGE = part10(image(np.arange(2**21, dtype=np.uint16).reshape(2, 1024, 1024), "1.1.3"))
VERY_LARGE = part10(image(np.zeros((10, 1024, 1024), np.uint16), "1.1.4"))


@pytest.fixture(scope="module")
def network(s3_server: Server) -> Iterator[Proxy]:
    """What lies between the service and its store."""
    with proxy(s3_server.endpoint) as network, pytest.MonkeyPatch.context() as patch:
        for name, value in s3_environment(network.url).items():
            patch.setenv(name, value)
        yield network


@pytest.fixture
def client(network: Proxy, tmp_path: Path, sqlite_url: str, s3_url: str) -> Iterator[httpx.Client]:
    """A service behind that network, with nothing nearby."""
    with serving(Settings(data=tmp_path, database_url=sqlite_url, blobs=s3_url, cache_bytes=0)) as client:
        yield client


def ready(client: httpx.Client) -> int:
    return client.get(client.base_url.copy_with(path="/health/ready")).status_code


def assert_unavailable(*answers: httpx.Response) -> None:
    assert [answer.status_code for answer in answers] == [503] * len(answers)
    assert all(answer.headers["retry-after"] for answer in answers)


@contextmanager
def refusing(network: Proxy, status: int) -> Iterator[None]:
    network.status = status
    try:
        yield
    finally:
        network.status = 0


@contextmanager
def frozen(network: Proxy) -> Iterator[None]:
    network.is_frozen = True
    try:
        yield
    finally:
        network.is_frozen = False


@contextmanager
def cutting(network: Proxy, method: str) -> Iterator[None]:
    network.cuts = method
    network.has_cut.clear()
    try:
        yield
    finally:
        network.cuts = ""
    assert network.has_cut.is_set()


def assert_nothing_half_stored(client: httpx.Client, stored: dict[str, bytes]) -> None:
    listed = client.get("instances")
    rows = listed.json() if listed.status_code == 200 else []
    assert sorted(row["00080018"]["Value"][0] for row in rows) == sorted(stored)
    for uid, file in stored.items():
        assert fetch(client, uid).content == file


def test_a_store_that_is_frozen_is_unavailable_while_searches_go_on_and_recovers_without_a_hand(
    client: httpx.Client, network: Proxy
) -> None:
    store(client, SMALL)

    with frozen(network), ThreadPoolExecutor() as pool:
        waiting = [
            pool.submit(store, client, OTHER, LARGE),
            pool.submit(fetch, client, "1.1.1"),
            pool.submit(client.get, f"{url('1.1.1')}/frames/1"),
            pool.submit(client.get, client.base_url.copy_with(path="/health/ready")),
        ]
        listed = client.get("instances")
        metadata = client.get(f"{url('1.1.1')}/metadata")
        answers = [answer.result() for answer in waiting]

    assert_unavailable(*answers)
    assert (listed.status_code, metadata.status_code) == (200, 200)
    wait_for(lambda: ready(client) == 200)
    assert_nothing_half_stored(client, {"1.1.1": SMALL})
    assert store(client, OTHER, LARGE).status_code == 200
    assert_nothing_half_stored(client, {"1.1.1": SMALL, "1.1.2": OTHER, "1.1.3": LARGE})


@pytest.mark.parametrize("status", [500, 503, 403])
def test_a_store_that_refuses_is_unavailable_and_nothing_is_half_stored(
    client: httpx.Client, network: Proxy, status: int
) -> None:
    store(client, SMALL)

    with refusing(network, status):
        answers = [
            store(client, OTHER),
            client.post("studies", content=LARGE, headers=DICOM),
            fetch(client, "1.1.1"),
            client.get(f"{url('1.1.1')}/rendered"),
            client.get("studies/1?accept=application/zip"),
        ]
        deleted = client.delete(url("1.1.1"))
        readiness = ready(client)

    assert_unavailable(*answers)
    assert (readiness, deleted.status_code) == (503, 204)
    assert fetch(client, "1.1.1").status_code == 404
    assert ready(client) == 200
    assert store(client, OTHER, LARGE).status_code == 200
    assert_nothing_half_stored(client, {"1.1.2": OTHER, "1.1.3": LARGE})


def test_objects_of_what_was_deleted_while_the_store_was_away_go_when_it_is_back(
    client: httpx.Client, network: Proxy, tmp_path: Path, s3_url: str
) -> None:
    store(client, SMALL, OTHER)
    blobs = open_blobs(tmp_path / "another", s3_url)
    with frozen(network):
        deleted = client.delete("studies/1")

    assert deleted.status_code == 204
    wait_for(lambda: not list(blobs.list()))
    blobs.close()


def test_a_store_that_takes_seconds_for_everything_is_waited_for(
    client: httpx.Client, network: Proxy
) -> None:
    network.delay = 2
    try:
        assert store(client, SMALL, OTHER).status_code == 200
        assert fetch(client, "1.1.1").content == SMALL
        assert ready(client) == 200
    finally:
        network.delay = 0


@pytest.mark.parametrize("file", [LARGE, VERY_LARGE], ids=["at once", "in parts"])
def test_a_connection_that_is_cut_while_an_object_is_written_leaves_nothing(
    client: httpx.Client, network: Proxy, file: bytes
) -> None:
    store(client, SMALL)

    with cutting(network, "PUT"):
        assert_unavailable(store(client, file))

    assert_nothing_half_stored(client, {"1.1.1": SMALL})
    assert store(client, file).status_code == 200


def test_a_connection_that_is_cut_while_an_object_is_read_never_gives_other_bytes(
    client: httpx.Client, network: Proxy
) -> None:
    store(client, LARGE)

    with cutting(network, "GET"):
        answer = fetch(client, "1.1.3")

    assert answer.status_code == 503 or answer.content == LARGE
    assert fetch(client, "1.1.3").content == LARGE


def test_a_bucket_that_is_missing_and_credentials_that_are_wrong_are_told_until_they_are_right(
    s3_server: Server,
    tmp_path: Path,
    sqlite_template: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    shutil.copy(sqlite_template, tmp_path / "index.sqlite")
    for name, value in s3_environment(s3_server.endpoint, "another secret").items():
        monkeypatch.setenv(name, value)
    with serving(Settings(data=tmp_path, blobs=f"s3://{BUCKET}/wrong")) as client:
        assert ready(client) == 503
        assert_unavailable(store(client, SMALL))
    assert "are the credentials right" in caplog.text

    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    with serving(Settings(data=tmp_path, blobs="s3://no-such-bucket/files")) as client:
        assert ready(client) == 503
        assert_unavailable(store(client, SMALL))
