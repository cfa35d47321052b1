"""Writes of several processes on PostgreSQL: one at a time for a study, side by side for different ones."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa

from service.archive import Archive, open_archive
from service.archive.consistency.leftovers import remove_doomed_files
from service.archive.index.engine.database import Database
from service.archive.index.engine.locks import locking
from service.archive.index.lookups.lookup import stored_files
from service.archive.index.writes.changes import remove, remove_all
from service.archive.stores.outcomes import Stored
from service.archive.tasks.upkeep import verify
from service.errors import NotFound, Unavailable
from service.scope import EVERYTHING
from tests.archive.intake import another_process, files, put
from tests.builders import ct_image, part10


@locking(lambda studies, *_: studies)
def hold(_: sa.Connection, studies: list[str], busy: Event, release: Event) -> None:
    """Hold the locks of some studies in an open transaction."""
    busy.set()
    release.wait()


@locking(lambda studies: studies)
def touch(_: sa.Connection, studies: list[str]) -> None:
    """Need the locks of some studies."""


@contextmanager
def held(url: str, *studies: str) -> Iterator[ThreadPoolExecutor]:
    """Let another process hold studies, and lend threads for whoever waits; it lets go at the end."""
    other, busy, release = Database(url), Event(), Event()
    with ThreadPoolExecutor(8) as pool:
        holding = pool.submit(other.write_now, hold, list(studies), busy, release)
        busy.wait()
        try:
            yield pool
        finally:
            release.set()
            holding.result()
    other.close()


@pytest.fixture
def index(postgresql_url: str) -> Iterator[Database]:
    index = Database(postgresql_url)
    yield index
    index.close()


def test_who_writes_to_a_study_keeps_those_waiting_who_write_to_it_and_nobody_else(
    index: Database, postgresql_url: str
) -> None:
    with held(postgresql_url, "1") as pool:
        same = pool.submit(index.write_now, touch, ["1"])
        for _ in range(3):  # also those who come after it, from the same process
            index.write_now(touch, ["2"])
            index.write_now(touch, [])

        assert not same.done()
    same.result()


def test_writes_to_several_studies_in_any_order_all_come_to_their_end(
    index: Database, postgresql_url: str
) -> None:
    other = Database(postgresql_url)
    studies = ["1", "2", "3"]
    orders = [studies, studies[::-1], ["2", "1"], ["3", "2"]] * 10

    with ThreadPoolExecutor(8) as pool:
        writes: list[Future[None]] = [
            pool.submit(database.write_now, touch, order) for order in orders for database in (index, other)
        ]

    assert [write.result() for write in writes] == [None] * 80
    other.close()


def test_who_empties_the_index_waits_for_all_others(index: Database, postgresql_url: str) -> None:
    hurried = Database(impatient(postgresql_url))

    with held(postgresql_url) as pool:
        with pytest.raises(Unavailable):
            hurried.write_now(remove_all)
        emptying = pool.submit(index.write_now, remove_all)

    emptying.result()
    hurried.close()


def impatient(url: str) -> str:
    """Return the URL of a database at which nobody waits long for a lock."""
    return sa.make_url(url).update_query_dict({"options": "-c lock_timeout=50"}).render_as_string(False)


def test_who_waits_too_long_for_a_study_is_told_so(postgresql_url: str, tmp_path: Path) -> None:
    archive = open_archive(impatient(postgresql_url), tmp_path, replace=False)

    with held(postgresql_url, "1"), pytest.raises(Unavailable):
        archive.index.write_now(remove, EVERYTHING, "1", None, None)

    [outcome] = put(archive, part10(ct_image("1.1.1")))
    assert isinstance(outcome, Stored)
    archive.close()


def test_two_processes_that_store_replace_and_delete_the_same_studies_leave_every_row_with_its_file(
    archive: Archive,
) -> None:
    processes = [another_process(archive), another_process(archive)]
    versions = [
        part10(ct_image(f"{study}.1.1", InstanceNumber=number)) for number in range(6) for study in (1, 2)
    ]

    def delete(process: Archive, study: str) -> None:
        with suppress(NotFound):
            process.index.write_now(remove, EVERYTHING, study, None, None)
        remove_doomed_files(process.index, process.blobs)

    with ThreadPoolExecutor(6) as pool:
        stores = [pool.submit(put, process, file) for file in versions for process in processes]
        deletes = [
            pool.submit(delete, process, study) for study in ("1", "2", "1", "2") for process in processes
        ]
        outcomes = [store.result()[0] for store in stores]
        for future in deletes:
            future.result()
    for process in processes:
        delete(process, "none")

    assert all(isinstance(outcome, Stored) for outcome in outcomes)
    assert len(archive.index.read_now(stored_files)) == len(files(archive))
    assert all(done.result == "intact" for done in verify(archive))
    for process in processes:
        process.close()
