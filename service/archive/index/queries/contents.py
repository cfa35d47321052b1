"""What matches are made of, as it is stored: for answers that are made of that, portion by portion.

The first portion comes with the ids of all matches, in one read. Most searches have no more than that, and
those that name what they look for need no ids at all.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from service.archive.index.queries.conditions import is_indexed
from service.archive.index.queries.matching_ids import MatchingIds, matching_ids
from service.archive.index.queries.prepared_search import (
    is_identifying,
    is_of_study_date,
    is_prepared,
    prepared_rows,
)
from service.archive.index.queries.projection import parts_of
from service.archive.index.queries.search import contents_in_order, contents_of
from service.archive.index.queries.selection import is_by_uid
from service.dicom.query.levels import Level
from service.dicom.query.query import Query
from service.scope import Scope

Contents = Sequence[Sequence[bytes]]
"""The stored JSON of each part of a query, for each of some matches."""


def first_contents(
    connection: sa.Connection, scope: Scope, query: Query, size: int
) -> tuple[Contents, MatchingIds | None]:
    """Return what the first matches are made of, at most `size`, and the ids of all; None if these are all.

    Raises:
        ContentTooLarge: a key without an index would have to be compared with too many data sets.
    """
    contents = _at_once(connection, scope, query, size)
    if contents is not None and len(contents) <= size:
        return contents, None
    ids = matching_ids(connection, scope, query)
    try:
        first = next(ids.portions(size), None)
        return (contents_of(connection, query, first) if first else ()), ids
    except BaseException:
        ids.close()
        raise


def _at_once(connection: sa.Connection, scope: Scope, query: Query, size: int) -> Contents | None:
    """Return what the first matches are made of, at most one more than `size`; None where ids come first.

    Rows are wide: to read more than are wanted of them takes longer than to look for ids.
    """
    limit = min(query.limit, size + 1)
    if scope.is_everything and is_prepared(query) and _is_narrow(query, size):
        return prepared_rows(connection, query, [part.column for part in parts_of(query)], limit)
    if is_by_uid(query.resource, query.keys) and all(map(is_indexed, query.keys)):
        return contents_in_order(connection, scope, query, limit)
    return None


def _is_narrow(query: Query, size: int) -> bool:
    """Tell whether an index leads to few rows, or to as many as are wanted in their order."""
    if is_by_uid(query.resource, query.keys):
        return True
    if query.resource.level is not Level.STUDY:
        return False
    is_in_order = not query.sort_keys and query.limit <= size and all(map(is_of_study_date, query.keys))
    return is_in_order or any(map(is_identifying, query.keys))
