"""What becomes of instances that are brought: looked up, decided and written, a study at a time."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

import sqlalchemy as sa

from service.archive.index.engine.prepared import inserting
from service.archive.index.owners.labels import Owner
from service.archive.index.schema.scoped import holds
from service.archive.index.schema.tables import documents, instances
from service.archive.index.writes import newcomers, parents
from service.archive.index.writes.entry import IndexEntry
from service.archive.index.writes.newcomers import Newcomers, Series, Study
from service.archive.index.writes.presence import Arrivals, FileVanished, StoredFile, look_up
from service.dicom.instance import Uids

_TURN = (
    sa.update(instances)
    .where(instances.c.id == sa.bindparam("key"))
    .values(version=sa.bindparam("new_version"))
)
_INSERT = inserting(instances)
_INSERT_DOCUMENT = inserting(
    documents,
    instance=sa.select(instances.c.id)
    .where(
        instances.c.series == sa.bindparam("series"),
        instances.c.sop_instance_uid == sa.bindparam("sop_instance_uid"),
    )
    .scalar_subquery(),
)


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


def enter_all(
    connection: sa.Connection,
    entries: Sequence[IndexEntry],
    replace: bool,
    owner: Owner,
    *,
    beware_of_strays: bool,
) -> tuple[list[Entered], list[str]]:
    """Enter instances on behalf of one owner; return what became of each, and the files needed no more.

    Raises:
        FileVanished: a file is not there any more.
    """
    outcomes: dict[int, Entered] = {}
    needless: list[str] = []
    for positions in _rounds(entries):
        of_studies: dict[str, list[int]] = {}
        for position in positions:
            of_studies.setdefault(entries[position].parsed.uids.study, []).append(position)
        for members in of_studies.values():
            of_study = [entries[position] for position in members]
            arrivals = look_up(connection, of_study, beware_of_strays=beware_of_strays)
            results = _results(arrivals, replace, owner)
            needless += _write(connection, arrivals, results, owner.tenant)
            outcomes |= {position: results[entries[position]] for position in members}
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


def _results(arrivals: Iterable[Arrivals], replace: bool, owner: Owner) -> dict[IndexEntry, Entered]:
    """Decide what becomes of each entry.

    Raises:
        FileVanished: the file that was to stay is not the stored one any more.
    """
    return {
        entry: _decide(of_series.study, of_series.stored.get(entry.parsed.uids), entry, replace, owner)
        for of_series in arrivals
        for entry in of_series.entries
    }


def _decide(
    study: Study, stored: StoredFile | None, entry: IndexEntry, replace: bool, owner: Owner
) -> Entered:
    if study.key is not None and not holds(owner.scope, entry.parsed.uids.study, study.tenant):
        return Entered.DENIED
    if not entry.brings_its_file and (stored is None or stored.blob != entry.blob):
        raise FileVanished
    if stored is None:
        return Entered.STORED
    if stored.digest == entry.digest:
        return Entered.UNCHANGED
    return Entered.REPLACED if replace else Entered.REFUSED


def _write(
    connection: sa.Connection,
    arrivals: Sequence[Arrivals],
    results: Mapping[IndexEntry, Entered],
    tenant: str | None,
) -> list[str]:
    """Write what has been decided for one study, and return the files that are needed no more."""
    new = {
        position: [entry for entry in of_series.entries if results[entry] is Entered.STORED]
        for position, of_series in enumerate(arrivals)
    }
    additions = [
        Newcomers(arrivals[position].series, entries[0].parsed, len(entries), tenant)
        for position, entries in new.items()
        if entries
    ]
    if additions:
        newcomers.add(connection, arrivals[0].study, additions)
        _insert(
            connection,
            [(arrivals[position].series, entry) for position, some in new.items() for entry in some],
        )
    needless: list[str] = []
    for of_series in arrivals:
        for entry in of_series.entries:
            if results[entry] is not Entered.STORED:
                stored = of_series.stored.get(entry.parsed.uids)
                needless += _changed(connection, entry, stored, results[entry])
    return needless


def _insert(connection: sa.Connection, entries: Sequence[tuple[Series, IndexEntry]]) -> None:
    _INSERT.run_each(
        connection,
        [{"series": of_series.key, "version": entry.version, **entry.row} for of_series, entry in entries],
    )
    _INSERT_DOCUMENT.run_each(
        connection,
        [
            {"series": of_series.key, "sop_instance_uid": entry.parsed.uids.instance, **entry.document}
            for of_series, entry in entries
        ],
    )


def _changed(
    connection: sa.Connection, entry: IndexEntry, stored: StoredFile | None, result: Entered
) -> list[str]:
    """Let a row that is there have the file that was brought, if it is to; return what is needed no more."""
    if stored and result is Entered.REPLACED:
        _replace(connection, entry, stored.key)
        return [stored.blob]
    if stored and result is Entered.UNCHANGED and entry.brings_its_file and entry.stored == stored.blob:
        connection.execute(_TURN, {"key": stored.key, "new_version": entry.version})  # it was damaged
        return [stored.blob]
    return [entry.blob] if entry.brings_its_file else []


def _replace(connection: sa.Connection, entry: IndexEntry, key: int) -> None:
    """Turn a row to another file; Study and Series take the newcomer's attributes too."""
    row = {"version": entry.version, **entry.row}
    connection.execute(sa.update(instances).where(instances.c.id == key).values(row))
    connection.execute(sa.update(documents).where(documents.c.instance == key).values(entry.document))
    parents.describe_again(connection, entry.parsed)
