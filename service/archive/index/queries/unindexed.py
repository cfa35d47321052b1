"""Matching by attributes that have no column: their DICOM JSON is read and matched in this process.

SQL decides all other keys first, and leaves out what cannot match by the values that are filed (`filed`). The
rows that are left are the candidates; their number is bounded, because each takes about 10 µs, and the
metadata of an instance 25 to 100.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from service.archive.index.engine.dialects import one_transaction
from service.archive.index.queries.conditions import TABLES, Condition, conditions
from service.archive.index.queries.filed import narrowing
from service.archive.index.queries.projection import OTHERS, read
from service.archive.index.queries.selection import JOINED, in_path, order
from service.archive.index.schema.scoped import conditions_of
from service.archive.index.schema.stored_json import StoredJson
from service.archive.index.schema.tables import documents, instances
from service.dicom.query.levels import Level
from service.dicom.query.matches import Key, matches
from service.dicom.query.query import Query
from service.errors import ContentTooLarge
from service.scope import Scope

MAX_ROWS = 200_000
MAX_DOCUMENTS = 20_000
_ROWS_AT_ONCE = 256


@dataclass(slots=True)
class _Judge:
    """Decides about the candidates of one level; remembers the last, because parents come in runs."""

    level: Level
    keys: list[Key]
    last: tuple[int, bool] = (0, False)

    @property
    def columns(self) -> tuple[sa.Column[int], sa.Column[bytes], sa.Column[bytes]]:
        """What has to be read of a candidate."""
        table = TABLES[self.level]
        return table.c.id, OTHERS[self.level], table.c.attributes

    def accepts(self, row_id: int, others: bytes, attributes: bytes) -> bool:
        """Tell whether the candidate matches all keys of the level."""
        if self.last[0] != row_id:
            data_set = read(OTHERS[self.level], others) | StoredJson(attributes).parsed()
            self.last = row_id, matches(data_set, self.keys)
        return self.last[1]


def matching_rows(
    connection: sa.Connection,
    scope: Scope,
    query: Query,
    indexed: Sequence[Key],
    unindexed: Sequence[Key],
) -> list[int]:
    """Return the ids of the rows that match, in the order of the query.

    Args:
        connection: to the index.
        scope: of who asks.
        query: what is searched.
        indexed: keys that SQL decides.
        unindexed: keys that it cannot; at least one.

    Raises:
        ContentTooLarge: there are more candidates than can be read in a reasonable time.
    """
    resource = query.resource
    levels = sorted({key.level for key in unindexed})
    judges = [_Judge(level, [key for key in unindexed if key.level is level]) for level in levels]
    join = JOINED[max(resource.level, *(key.level for key in (*indexed, *unindexed)))]
    if Level.INSTANCE in levels:
        join = join.join(documents, documents.c.instance == instances.c.id)
    where = [
        *(*conditions_of(scope), *in_path(resource)),
        *(*conditions(indexed), *narrowing(connection, unindexed)),
    ]
    _check_number(connection, join, where, MAX_DOCUMENTS if Level.INSTANCE in levels else MAX_ROWS)
    columns = [column for judge in judges for column in judge.columns]
    candidates = sa.select(TABLES[resource.level].c.id, *columns).select_from(join).where(*where)
    ordered = candidates.order_by(*order(resource, sort_keys=query.sort_keys, scope=scope))
    ids: dict[int, None] = {}
    with one_transaction(connection):  # a cursor lives no longer
        rows = connection.execute(ordered, execution_options={"yield_per": _ROWS_AT_ONCE})
        for row_id, *stored in rows:
            parts = stored[::3], stored[1::3], stored[2::3]
            if row_id not in ids and all(map(_Judge.accepts, judges, *parts)):
                ids[row_id] = None
    return list(ids)


def _check_number(
    connection: sa.Connection, join: sa.FromClause, where: Iterable[Condition], maximum: int
) -> None:
    candidates = sa.select(sa.literal(1)).select_from(join).where(*where).limit(maximum + 1).subquery()
    if (connection.scalar(sa.select(sa.func.count()).select_from(candidates)) or 0) > maximum:
        raise ContentTooLarge(
            f"a key without an index would have to be compared with more than {maximum} data sets: "
            "add one that narrows the search, as a date range or a UID"
        )
