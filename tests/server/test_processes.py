"""Several processes that serve one archive: whoever answers, the answer is the same."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from tests.builders import ct_image, part10
from tests.forks import spawned_by
from tests.serving import Process, client_of, process
from tests.waiting import PATIENCE
from tests.web.messages import store, url

CLIENTS = 4
WORKERS = 3


@pytest.fixture(params=["sqlite", "postgresql"])
def workers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Process]:
    settings = {}
    if request.param == "postgresql":
        settings["DICOMWEB_DATABASE_URL"] = _new_database(request.getfixturevalue("postgresql_server"))
    with process(tmp_path / "data", "--workers", str(WORKERS), **settings) as running:
        yield running
        running.stop()


def _new_database(server: str) -> str:
    name = f"processes_{uuid4().hex}"
    engine = sa.create_engine(sa.make_url(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)


@contextmanager
def clients(running: Process, number: int) -> Iterator[list[httpx.Client]]:
    """Lend clients with a connection each, so that different processes answer them."""
    url = str(running.client.base_url)
    with ExitStack() as stack:
        yield [stack.enter_context(client_of(url)) for _ in range(number)]


def children(running: Process) -> list[int]:
    """Return the processes that serve, without multiprocessing's own."""
    return spawned_by(running.popen.pid)


def test_instances_stored_through_all_of_them_at_the_same_time_are_all_there_and_counted(
    workers: Process,
) -> None:
    def upload(client: httpx.Client, first: int) -> list[int]:
        batches = [[f"7.1.{first + number + offset}" for offset in range(5)] for number in range(0, 25, 5)]
        return [store(client, *(part10(ct_image(uid)) for uid in batch)).status_code for batch in batches]

    with clients(workers, CLIENTS) as writers, ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(upload, writers, range(100, 100 + 25 * CLIENTS, 25)))

    assert {status for statuses in answers for status in statuses} == {200}
    with clients(workers, 2 * WORKERS) as readers:
        for reader in readers:
            [study] = reader.get("studies").json()
            assert study["00201208"]["Value"] == [25 * CLIENTS]
            assert len(reader.get("studies/7/metadata").json()) == 25 * CLIENTS


def test_what_one_of_them_deletes_none_of_them_has_any_more(workers: Process) -> None:
    store(workers.client, *(part10(ct_image(f"7.1.{number}")) for number in (1, 2)))

    with clients(workers, 2 * WORKERS) as readers:
        before = [_seen_by(reader) for reader in readers]
        workers.client.delete(url("7.1.1"))
        after = [_seen_by(reader) for reader in readers]

    assert set(before) == {(200, 2)}
    assert set(after) == {(404, 1)}


def _seen_by(reader: httpx.Client) -> tuple[int, int]:
    """Return the status of a frame, and of how many instances there are metadata."""
    frame = reader.get(f"{url('7.1.1')}/frames/1")
    return frame.status_code, len(reader.get("studies/7/metadata").json())


def test_one_that_dies_is_replaced_and_nobody_is_turned_away_for_long(workers: Process) -> None:
    store(workers.client, part10(ct_image("7.1.1")))
    first, *_ = before = children(workers)

    os.kill(first, signal.SIGKILL)

    deadline = time.monotonic() + PATIENCE
    while first in (now := children(workers)) or len(now) < WORKERS:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert len(before) == WORKERS
    with clients(workers, WORKERS) as readers:
        assert {reader.get(f"{url('7.1.1')}/metadata").status_code for reader in readers} == {200}


def test_one_that_is_held_up_for_seconds_is_not_replaced(workers: Process) -> None:
    first, *_ = before = children(workers)

    os.kill(first, signal.SIGSTOP)
    time.sleep(6)
    os.kill(first, signal.SIGCONT)

    with clients(workers, WORKERS) as readers:
        assert {reader.get("studies").status_code for reader in readers} == {204}
    assert set(children(workers)) == set(before)


def test_all_of_them_end_when_the_one_that_started_them_is_told_to(workers: Process) -> None:
    started = children(workers)

    code = workers.stop()

    assert code == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in started)
