"""All matches of a search, however many: their ids, at one moment and in their order, in a temporary file.

Eight bytes a match are in memory until there are a million, then on disk. So a table can be sent as slowly as
a client takes it: no transaction and no connection waits for it.
"""

from array import array
from collections.abc import Iterator
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, cast

import sqlalchemy as sa

from service.archive.index.engine.dialects import one_transaction
from service.archive.index.engine.driver_rows import portions_of
from service.archive.index.queries.conditions import TABLES, is_indexed
from service.archive.index.queries.prepared_search import is_prepared, prepared_rows
from service.archive.index.queries.selection import selection
from service.archive.index.queries.unindexed import matching_rows
from service.dicom.query.levels import Level
from service.dicom.query.query import Query
from service.scope import Scope

_IN_MEMORY = 8 * 2**20
_AT_ONCE = 10_000
_MOST_AT_ONCE = 20_000  # that are in memory as rows, all of them
_BYTES = array("q").itemsize


class MatchingIds:
    """The ids of all matches.

    Args:
        file: of their numbers, read from its beginning.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.count = file.seek(0, 2) // _BYTES

    def portions(self, size: int, after: int = 0) -> Iterator["array[int]"]:
        """Yield the ids after the first ones, in their order, at most `size` at a time."""
        for start in range(after, self.count, size):
            self._file.seek(start * _BYTES)
            yield array("q", self._file.read(size * _BYTES))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def matching_ids(connection: sa.Connection, scope: Scope, query: Query) -> MatchingIds:
    """Return all matches within a scope from the query's offset on, as many as its limit allows.

    Raises:
        ContentTooLarge: a key without an index would have to be compared with too many data sets.
    """
    file = cast(IO[bytes], SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115 (whoever reads it closes it)
    try:
        for ids in _ids(connection, scope, query):
            file.write(ids.tobytes())
    except BaseException:
        file.close()
        raise
    return MatchingIds(file)


def _ids(connection: sa.Connection, scope: Scope, query: Query) -> Iterator["array[int]"]:
    indexed = [key for key in query.keys if is_indexed(key)]
    unindexed = [key for key in query.keys if not is_indexed(key)]
    if unindexed:
        ids = matching_rows(connection, scope, query, indexed, unindexed)
        yield array("q", ids[query.offset : query.offset + query.limit])
        return
    table = TABLES[query.resource.level]
    is_of_studies = query.resource.level is Level.STUDY and scope.is_everything
    if is_of_studies and query.limit <= _MOST_AT_ONCE and is_prepared(query):
        yield array("q", chain.from_iterable(prepared_rows(connection, query, [table.c.id], query.limit)))
        return
    selected = selection(query.resource, indexed, scope, query.sort_keys)
    rows = sa.select(table.c.id).select_from(selected.rows).where(*selected.conditions)
    page = rows.order_by(*selected.order).limit(query.limit).offset(query.offset)
    with one_transaction(connection):
        for portion in portions_of(connection, page, _AT_ONCE):
            yield array("q", chain.from_iterable(portion))
