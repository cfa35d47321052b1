"""Entering instances into the index, and removing them: plain functions of one transaction.

Files whose rows go are noted as doomed in the same transaction and removed after it, so that neither a
crash in between nor a second worker leaves a row without its file, or a deleted file behind.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import chain, groupby, islice
from typing import NamedTuple

import sqlalchemy as sa

from service.archive.index.engine.locks import EVERYTHING, locking
from service.archive.index.engine.witness import Witness
from service.archive.index.errands.commitments import commitments
from service.archive.index.errands.sendings import sendings
from service.archive.index.events.change_notes import Action, note_changes
from service.archive.index.lookups.doomed import doom, portions
from service.archive.index.lookups.lookup import find, find_all
from service.archive.index.owners.labels import Owner
from service.archive.index.schema.feed_tables import FEED_TABLES
from service.archive.index.schema.tables import NOT_OF_FILES, documents, instances, metadata
from service.archive.index.writes import parents
from service.archive.index.writes.entering import Entered, enter_all
from service.archive.index.writes.entry import IndexEntry
from service.archive.index.writes.parents import series_uids
from service.dicom.instance import Uids
from service.scope import Scope


class Batch(NamedTuple):
    """Entries of one store.

    Attributes:
        entries: whose files are in the tree and synced.
        replace: whether another file with the same UIDs takes the place of the one that is here.
        owner: whose they are; instances of studies that lie outside its scope are denied.
    """

    entries: Sequence[IndexEntry]
    replace: bool
    owner: Owner


NOT_MADE_AGAIN = NOT_OF_FILES | FEED_TABLES | {commitments, sendings}


def _studies(entries: Iterable[IndexEntry], **_: object) -> set[str]:
    return {entry.parsed.uids.study for entry in entries}


@locking(lambda batches: {study for batch in batches for study in _studies(batch.entries)})
def enter_together(connection: sa.Connection, batches: Sequence[Batch]) -> list[list[Entered]]:
    """Enter the instances of several stores, in one transaction, and keep the counts of series and studies.

    Of what entries have brought, and of what was there, one file stays for each instance. The others are
    doomed: what is replaced, what is refused, and what is here already.

    Returns:
        What became of each entry, in the order of the batches.

    Raises:
        FileVanished: a file is not there any more; nothing has been entered.
    """
    outcomes: list[list[Entered]] = []
    needless: list[str] = []
    for _, alike in groupby(batches, lambda batch: (batch.replace, batch.owner.scope, batch.owner.tenant)):
        group = list(alike)
        entries = [entry for batch in group for entry in batch.entries]
        replace, owner = group[0].replace, group[0].owner
        results, files = enter_all(connection, entries, replace, owner, beware_of_strays=True)
        needless += files
        of_entries = iter(results)
        outcomes += [list(islice(of_entries, len(batch.entries))) for batch in group]
    if needless:
        doom(connection, needless)
    note_changes(connection, _notes(batches, outcomes, frozenset(needless)))
    for batch, results in zip(batches, outcomes, strict=True):
        if batch.owner.witness is not None:
            pairs = zip(batch.entries, results, strict=True)
            here = [entry.parsed.uids for entry, result in pairs if result.is_here]
            batch.owner.witness.stored(connection, here)
    return outcomes


@locking(_studies)
def enter(
    connection: sa.Connection, entries: Sequence[IndexEntry], *, replace: bool, owner: Owner
) -> list[Entered]:
    """Enter the instances of one store, as `enter_together` does."""
    return enter_together(connection, [Batch(entries, replace, owner)])[0]


def _notes(
    batches: Sequence[Batch], outcomes: Sequence[Sequence[Entered]], needless: Set[str]
) -> Iterator[tuple[Uids, Action, str]]:
    """Yield what the feed is told: a file that takes the place of a damaged one is another one too."""
    entries = chain.from_iterable(batch.entries for batch in batches)
    for entry, outcome in zip(entries, chain.from_iterable(outcomes), strict=True):
        if outcome is Entered.STORED:
            yield entry.parsed.uids, Action.CREATE, entry.blob
        elif outcome.is_here and entry.brings_its_file and entry.blob not in needless:
            yield entry.parsed.uids, Action.UPDATE, entry.blob


@locking(_studies)
def adopt(
    connection: sa.Connection, entries: Sequence[IndexEntry], *, replace: bool, owner: Owner
) -> list[Entered]:
    """Enter files that lie in the tree already as `enter` does, but let all stay: nothing has changed."""
    return enter_all(connection, entries, replace, owner, beware_of_strays=False)[0]


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


@locking(lambda: [EVERYTHING])
def remove_all(connection: sa.Connection) -> None:
    """Remove every row that is made again from the files; what they do not tell stays."""
    for table in reversed(metadata.sorted_tables):
        if table not in NOT_MADE_AGAIN:
            connection.execute(sa.delete(table))
