"""Entering instances into the index, and removing them: plain functions of one transaction.

Files whose rows go are noted as doomed in the same transaction and removed after it, so that neither a
crash in between nor a second worker leaves a row without its file, or a deleted file behind.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import NamedTuple, Protocol

import sqlalchemy as sa

from service.archive.index import parents
from service.archive.index.doomed import doom, doomed_blobs, portions
from service.archive.index.entry import IndexEntry
from service.archive.index.labels import Owner
from service.archive.index.lookup import find, find_all, outside
from service.archive.index.parents import SeriesUids, series_uids
from service.archive.index.tables import NOT_OF_FILES, documents, doomed, instances, metadata
from service.archive.index.witness import Witness
from service.archive.instance import blob_key
from service.dicom.instance import Uids
from service.scope import Scope

# Written once: building a statement costs more than running it.
_SPARE = sa.delete(doomed).where(doomed.c.blob.in_(sa.bindparam("blobs", expanding=True)))
_STORED_ALREADY = sa.select(
    instances.c.id, instances.c.series, instances.c.sop_instance_uid, instances.c.digest
).where(
    instances.c.series.in_(sa.bindparam("series", expanding=True)),
    instances.c.sop_instance_uid.in_(sa.bindparam("instances", expanding=True)),
)
_INSERT = sa.insert(instances).returning(instances.c.id, sort_by_parameter_order=True)


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


class Enter(Protocol):
    """What brings entries into the index, in one transaction: `enter` or `adopt`."""

    def __call__(
        self,
        connection: sa.Connection,
        entries: Sequence[IndexEntry],
        exists: Callable[[str], bool],
        /,
        *,
        replace: bool,
        owner: Owner,
    ) -> list[Entered]:
        """Return what became of each entry, in their order."""


class FileVanished(Exception):
    """A file was removed, by a delete of the same instance, before its row could be entered."""


def enter(
    connection: sa.Connection,
    entries: Sequence[IndexEntry],
    exists: Callable[[str], bool],
    *,
    replace: bool,
    owner: Owner,
) -> list[Entered]:
    """Enter instances, in one transaction, and keep the counts of their series and studies.

    Args:
        connection: in a writing transaction.
        entries: whose files are in the tree and synced.
        exists: tells whether a file is in the tree.
        replace: another file with the same UIDs takes the place of the one that is here.
        owner: whose they are; instances of studies that lie outside its scope are denied.

    Raises:
        FileVanished: a file is not in the tree any more; nothing has been entered.
    """
    if not all(exists(entry.blob) for entry in entries):
        raise FileVanished
    outcomes: dict[int, Entered] = {}
    for positions in _rounds(entries):
        group = [entries[position] for position in positions]
        connection.execute(_SPARE, {"blobs": [entry.blob for entry in group]})
        outcomes.update(zip(positions, _enter_distinct(connection, group, replace, owner), strict=True))
    if owner.witness is not None:
        here = [entry.parsed.uids for position, entry in enumerate(entries) if outcomes[position].is_here]
        owner.witness.stored(connection, here)
    return [outcomes[position] for position in range(len(entries))]


def adopt(
    connection: sa.Connection,
    entries: Sequence[IndexEntry],
    exists: Callable[[str], bool],
    *,
    replace: bool,
    owner: Owner,
) -> list[Entered]:
    """Enter files that lie in the tree already as `enter` does, but let every file stay that was to stay."""
    before = set(doomed_blobs(connection))
    outcomes = enter(connection, entries, exists, replace=replace, owner=owner)
    for blobs in portions([blob for blob in doomed_blobs(connection) if blob not in before]):
        connection.execute(sa.delete(doomed).where(doomed.c.blob.in_(blobs)))
    return outcomes


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
    for keys in portions([match.key for match in matches]):
        connection.execute(sa.delete(documents).where(documents.c.instance.in_(keys)))
        connection.execute(sa.delete(instances).where(instances.c.id.in_(keys)))
    blobs = [match.blob for match in matches]
    doom(connection, blobs)
    parents.subtract(connection, Counter(series_uids(match.uids) for match in matches))
    return blobs


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
) -> list[Entered]:
    denied = outside(connection, owner.scope, {entry.parsed.uids.study for entry in entries})
    admitted = [entry for entry in entries if entry.parsed.uids.study not in denied]
    outcomes = dict(zip(admitted, _enter_admitted(connection, admitted, replace, owner), strict=True))
    return [outcomes.get(entry, Entered.DENIED) for entry in entries]


def _enter_admitted(
    connection: sa.Connection, entries: Sequence[IndexEntry], replace: bool, owner: Owner
) -> list[Entered]:
    series_keys = parents.series_keys(connection, [entry.parsed for entry in entries], owner.tenant)
    stored = _stored_already(connection, entries, series_keys)
    outcomes = [_decide(stored.get(entry.parsed.uids), entry, replace=replace) for entry in entries]
    by_outcome: dict[Entered, list[IndexEntry]] = {outcome: [] for outcome in Entered}
    for entry, outcome in zip(entries, outcomes, strict=True):
        by_outcome[outcome].append(entry)
    _replace(connection, by_outcome[Entered.REPLACED], stored)
    doom(connection, [entry.blob for entry in by_outcome[Entered.REFUSED]])
    _insert(connection, by_outcome[Entered.STORED], series_keys)
    return outcomes


def _decide(stored: _StoredFile | None, entry: IndexEntry, *, replace: bool) -> Entered:
    if stored is None:
        return Entered.STORED
    if stored.digest == entry.digest:
        return Entered.UNCHANGED
    return Entered.REPLACED if replace else Entered.REFUSED


def _insert(
    connection: sa.Connection, entries: Sequence[IndexEntry], series_keys: Mapping[SeriesUids, int]
) -> None:
    if not entries:
        return
    rows = [{"series": series_keys[series_uids(entry.parsed.uids)], **entry.row} for entry in entries]
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
        connection.execute(sa.update(instances).where(instances.c.id == file.key).values(entry.row))
        connection.execute(
            sa.update(documents).where(documents.c.instance == file.key).values(entry.document)
        )
        uids = entry.parsed.uids
        doom(connection, [blob_key(uids.study, uids.series, uids.instance, file.digest)])
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
        uids[series, instance]: _StoredFile(key, digest)
        for key, series, instance, digest in connection.execute(_STORED_ALREADY, values)
        if (series, instance) in uids
    }


def remove_all(connection: sa.Connection) -> None:
    """Remove every row that is made again from the files; what they do not tell stays."""
    for table in reversed(metadata.sorted_tables):
        if table not in NOT_OF_FILES:
            connection.execute(sa.delete(table))
