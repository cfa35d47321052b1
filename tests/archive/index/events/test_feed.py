"""The change feed in the index: nothing is lost or told twice, whoever writes at the same time."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Event

import pytest
import sqlalchemy as sa

from service.archive.index.engine.engines import create_engine
from service.archive.index.events.change_notes import MAX_OF_A_NOTE, Action, note_changes
from service.archive.index.events.feed import (
    CURRENT,
    DELETED,
    QUIET,
    REPLACED,
    Change,
    Window,
    changes_after,
    changes_within,
    latest_change,
    seen,
)
from service.archive.index.events.numbering import forget, has_work, number, state_of
from service.archive.index.owners.labels import NOBODY, Owner
from service.archive.index.schema.feed_tables import changes, restless
from service.archive.index.schema.tables import studies
from service.archive.index.writes.changes import adopt, enter, remove
from service.archive.index.writes.entry import IndexEntry
from service.dicom.instance import Uids
from service.errors import ChangesForgotten
from service.scope import EVERYTHING, Scope
from tests.metadata import entry, instance

HOUR = 3600 * 1_000_000
DAYS = 86_400 * 1_000_000
WRITERS, BATCHES = 6, 25


def put(connection: sa.Connection, *entries: IndexEntry, owner: Owner = NOBODY) -> None:
    enter(connection, entries, replace=True, owner=owner)


def read(connection: sa.Connection, after: int = 0, scope: Scope = EVERYTHING) -> list[Change]:
    number(connection, HOUR)
    return changes_after(connection, scope, after, 1000, with_quiet=True).changes


def told(connection: sa.Connection, scope: Scope = EVERYTHING) -> list[tuple[str, str, str]]:
    """Return action, instance and state of every change."""
    everything = seen(connection, scope, read(connection, scope=scope), with_metadata=False)
    return [(each.change.action, each.change.instance, each.state) for each in everything]


def test_what_comes_is_replaced_and_goes_is_told_in_its_order(connection: sa.Connection) -> None:
    put(connection, entry(instance("1.1.1")), entry(instance("1.1.2")))
    put(connection, entry(instance("1.1.1", StudyID="B")))
    remove(connection, EVERYTHING, "1", "1.1", "1.1.2")

    assert told(connection) == [
        ("create", "1.1.1", REPLACED),
        ("create", "1.1.2", DELETED),
        ("update", "1.1.1", CURRENT),
        ("delete", "1.1.2", DELETED),
    ]


def test_what_is_unchanged_is_not_told_and_neither_is_what_is_found_in_the_tree(
    connection: sa.Connection,
) -> None:
    put(connection, entry(instance("1.1.1")))
    put(connection, entry(instance("1.1.1")))
    adopt(connection, [entry(instance("1.1.2"))], replace=False, owner=NOBODY)

    assert told(connection) == [("create", "1.1.1", CURRENT)]


def test_sequences_follow_each_other_whatever_page_they_are_read_in(connection: sa.Connection) -> None:
    number_of_changes = 2 * MAX_OF_A_NOTE + 5
    uids = [Uids("1", "1.1", f"1.1.{number}") for number in range(number_of_changes)]
    note_changes(connection, ((each, Action.CREATE, "") for each in uids))
    number(connection, HOUR)

    pages, after = [], 0
    while page := changes_after(connection, EVERYTHING, after, 7).changes:
        pages += page
        after = page[-1].sequence

    assert [change.sequence for change in pages] == list(range(1, number_of_changes + 1))
    assert [change.uids for change in pages] == uids


def test_a_change_that_is_committed_late_comes_late_and_is_not_lost(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)
    with engine.connect() as slow, engine.connect() as fast, engine.connect() as reader:
        put(slow, entry(instance("1.1.1")))  # it has begun first
        put(fast, entry(instance("2.1.1")))
        fast.commit()
        before = read(reader)
        reader.commit()
        slow.commit()

        after = read(reader, before[-1].sequence)
        reader.commit()

    assert [change.instance for change in before] == ["2.1.1"]
    assert [change.instance for change in after] == ["1.1.1"]
    engine.dispose()


def test_a_change_that_is_undone_is_never_told(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)
    with engine.connect() as one, engine.connect() as other:
        put(one, entry(instance("1.1.1")))
        one.rollback()
        put(other, entry(instance("1.1.2")))

        assert told(other) == [("create", "1.1.2", CURRENT)]
    engine.dispose()


def test_whoever_follows_many_writers_has_all_they_wrote_once_and_in_the_order_of_each(
    postgresql_url: str,
) -> None:
    engine = create_engine(postgresql_url, WRITERS + 3)
    finished = Event()

    def write(writer: int) -> None:
        with engine.connect() as connection:
            for batch in range(BATCHES):
                uids = (Uids(f"{writer}", "1.1", f"{batch}.{item}") for item in range(3))
                note_changes(connection, ((each, Action.CREATE, "") for each in uids))
                connection.execute(sa.text("SELECT pg_sleep(random() * 0.004)"))
                if batch % 5 == writer % 5:
                    connection.rollback()
                else:
                    connection.commit()

    def follow() -> list[Change]:
        had: list[Change] = []
        with engine.connect() as connection:
            is_last = False
            while not is_last:
                is_last = finished.is_set()
                had += read(connection, had[-1].sequence if had else 0)
                connection.commit()
        return had

    with ThreadPoolExecutor(WRITERS + 2) as pool:
        followers = [pool.submit(follow) for _ in range(2)]
        list(pool.map(write, range(WRITERS)))
        finished.set()
        stories = [follower.result() for follower in followers]

    expected = {
        f"{writer}": [
            f"{batch}.{item}" for batch in range(BATCHES) for item in range(3) if batch % 5 != writer % 5
        ]
        for writer in range(WRITERS)
    }
    for story in stories:
        assert all(before.sequence < after.sequence for before, after in pairwise(story))
        for writer, written in expected.items():
            assert [change.instance for change in story if change.study == writer] == written
    assert stories[0] == stories[1]
    engine.dispose()


def test_a_tenant_is_told_of_its_own_studies_alone(connection: sa.Connection) -> None:
    put(connection, entry(instance("1.1.1")), owner=Owner(tenant="A"))
    put(connection, entry(instance("2.1.1")), owner=Owner(tenant="B"))
    remove(connection, EVERYTHING, "1", None, None)
    scope = Scope(frozenset({"A"}))

    assert told(connection, scope) == [("create", "1.1.1", DELETED), ("delete", "1.1.1", DELETED)]
    assert latest_change(connection, Scope(frozenset({"C"}))) is None


def test_whose_studies_have_not_changed_is_told_how_far_they_have_come(connection: sa.Connection) -> None:
    put(connection, entry(instance("1.1.1")), entry(instance("1.1.2")))
    number(connection, HOUR)

    page = changes_after(connection, Scope(frozenset({"A"})), 0, 10)

    assert (page.changes, page.reached) == ([], 2)


def test_a_study_of_another_tenant_by_now_is_not_here_any_more(connection: sa.Connection) -> None:
    put(connection, entry(instance("1.1.1")), owner=Owner(tenant="A"))
    connection.execute(sa.update(studies).values(tenant="B"))

    assert told(connection, Scope(frozenset({"A"}))) == [("create", "1.1.1", DELETED)]


def test_a_window_has_what_happened_within_it_and_pages_skip_what_was_had(connection: sa.Connection) -> None:
    for minute in range(3):
        put(connection, *(entry(instance(f"1.1.{minute}{place}")) for place in range(4)))
        number(connection, HOUR)
        connection.execute(sa.update(changes).where(changes.c.time > 10).values(time=minute))

    window = Window(1, 2)
    pages = [changes_within(connection, EVERYTHING, window, skipped, 3) for skipped in (0, 3, 6)]

    assert [[change.instance for change in page] for page in pages] == [
        ["1.1.10", "1.1.11", "1.1.12"],
        ["1.1.13"],
        [],
    ]
    assert len(changes_within(connection, EVERYTHING, Window(start=1), 0, 100)) == 8
    assert len(changes_within(connection, EVERYTHING, Window(end=1), 3, 100)) == 1


@pytest.fixture
def forgetful(connection: sa.Connection) -> sa.Connection:
    """A connection to an index with three changes, of which two are old."""
    put(connection, entry(instance("1.1.1")), entry(instance("1.1.2")))
    number(connection, HOUR)
    connection.execute(sa.update(changes).values(time=changes.c.time - 31 * DAYS))
    put(connection, entry(instance("1.1.3")))
    number(connection, HOUR)
    forget(connection, 30 * DAYS)
    return connection


def test_changes_that_are_forgotten_are_told_to_be(forgetful: sa.Connection) -> None:
    with pytest.raises(ChangesForgotten) as raised:
        changes_after(forgetful, EVERYTHING, 1, 10)

    assert raised.value.oldest == 3
    assert [change.instance for change in changes_after(forgetful, EVERYTHING, 2, 10).changes] == ["1.1.3"]


def test_sequences_go_on_when_everything_is_forgotten(forgetful: sa.Connection) -> None:
    forget(forgetful, -HOUR)
    put(forgetful, entry(instance("1.1.4")))

    assert [(change.sequence, change.instance) for change in read(forgetful, 3)] == [(4, "1.1.4")]


def test_a_study_that_has_not_changed_for_a_while_is_told_to_be_quiet_once(connection: sa.Connection) -> None:
    put(connection, entry(instance("1.1.1")))
    number(connection, HOUR)
    assert not has_work(connection)
    connection.execute(sa.update(restless).values(due=0))

    assert has_work(connection)
    for _ in range(2):
        number(connection, HOUR)

    [_, quiet] = changes_after(connection, EVERYTHING, 0, 10, with_quiet=True).changes
    assert (quiet.action, quiet.study, quiet.sequence) == (QUIET, "1", 2)
    assert [change.action for change in changes_after(connection, EVERYTHING, 0, 10).changes] == ["create"]
    assert latest_change(connection, EVERYTHING) == changes_after(connection, EVERYTHING, 0, 1).changes[0]


def test_a_study_that_changes_again_is_not_quiet_yet(connection: sa.Connection) -> None:
    put(connection, entry(instance("1.1.1")))
    number(connection, HOUR)
    connection.execute(sa.update(restless).values(due=0))
    put(connection, entry(instance("1.1.2")))

    assert [change.action for change in read(connection)] == ["create", "create"]


def test_a_study_that_is_gone_is_not_told_to_be_quiet(connection: sa.Connection) -> None:
    put(connection, entry(instance("1.1.1")))
    remove(connection, EVERYTHING, "1", None, None)
    number(connection, HOUR)
    connection.execute(sa.update(restless).values(due=0))

    assert [change.action for change in read(connection)] == ["create", "delete"]
    assert state_of(connection).last == 2


def test_several_processes_tell_a_quiet_study_once(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url, WRITERS + 1)
    with engine.begin() as connection:
        put(connection, entry(instance("1.1.1")))
    with engine.begin() as connection:
        number(connection, HOUR)
        connection.execute(sa.update(restless).values(due=0))

    def look(_: int) -> None:
        with engine.begin() as connection:
            number(connection, HOUR)

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(look, range(WRITERS)))

    with engine.begin() as connection:
        assert [change.action for change in read(connection)] == ["create", QUIET]
    engine.dispose()
