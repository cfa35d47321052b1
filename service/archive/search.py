"""Query → a page of matches, as rows of DICOM JSON. PS3.18 10.6.

Keys with a column are decided by SQL, within its indexes; for any other attribute see `candidates`. A page
without special wishes is sent as it is stored. Matches are counted only when a page cannot hold them.

A key of a lower level asks for one series or instance that matches: /studies?Modality=CT finds the studies
with a CT series.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from service.archive.candidates import matching_rows
from service.archive.fields import parts_of, put_together
from service.archive.matching import TABLES, Condition, is_indexed
from service.archive.selection import JOINED, order, where
from service.archive.tables import documents, instances
from service.dicom.query import Query


@dataclass(frozen=True, slots=True)
class Page:
    """One page of matches.

    Attributes:
        rows: DICOM JSON objects, the byte SUBSTITUTE standing for the base URL.
        remaining: matches after this page.
    """

    rows: list[bytes]
    remaining: int


def search(connection: sa.Connection, query: Query) -> Page:
    """Return the matches from the query's offset on, as many as its limit allows.

    Raises:
        ContentTooLarge: a key without an index would have to be compared with too many data sets.
    """
    indexed = [key for key in query.keys if is_indexed(key)]
    unindexed = [key for key in query.keys if not is_indexed(key)]
    if unindexed:
        return _page_of(connection, query, matching_rows(connection, query.resource, indexed, unindexed))
    conditions = where(query.resource, indexed)
    rows = _rows(connection, query, conditions, query.limit + 1, query.offset)
    if len(rows) <= query.limit:
        return Page(rows, 0)
    return Page(rows[: query.limit], _count(connection, query, conditions) - query.offset - query.limit)


def _count(connection: sa.Connection, query: Query, conditions: Sequence[Condition]) -> int:
    """Return the number of matches; without conditions the parents need not be looked at."""
    level = query.resource.level
    rows = JOINED[level] if conditions else TABLES[level]
    return connection.scalar(sa.select(sa.func.count()).select_from(rows).where(*conditions)) or 0


def _page_of(connection: sa.Connection, query: Query, found: Sequence[int]) -> Page:
    """Return the page out of all ids that match."""
    here = found[query.offset : query.offset + query.limit]
    rows = (
        _rows(connection, query, [TABLES[query.resource.level].c.id.in_(here)], query.limit) if here else []
    )
    return Page(rows, max(0, len(found) - query.offset - len(here)))


def _rows(
    connection: sa.Connection, query: Query, conditions: Sequence[Condition], limit: int, offset: int = 0
) -> list[bytes]:
    level, parts = query.resource.level, parts_of(query)
    joined = JOINED[level]
    if any(part.column is documents.c.metadata for part in parts):
        joined = joined.join(documents, documents.c.instance == instances.c.id)
    statement = sa.select(*(part.column for part in parts)).select_from(joined).where(*conditions)
    page = statement.order_by(*order(query.resource)).limit(limit).offset(offset)
    return put_together(parts, connection.execute(page).all(), level)
