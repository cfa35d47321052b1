import gc
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from service.archive.index.engine.database import Database
from service.archive.index.engine.engines import create_engine
from service.archive.index.schema.tables import doomed
from service.errors import Unavailable
from tests.proxy import proxy
from tests.waiting import PATIENCE, wait_for


@pytest.fixture
def index(database_url: str) -> Iterator[Database]:
    index = Database(database_url)
    yield index
    index.close()


class Rows(list[object]):
    """What is held on to can be noticed."""


def insert(connection: sa.Connection, blob: str) -> str:
    connection.execute(sa.insert(doomed).values(blob=blob))
    return blob


def blobs(connection: sa.Connection) -> list[str]:
    return sorted(connection.scalars(sa.select(doomed.c.blob)))


async def test_what_was_written_can_be_read(index: Database) -> None:
    written = await index.write(insert, "a")

    assert written == "a"
    assert await index.read(blobs) == ["a"]
    assert index.read_now(blobs) == ["a"]


async def test_a_long_read_gives_its_rows_back_at_once(index: Database) -> None:
    long = sa.text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) SELECT max(i) FROM n"
    )
    held: list[weakref.ref[Rows]] = []

    def read(connection: sa.Connection) -> object:
        rows = Rows("from an earlier query")
        held.append(weakref.ref(rows))
        return connection.scalar(long)

    gc.collect()
    gc.disable()  # so that what refers to itself stays
    largest = await index.read(read)
    gc.enable()

    assert largest == 9999
    assert [reference() for reference in held] == [None] * len(held)


def test_a_write_is_visible_to_others_when_it_returns(index: Database, database_url: str) -> None:
    other = Database(database_url)

    index.write_now(insert, "a")

    assert other.read_now(blobs) == ["a"]
    other.close()


def test_of_writes_that_share_a_transaction_one_that_fails_leaves_the_others_alone(index: Database) -> None:
    busy, release = Event(), Event()

    def occupy(_: sa.Connection) -> None:
        busy.set()
        release.wait()

    with ThreadPoolExecutor() as pool:
        pool.submit(index.write_now, occupy)
        busy.wait()
        good, same, bad = (pool.submit(index.write_now, insert, blob) for blob in ("a", "b", "b"))
        release.set()
        wait([good, same, bad])

    assert index.read_now(blobs) == ["a", "b"]
    assert sorted(type(write.exception()).__name__ for write in (same, bad)) == ["IntegrityError", "NoneType"]
    assert good.result() == "a"


def test_a_write_that_fails_alone_leaves_nothing(index: Database) -> None:
    def insert_and_fail(connection: sa.Connection) -> None:
        insert(connection, "a")
        raise LookupError

    with pytest.raises(LookupError):
        index.write_now(insert_and_fail)

    assert index.read_now(blobs) == []


def test_two_processes_can_write_at_the_same_time(index: Database, database_url: str) -> None:
    other = Database(database_url)

    with ThreadPoolExecutor(8) as pool:
        writes = [
            pool.submit(database.write_now, insert, f"{database is index} {n}")
            for n in range(20)
            for database in (index, other)
        ]
        wait(writes)

    assert len(index.read_now(blobs)) == 40
    other.close()


def test_closing_finishes_what_is_waiting(database_url: str) -> None:
    index = Database(database_url)
    with ThreadPoolExecutor() as pool:
        writes = [pool.submit(index.write_now, insert, str(number)) for number in range(10)]
        wait(writes)
        index.close()

    reopened = Database(database_url)
    assert len(reopened.read_now(blobs)) == 10
    reopened.close()


def test_text_is_compared_byte_by_byte_on_every_database(index: Database) -> None:
    for blob in ("B", "a", "Ä", "_", "aa"):
        index.write_now(insert, blob)

    def ordered(connection: sa.Connection) -> list[str]:
        return list(connection.scalars(sa.select(doomed.c.blob).order_by(doomed.c.blob)))

    def like(connection: sa.Connection) -> list[str]:
        return list(connection.scalars(sa.select(doomed.c.blob).where(doomed.c.blob.like("A%"))))

    assert index.read_now(ordered) == ["B", "_", "a", "aa", "Ä"]
    assert index.read_now(like) == []


def test_a_commit_on_sqlite_is_on_disk_before_it_is_acknowledged(sqlite_url: str) -> None:
    index = Database(sqlite_url)

    pragmas = ("synchronous", "journal_mode", "foreign_keys")
    values = index.read_now(
        lambda connection: [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]
    )

    full = 2
    assert values == [full, "wal", 1]
    index.close()


def test_a_database_that_is_away_is_unavailable_for_everyone_who_waits() -> None:
    index = Database("postgresql://nobody@127.0.0.1:1/none")

    with ThreadPoolExecutor() as pool:
        writes = [pool.submit(index.write_now, insert, str(number)) for number in range(4)]
        failures = [write.exception() for write in writes]

    assert [type(failure) for failure in failures] == [Unavailable] * 4
    with pytest.raises(Unavailable):
        index.read_now(blobs)
    index.close()


def test_a_server_that_does_not_answer_is_not_waited_for_and_asked_again_later(postgresql_url: str) -> None:
    url = sa.make_url(postgresql_url)
    socket = f"unix:{url.query['host']}/.s.PGSQL.5432"
    with proxy(socket) as network, ThreadPoolExecutor() as pool:
        place = urlsplit(network.url)
        index = Database(str(url.set(host=place.hostname, port=place.port, query={})))
        network.is_frozen = True

        reads = [pool.submit(index.read_now, blobs) for _ in range(3)]
        writes = [pool.submit(index.write_now, insert, str(number)) for number in range(3)]
        failures = [read.exception(PATIENCE) for read in reads]
        failures += [write.exception(PATIENCE) for write in writes]
        assert [type(failure) for failure in failures] == [Unavailable] * 6

        network.is_frozen = False
        wait_for(lambda: read_or_none(index) == [])
        index.close()


def read_or_none(index: Database) -> list[str] | None:
    try:
        return index.read_now(blobs)
    except Unavailable:
        return None


def cut_all(url: str) -> None:
    """Cut all connections to a database, as when its server goes down and comes back."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(sa.text(f"{others} AND datname = current_database()"))
    engine.dispose()


async def test_connections_that_were_cut_are_replaced_and_nobody_notices(postgresql_url: str) -> None:
    index = Database(postgresql_url)
    index.write_now(insert, "a")

    cut_all(postgresql_url)
    assert index.read_now(blobs) == ["a"]
    assert await index.read(blobs) == ["a"]

    cut_all(postgresql_url)
    index.write_now(insert, "b")
    assert index.read_now(blobs) == ["a", "b"]
    index.close()
