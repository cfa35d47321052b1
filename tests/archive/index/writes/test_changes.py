"""Entries come in, are refused, replaced and removed; what becomes of files is only noted here."""

from collections.abc import Iterable
from typing import Any

import pytest
import sqlalchemy as sa

from service.archive.index.lookups.doomed import bury, doom_strays, doomed_blobs
from service.archive.index.lookups.lookup import stored_files
from service.archive.index.owners.labels import NOBODY, Owner
from service.archive.index.schema.stored_json import StoredJson
from service.archive.index.schema.tables import documents, instances, request_attributes, series, studies
from service.archive.index.writes.changes import Batch, enter, enter_together, remove
from service.archive.index.writes.entering import Entered
from service.archive.index.writes.entry import IndexEntry
from service.archive.index.writes.presence import FileVanished
from service.errors import InstanceNotFound, NotFound, SeriesNotFound, StudyNotFound
from service.scope import EVERYTHING, Scope
from tests.metadata import entry, instance, tag


def put(connection: sa.Connection, *entries: IndexEntry, replace: bool = False) -> list[Entered]:
    return enter(connection, entries, replace=replace, owner=NOBODY)


def counts(connection: sa.Connection) -> tuple[dict[str, tuple[int, int]], dict[str, int]]:
    """Return of each study its series and instances, of each series its instances."""
    of_study = sa.select(
        studies.c.study_instance_uid, studies.c.number_of_series, studies.c.number_of_instances
    )
    of_series = sa.select(series.c.series_instance_uid, series.c.number_of_instances)
    return (
        {uid: (number_of_series, number) for uid, number_of_series, number in connection.execute(of_study)},
        dict(connection.execute(of_series).all()),
    )


def stored(connection: sa.Connection) -> list[str]:
    return sorted(blob for blob, _, _ in stored_files(connection))


def number_of_rows(connection: sa.Connection) -> dict[str, int]:
    tables = (studies, series, instances, documents, request_attributes)
    return {
        table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables
    }


def attributes(connection: sa.Connection) -> dict[str, Any]:
    return StoredJson(connection.scalars(sa.select(studies.c.attributes)).one()).parsed()


def again(entry: IndexEntry) -> IndexEntry:
    """Return the same content brought again, in a file of its own."""
    return entry.with_its_file(None)


def blobs(entries: Iterable[IndexEntry]) -> list[str]:
    return sorted(entry.blob for entry in entries)


A = entry(instance("1.1.1", StudyID="A", Modality="CT"))
B = entry(instance("1.1.1", StudyID="B", Modality="CT"))


def test_studies_and_series_count_what_is_in_them(connection: sa.Connection) -> None:
    outcomes = put(connection, *(entry(instance(uid)) for uid in ("1.1.1", "1.1.2", "1.2.1", "2.1.1")))

    assert outcomes == [Entered.STORED] * 4
    assert counts(connection) == ({"1": (2, 3), "2": (1, 1)}, {"1.1": 2, "1.2": 1, "2.1": 1})


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one after the other"])
def test_the_same_file_again_changes_nothing_and_what_was_brought_is_doomed(
    connection: sa.Connection, together: bool
) -> None:
    second = again(A)

    outcomes = put(connection, A, second) if together else put(connection, A) + put(connection, second)

    assert outcomes == [Entered.STORED, Entered.UNCHANGED]
    assert counts(connection) == ({"1": (1, 1)}, {"1.1": 1})
    assert (stored(connection), doomed_blobs(connection)) == ([A.blob], [second.blob])


def test_what_is_here_already_needs_no_file(connection: sa.Connection) -> None:
    put(connection, A)

    outcomes = put(connection, again(A).with_file_of(A.blob, A.version))

    assert outcomes == [Entered.UNCHANGED]
    assert (stored(connection), doomed_blobs(connection)) == ([A.blob], [])


@pytest.mark.parametrize("now", ["deleted", "replaced", "brought anew"])
def test_without_the_file_that_was_here_nothing_is_entered(connection: sa.Connection, now: str) -> None:
    put(connection, A)
    remove(connection, EVERYTHING, "1", None, None)
    if now != "deleted":
        put(connection, B if now == "replaced" else again(A))
    before = number_of_rows(connection)

    with pytest.raises(FileVanished), connection.begin_nested():
        put(connection, entry(instance("1.1.2")), again(A).with_file_of(A.blob, A.version), replace=True)

    assert number_of_rows(connection) == before


def test_the_place_of_a_damaged_file_is_taken_by_the_one_that_is_brought(connection: sa.Connection) -> None:
    put(connection, A)
    mending, late = (again(A).with_its_file(A.blob) for _ in range(2))

    outcomes = put(connection, mending) + put(connection, late)

    assert outcomes == [Entered.UNCHANGED] * 2
    assert stored(connection) == [mending.blob]
    assert sorted(doomed_blobs(connection)) == blobs([A, late])


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one after the other"])
def test_another_file_of_the_same_instance_is_refused_and_its_file_doomed(
    connection: sa.Connection, together: bool
) -> None:
    outcomes = put(connection, A, B) if together else put(connection, A) + put(connection, B)

    assert outcomes == [Entered.STORED, Entered.REFUSED]
    assert (stored(connection), doomed_blobs(connection)) == ([A.blob], [B.blob])
    assert attributes(connection)[tag("StudyID")]["Value"] == ["A"]


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one after the other"])
def test_another_file_takes_its_place_when_replacing_and_dooms_the_old_one(
    connection: sa.Connection, together: bool
) -> None:
    put(connection, A, B, replace=True) if together else put(connection, A) + put(connection, B, replace=True)

    assert (stored(connection), doomed_blobs(connection)) == ([B.blob], [A.blob])
    assert attributes(connection)[tag("StudyID")]["Value"] == ["B"]
    assert counts(connection) == ({"1": (1, 1)}, {"1.1": 1})


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one after the other"])
def test_content_that_comes_back_has_a_file_of_its_own(connection: sa.Connection, together: bool) -> None:
    versions = (A, B, again(A))
    if together:
        put(connection, *versions, replace=True)
    else:
        for version in versions:
            put(connection, version, replace=True)

    assert stored(connection) == [versions[2].blob]
    assert sorted(doomed_blobs(connection)) == blobs([A, B])


def test_one_sop_instance_uid_in_two_studies_is_two_instances(connection: sa.Connection) -> None:
    other = entry(instance("2.1.1", SOPInstanceUID="1.1.1"))

    put(connection, A, other)

    assert stored(connection) == blobs([A, other])


def test_a_study_takes_its_attributes_from_the_first_instance_of_a_batch(connection: sa.Connection) -> None:
    put(connection, *(entry(instance(uid, StudyID=uid)) for uid in ("1.1.1", "1.2.1", "1.1.2")))

    assert attributes(connection)[tag("StudyID")]["Value"] == ["1.1.1"]


def test_what_was_taken_for_left_over_meanwhile_is_not_entered(connection: sa.Connection) -> None:
    doom_strays(connection, [A.blob])
    bury(connection, doomed_blobs(connection))

    with pytest.raises(FileVanished):
        put(connection, entry(instance("1.1.2")), A)

    assert sum(number_of_rows(connection).values()) == 0
    assert put(connection, again(A)) == [Entered.STORED]


def test_what_has_a_row_is_not_taken_for_left_over(connection: sa.Connection) -> None:
    put(connection, A)

    doom_strays(connection, [A.blob, B.blob, "1/1.1/cut by a ki"])
    doom_strays(connection, [A.blob, B.blob])

    assert (stored(connection), doomed_blobs(connection)) == ([A.blob], [B.blob])


@pytest.mark.parametrize(
    ("uids", "gone", "left"),
    [
        (("1", "1.1", "1.1.1"), ["1.1.1"], ({"1": (2, 2), "2": (1, 1)}, {"1.1": 1, "1.2": 1, "2.1": 1})),
        (("1", "1.2", "1.2.1"), ["1.2.1"], ({"1": (1, 2), "2": (1, 1)}, {"1.1": 2, "2.1": 1})),
        (("1", "1.1", None), ["1.1.1", "1.1.2"], ({"1": (1, 1), "2": (1, 1)}, {"1.2": 1, "2.1": 1})),
        (("1", None, None), ["1.1.1", "1.1.2", "1.2.1"], ({"2": (1, 1)}, {"2.1": 1})),
    ],
    ids=["an instance", "the last instance of a series", "a series", "a study"],
)
def test_removing_takes_what_becomes_empty_and_dooms_the_files(
    connection: sa.Connection, uids: tuple[str, str | None, str | None], gone: list[str], left: object
) -> None:
    entries = {uid: entry(instance(uid)) for uid in ("1.1.1", "1.1.2", "1.2.1", "2.1.1")}
    put(connection, *entries.values())

    remove(connection, EVERYTHING, *uids)

    assert counts(connection) == left
    assert sorted(doomed_blobs(connection)) == blobs(entries[uid] for uid in gone)
    assert stored(connection) == blobs(kept for uid, kept in entries.items() if uid not in gone)


def test_removing_everything_leaves_no_row_behind(connection: sa.Connection) -> None:
    request = [{tag("RequestedProcedureID"): {"vr": "SH", "Value": ["R"]}}]
    put(connection, entry(instance("1.1.1", RequestAttributesSequence=request)))

    remove(connection, EVERYTHING, "1", None, None)

    assert number_of_rows(connection) == dict.fromkeys(number_of_rows(connection), 0)


def test_more_instances_can_be_removed_than_one_statement_can_name(connection: sa.Connection) -> None:
    entries = [entry(instance(f"1.1.{number}")) for number in range(501)]
    put(connection, *entries)

    remove(connection, EVERYTHING, "1", None, None)
    bury(connection, doomed_blobs(connection))

    assert (stored(connection), doomed_blobs(connection)) == ([], [])


@pytest.mark.parametrize(
    ("uids", "error"),
    [
        (("9", None, None), StudyNotFound),
        (("1", "9", None), SeriesNotFound),
        (("2", "1.1", None), SeriesNotFound),
        (("1", "1.1", "9"), InstanceNotFound),
        (("1", "2.1", "1.1.1"), InstanceNotFound),
    ],
    ids=[
        "no study",
        "no series",
        "a series of another study",
        "no instance",
        "an instance of another series",
    ],
)
def test_what_is_not_here_cannot_be_removed(
    connection: sa.Connection, uids: tuple[str, str | None, str | None], error: type[NotFound]
) -> None:
    put(connection, A, entry(instance("2.1.1")))

    with pytest.raises(error):
        remove(connection, EVERYTHING, *uids)

    assert len(stored(connection)) == 2


def test_stores_that_enter_together_have_each_its_own_owner(connection: sa.Connection) -> None:
    ours, theirs = (Owner(Scope(frozenset({tenant})), tenant) for tenant in ("ours", "theirs"))
    batches = [
        Batch([A], False, ours),
        Batch([entry(instance("1.1.2")), entry(instance("2.1.1"))], False, theirs),
        Batch([entry(instance("1.1.3"))], False, ours),
    ]

    outcomes = enter_together(connection, batches)

    assert outcomes == [[Entered.STORED], [Entered.DENIED, Entered.STORED], [Entered.STORED]]
    assert counts(connection) == ({"1": (1, 2), "2": (1, 1)}, {"1.1": 2, "2.1": 1})
    assert doomed_blobs(connection) == [batches[1].entries[0].blob]


def test_the_same_instance_of_stores_that_enter_together_is_stored_once(connection: sa.Connection) -> None:
    outcomes = enter_together(connection, [Batch([file], False, NOBODY) for file in (A, again(A), B)])

    assert outcomes == [[Entered.STORED], [Entered.UNCHANGED], [Entered.REFUSED]]
    assert stored(connection) == [A.blob]


def test_what_replaces_and_what_is_new_count_in_one_batch(connection: sa.Connection) -> None:
    put(connection, A)

    new = entry(instance("1.2.1", StudyID="C", Modality="MR"))
    outcomes = put(connection, new, B, entry(instance("1.1.2", StudyID="D")), replace=True)

    assert outcomes == [Entered.STORED, Entered.REPLACED, Entered.STORED]
    assert counts(connection) == ({"1": (2, 3)}, {"1.1": 2, "1.2": 1})
    assert attributes(connection)[tag("StudyID")]["Value"] == ["B"]
    assert attributes(connection)[tag("ModalitiesInStudy")]["Value"] == ["CT", "MR"]
    assert connection.scalars(sa.select(studies.c.modalities)).one() == "\\CT\\MR\\"


def test_what_was_removed_can_be_entered_again(connection: sa.Connection) -> None:
    put(connection, A)
    remove(connection, EVERYTHING, "1", None, None)
    anew = again(A)

    outcomes = put(connection, anew)

    assert outcomes == [Entered.STORED]
    assert (stored(connection), doomed_blobs(connection)) == ([anew.blob], [A.blob])


def test_what_is_not_buried_stays_doomed(connection: sa.Connection) -> None:
    other = entry(instance("2.1.1"))
    put(connection, A, other)
    remove(connection, EVERYTHING, "1", None, None)
    remove(connection, EVERYTHING, "2", None, None)

    bury(connection, [other.blob])

    assert doomed_blobs(connection) == [A.blob]
