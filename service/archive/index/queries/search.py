"""Query → a page of matches, as rows of DICOM JSON. PS3.18 10.6.

Keys with a column are decided by SQL, within its indexes; for any other attribute see `unindexed`. The ids
of a page come first, then its rows, so that what is passed over is never read. A page without special wishes
is sent as it is stored. Matches are counted only when a page cannot hold them, and not without end: with its
ids come those of the matches after it.

A key of a lower level asks for one series or instance that matches: /studies?Modality=CT finds the studies
with a CT series.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from service.archive.index.engine import driver_rows
from service.archive.index.engine.dialects import IsAmong, list_parameter
from service.archive.index.engine.inline_reads import of_kind
from service.archive.index.engine.prepared import Prepared
from service.archive.index.queries.conditions import TABLES, is_indexed
from service.archive.index.queries.projection import parts_of, put_together
from service.archive.index.queries.selection import JOINED, Selection, selection
from service.archive.index.queries.unindexed import matching_rows
from service.archive.index.schema.stored_json import StoredJson
from service.archive.index.schema.tables import documents, instances
from service.dicom.query.levels import Level
from service.dicom.query.query import Query
from service.scope import Scope

MAX_COUNT = 1_000


@dataclass(frozen=True, slots=True)
class Page:
    """One page of matches.

    Attributes:
        rows: DICOM JSON objects.
        remaining: matches after this page; one more than MAX_COUNT stands for all larger numbers.
    """

    rows: list[StoredJson]
    remaining: int


def _kind(scope: Scope, query: Query) -> Hashable:
    """Return what searches have in common that look at about as many rows."""
    resource = query.resource
    keys = tuple((key.path, type(key.match)) for key in query.keys)
    place = (resource.level, resource.study is None, resource.series is None, scope.is_everything)
    return (*place, keys, query.sort_keys, query.offset.bit_length(), query.limit.bit_length())


@of_kind(_kind)
def search(connection: sa.Connection, scope: Scope, query: Query) -> Page:
    """Return the matches within a scope from the query's offset on, as many as its limit allows.

    Raises:
        ContentTooLarge: a key without an index would have to be compared with too many data sets.
    """
    indexed = [key for key in query.keys if is_indexed(key)]
    unindexed = [key for key in query.keys if not is_indexed(key)]
    if unindexed:
        ids = matching_rows(connection, scope, query, indexed, unindexed)
        page = ids[query.offset : query.offset + query.limit]
        return Page(rows_of(connection, query, page), max(0, len(ids) - query.offset - len(page)))
    matches = selection(query.resource, indexed, scope, query.sort_keys)
    if not matches.at_once:
        ids = _ids(connection, query, matches)
        page = ids[: query.limit]
        return Page(rows_of(connection, query, page), len(ids) - len(page))
    rows = _rows_at_once(connection, query, matches)
    if len(rows) <= query.limit:
        return Page(rows, 0)
    return Page(rows[: query.limit], _count_after(connection, query, matches))


def _rows_at_once(connection: sa.Connection, query: Query, matches: Selection) -> list[StoredJson]:
    """Return the rows of a page, and one after it."""
    contents = _in_order(connection, query, matches, query.limit + 1)
    return put_together(parts_of(query), contents, query.resource.level)


def contents_in_order(
    connection: sa.Connection, scope: Scope, query: Query, limit: int
) -> Sequence[Sequence[bytes]]:
    """Return what the first matches are made of, as `contents_of` does, of a search whose keys SQL decides.

    To look for ids first takes longer where an index leads to these rows and few others.
    """
    matches = selection(query.resource, query.keys, scope, query.sort_keys)
    return _in_order(connection, query, matches, limit)


def _in_order(
    connection: sa.Connection, query: Query, matches: Selection, limit: int
) -> Sequence[Sequence[bytes]]:
    columns = [part.column for part in parts_of(query)]
    rows = sa.select(*columns).select_from(with_documents(matches.rows, columns)).where(*matches.conditions)
    page: Any = rows.order_by(*matches.order).limit(limit).offset(query.offset)
    return driver_rows.rows_of(connection, page, {})


def _ids(connection: sa.Connection, query: Query, matches: Selection) -> list[int]:
    """Return the ids of a page, and of the matches after it as far as they are counted.

    Narrow rows and indexes answer this, and looking through them a second time would cost more.
    """
    ids = sa.select(TABLES[query.resource.level].c.id).select_from(matches.rows).where(*matches.conditions)
    page = ids.order_by(*matches.order).limit(query.limit + MAX_COUNT + 1).offset(query.offset)
    return [row_id for (row_id,) in driver_rows.rows_of(connection, page, {})]


def _count_after(connection: sa.Connection, query: Query, matches: Selection) -> int:
    """Return how many matches come after a page, as far as they are counted.

    They are counted in their order, so that a planner does not set out to find them another way.
    """
    after = sa.select(sa.literal(1)).select_from(matches.rows).where(*matches.conditions)
    later = after.order_by(*matches.order).limit(MAX_COUNT + 1).offset(query.offset + query.limit).subquery()
    return connection.scalar(sa.select(sa.func.count()).select_from(later)) or 0


def rows_of(connection: sa.Connection, query: Query, ids: Sequence[int]) -> list[StoredJson]:
    """Return the rows with these ids, in their order; those that have gone meanwhile are left out."""
    return put_together(parts_of(query), contents_of(connection, query, ids), query.resource.level)


def contents_of(connection: sa.Connection, query: Query, ids: Sequence[int]) -> list[Sequence[bytes]]:
    """Return what rows with these ids are made of: the stored JSON of each part of the query."""
    statement = _by_id(query.resource.level, tuple(part.column for part in parts_of(query)))
    read = statement.rows(connection, {"ids": list_parameter(connection, ids)})
    rows = {row[0]: row[1:] for row in read}
    return [rows[row_id] for row_id in ids if row_id in rows]


@lru_cache(maxsize=64)
def _by_id(level: Level, columns: Sequence[sa.Column[bytes]]) -> Prepared:
    """Return the statement that reads columns of rows; building it costs more than running it."""
    table = TABLES[level]
    rows = JOINED[level] if any(column.table is not table for column in columns) else table
    by_id = IsAmong(table.c.id, sa.bindparam("ids"))
    return Prepared(sa.select(table.c.id, *columns).select_from(with_documents(rows, columns)).where(by_id))


def with_documents(rows: sa.FromClause, columns: Sequence[sa.Column[bytes]]) -> sa.FromClause:
    """Return rows together with the documents of instances, if one of these columns is theirs."""
    if any(column is documents.c.metadata for column in columns):
        return rows.join(documents, documents.c.instance == instances.c.id)
    return rows
