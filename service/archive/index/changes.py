"""Entering instances into the index, and removing them: plain functions of one transaction.

Files whose rows go are noted as doomed in the same transaction and removed after it, so that neither a
crash in between nor a second worker leaves a row without its file, or a deleted file behind.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from enum import Enum
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa

from service.archive.index import parents
from service.archive.index.change_notes import Action, note_changes
from service.archive.index.doomed import are_strays, doom, portions
from service.archive.index.entry import IndexEntry
from service.archive.index.feed_tables import FEED_TABLES
from service.archive.index.labels import Owner
from service.archive.index.locks import EVERYTHING, locking
from service.archive.index.lookup import find, find_all, outside
from service.archive.index.parents import SeriesUids, series_uids
from service.archive.index.tables import NOT_OF_FILES, documents, instances, metadata
from service.archive.index.witness import Witness
from service.archive.instance import blob_key
from service.dicom.instance import Uids
from service.scope import Scope

# Written once: building a statement costs more than running it.
_STORED_ALREADY = sa.select(
    instances.c.id,
    instances.c.series,
    instances.c.sop_instance_uid,
    instances.c.digest,
    instances.c.version,
).where(
    instances.c.series.in_(sa.bindparam("series", expanding=True)),
    instances.c.sop_instance_uid.in_(sa.bindparam("instances", expanding=True)),
)
_TURN = (
    sa.update(instances)
    .where(instances.c.id == sa.bindparam("key"))
    .values(version=sa.bindparam("new_version"))
)
_INSERT = sa.insert(instances).returning(instances.c.id, sort_by_parameter_order=True)

NOT_MADE_AGAIN = NOT_OF_FILES | FEED_TABLES


class Entered(Enum):
    """What became of an entry."""

    STORED = "stored"
    UNCHANGED = "unchanged"
    REPLACED = "replaced"
    REFUSED = "refused"
    DENIED = "denied"

    @property
    def is_here(self) -> bool:
        """Whether the index has what was brought."""
        return self not in (Entered.REFUSED, Entered.DENIED)


class _StoredFile(NamedTuple):
    """The row and the file of an instance that is stored already."""

    key: int
    digest: bytes
    blob: str


class Enter(Protocol):
    """What brings entries into the index, in one transaction: `enter` or `adopt`."""

    def __call__(
        self,
        connection: sa.Connection,
        entries: Sequence[IndexEntry],
        /,
        *,
        replace: bool,
        owner: Owner,
    ) -> list[Entered]:
        """Return what became of each entry, in their order."""


class FileVanished(Exception):
    """A file is not there any more: it was taken for left over, or its instance deleted or replaced."""


def _studies(entries: Sequence[IndexEntry], **_: object) -> set[str]:
    return {entry.parsed.uids.study for entry in entries}


@locking(_studies)
def enter(
    connection: sa.Connection, entries: Sequence[IndexEntry], *, replace: bool, owner: Owner
) -> list[Entered]:
    """Enter instances, in one transaction, and keep the counts of their series and studies.

    Of what entries have brought, and of what was there, one file stays for each instance. The others are
    doomed: what is replaced, what is refused, and what is here already.

    Args:
        connection: in a writing transaction.
        entries: whose files are in the tree and synced.
        replace: another file with the same UIDs takes the place of the one that is here.
        owner: whose they are; instances of studies that lie outside its scope are denied.

    Raises:
        FileVanished: a file is not there any more; nothing has been entered.
    """
    brought = [entry.blob for entry in entries if entry.brings_its_file]
    if brought and are_strays(connection, brought):
        raise FileVanished
    outcomes, needless = _enter(connection, entries, replace, owner)
    doom(connection, needless)
    note_changes(connection, _notes(entries, outcomes, frozenset(needless)))
    return outcomes


def _notes(
    entries: Sequence[IndexEntry], outcomes: Sequence[Entered], needless: Set[str]
) -> Iterator[tuple[Uids, Action, str]]:
    """Yield what the feed is told: a file that takes the place of a damaged one is another one too."""
    for entry, outcome in zip(entries, outcomes, strict=True):
        if outcome is Entered.STORED:
            yield entry.parsed.uids, Action.CREATE, entry.blob
        elif outcome.is_here and entry.brings_its_file and entry.blob not in needless:
            yield entry.parsed.uids, Action.UPDATE, entry.blob


@locking(_studies)
def adopt(
    connection: sa.Connection, entries: Sequence[IndexEntry], *, replace: bool, owner: Owner
) -> list[Entered]:
    """Enter files that lie in the tree already as `enter` does, but let all stay: nothing has changed."""
    return _enter(connection, entries, replace, owner)[0]


@locking(lambda _scope, study, *_: [study])
def remove(
    connection: sa.Connection,
    scope: Scope,
    study: str,
    series: str | None,
    instance: str | None,
    witness: Witness | None = None,
) -> list[str]:
    """Remove a study, one of its series or one instance, and what becomes empty by it.

    Args:
        connection: in a writing transaction.
        scope: of who deletes.
        study: its UID.
        series: its UID; None for all of the study.
        instance: its UID; None for all of the series.
        witness: notes what goes; None if nobody does.

    Returns:
        The files that are doomed.

    Raises:
        StudyNotFound, SeriesNotFound, InstanceNotFound: it is not here, or outside the scope.
    """
    matches = (
        find_all(connection, scope, study, series)
        if series is None or instance is None
        else [find(connection, scope, Uids(study, series, instance))]
    )
    if witness is not None:
        witness.deleting(connection, [match.uids for match in matches])
    note_changes(connection, ((match.uids, Action.DELETE, match.blob) for match in matches))
    for keys in portions([match.key for match in matches]):
        connection.execute(sa.delete(documents).where(documents.c.instance.in_(keys)))
        connection.execute(sa.delete(instances).where(instances.c.id.in_(keys)))
    blobs = [match.blob for match in matches]
    doom(connection, blobs)
    parents.subtract(connection, Counter(series_uids(match.uids) for match in matches))
    return blobs


def _enter(
    connection: sa.Connection, entries: Sequence[IndexEntry], replace: bool, owner: Owner
) -> tuple[list[Entered], list[str]]:
    """Enter instances; return what became of each, and the files that are needed no more."""
    outcomes: dict[int, Entered] = {}
    needless: list[str] = []
    for positions in _rounds(entries):
        group = [entries[position] for position in positions]
        results, files = _enter_distinct(connection, group, replace, owner)
        outcomes.update(zip(positions, results, strict=True))
        needless += files
    if owner.witness is not None:
        here = [entry.parsed.uids for position, entry in enumerate(entries) if outcomes[position].is_here]
        owner.witness.stored(connection, here)
    return [outcomes[position] for position in range(len(entries))], needless


def _rounds(entries: Sequence[IndexEntry]) -> list[list[int]]:
    """Return the positions of the entries, so grouped that no group has an instance twice."""
    rounds: list[list[int]] = []
    turns: Counter[Uids] = Counter()
    for position, entry in enumerate(entries):
        turn = turns[entry.parsed.uids]
        turns[entry.parsed.uids] += 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(position)
    return rounds


def _enter_distinct(
    connection: sa.Connection, entries: Sequence[IndexEntry], replace: bool, owner: Owner
) -> tuple[list[Entered], list[str]]:
    """Enter instances that are all different; return what became of each, and the files needed no more."""
    denied = outside(connection, owner.scope, {entry.parsed.uids.study for entry in entries})
    admitted = [entry for entry in entries if entry.parsed.uids.study not in denied]
    results, needless = _enter_admitted(connection, admitted, replace, owner)
    outcomes = dict(zip(admitted, results, strict=True))
    refused = [entry.blob for entry in entries if entry not in outcomes and entry.brings_its_file]
    return [outcomes.get(entry, Entered.DENIED) for entry in entries], refused + needless


def _enter_admitted(
    connection: sa.Connection, entries: Sequence[IndexEntry], replace: bool, owner: Owner
) -> tuple[list[Entered], list[str]]:
    series_keys = parents.series_keys(connection, [entry.parsed for entry in entries], owner.tenant)
    stored = _stored_already(connection, entries, series_keys)
    outcomes = [_decide(stored.get(entry.parsed.uids), entry, replace=replace) for entry in entries]
    by_outcome: dict[Entered, list[IndexEntry]] = {outcome: [] for outcome in Entered}
    for entry, outcome in zip(entries, outcomes, strict=True):
        by_outcome[outcome].append(entry)
    _replace(connection, by_outcome[Entered.REPLACED], stored)
    mended = _mend(connection, by_outcome[Entered.UNCHANGED], stored)
    _insert(connection, by_outcome[Entered.STORED], series_keys)
    stayed = {*by_outcome[Entered.STORED], *by_outcome[Entered.REPLACED], *mended}
    brought = [entry.blob for entry in entries if entry not in stayed and entry.brings_its_file]
    replaced = [stored[entry.parsed.uids].blob for entry in (*by_outcome[Entered.REPLACED], *mended)]
    return outcomes, brought + replaced


def _decide(stored: _StoredFile | None, entry: IndexEntry, *, replace: bool) -> Entered:
    if not entry.brings_its_file and (stored is None or stored.blob != entry.blob):
        raise FileVanished
    if stored is None:
        return Entered.STORED
    if stored.digest == entry.digest:
        return Entered.UNCHANGED
    return Entered.REPLACED if replace else Entered.REFUSED


def _mend(
    connection: sa.Connection, entries: Sequence[IndexEntry], stored: Mapping[Uids, _StoredFile]
) -> list[IndexEntry]:
    """Turn the rows whose files are damaged to those that were brought; return the entries that did so."""
    mended = [entry for entry in entries if entry.brings_its_file and entry.stored is not None]
    mended = [entry for entry in mended if stored[entry.parsed.uids].blob == entry.stored]
    for entry in mended:
        values = {"key": stored[entry.parsed.uids].key, "new_version": entry.version}
        connection.execute(_TURN, values)
    return mended


def _insert(
    connection: sa.Connection, entries: Sequence[IndexEntry], series_keys: Mapping[SeriesUids, int]
) -> None:
    if not entries:
        return
    rows = [
        {"series": series_keys[series_uids(entry.parsed.uids)], "version": entry.version, **entry.row}
        for entry in entries
    ]
    keys = connection.scalars(_INSERT, rows).all()
    connection.execute(
        sa.insert(documents),
        [{"instance": key, **entry.document} for key, entry in zip(keys, entries, strict=True)],
    )
    parents.add(connection, Counter(series_uids(entry.parsed.uids) for entry in entries))


def _replace(
    connection: sa.Connection, entries: Sequence[IndexEntry], stored: Mapping[Uids, _StoredFile]
) -> None:
    """Turn the rows to other files; Study and Series take the newcomer's attributes too."""
    for entry in entries:
        file = stored[entry.parsed.uids]
        row = {"version": entry.version, **entry.row}
        connection.execute(sa.update(instances).where(instances.c.id == file.key).values(row))
        connection.execute(
            sa.update(documents).where(documents.c.instance == file.key).values(entry.document)
        )
        parents.describe_again(connection, entry.parsed)


def _stored_already(
    connection: sa.Connection, entries: Sequence[IndexEntry], series_keys: Mapping[SeriesUids, int]
) -> dict[Uids, _StoredFile]:
    """Return those of the instances that are stored already."""
    uids = {
        (series_keys[series_uids(entry.parsed.uids)], entry.parsed.uids.instance): entry.parsed.uids
        for entry in entries
    }
    values = {"series": list(set(series_keys.values())), "instances": [instance for _, instance in uids]}
    return {
        uids[row.series, row.sop_instance_uid]: _stored_file(uids[row.series, row.sop_instance_uid], row)
        for row in connection.execute(_STORED_ALREADY, values)
        if (row.series, row.sop_instance_uid) in uids
    }


def _stored_file(uids: Uids, row: Any) -> _StoredFile:
    blob = blob_key(uids.study, uids.series, uids.instance, row.digest, row.version)
    return _StoredFile(row.id, row.digest, blob)


@locking(lambda: [EVERYTHING])
def remove_all(connection: sa.Connection) -> None:
    """Remove every row that is made again from the files; what they do not tell stays."""
    for table in reversed(metadata.sorted_tables):
        if table not in NOT_MADE_AGAIN:
            connection.execute(sa.delete(table))
