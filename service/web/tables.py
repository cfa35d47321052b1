"""Searches answered as tables: a row a match, without a limit on rows, made while they are sent."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.database import Database
from service.archive.index.matching_ids import matching_ids
from service.archive.index.table_rows import Cells, TableRows
from service.dicom.query.cells import harmless_cell, text_cell
from service.dicom.query.levels import Level
from service.dicom.query.query import Query
from service.dicom.query.table import Cell, Column, columns_of
from service.errors import InvalidParameter
from service.tables.csv_text import BYTE_ORDER_MARK, csv_header, csv_lines
from service.web.http.accept import Offer
from service.web.http.stream import Chunks
from service.web.http.text import TextStream
from service.web.state import scope_of, service_of

NO_LIMIT = 2**62
"""Of the rows of a table: a number that every database takes."""

CSV = Offer("text/csv")
TABLE_OFFERS = (CSV,)

_ROWS_AT_ONCE = 2_000
_NAMES = {Level.STUDY: "studies", Level.SERIES: "series", Level.INSTANCE: "instances"}
_SPREADSHEET = "spreadsheet"


async def answer_table(
    request: Request, query: Query, included: Sequence[str], headers: Mapping[str, str]
) -> Response:
    """Return all matches of a search as CSV.

    Args:
        request: for its caller, and what it says of the form.
        query: what is searched.
        included: values of `includefield`.
        headers: besides those of a table.

    Raises:
        InvalidParameter: a column that is none.
        ContentTooLarge: a key without an index would have to be compared with too many data sets.
    """
    for_spreadsheet = _flag(request, _SPREADSHEET)
    columns = columns_of(included, query.resource, query.keys)
    index = service_of(request).archive.index
    rows = _Rows(index, query, columns, lambda _: _cell(for_spreadsheet), request)
    lines = _lines(rows.each(csv_lines), columns, for_spreadsheet)
    disposition = f'attachment; filename="{_NAMES[query.resource.level]}.csv"'
    fields = {"content-disposition": disposition, "cache-control": "private, no-cache", **headers}
    return TextStream(lines, request, "text/csv; charset=utf-8; header=present", headers=fields)


class _Rows:
    """The rows of a table, read and made into something else a portion at a time, in threads."""

    def __init__(
        self,
        index: Database,
        query: Query,
        columns: Sequence[Column],
        cell_of: Callable[[Column], Cell],
        request: Request,
    ) -> None:
        self._index = index
        self._query = query
        self._scope = scope_of(request)
        self._rows = TableRows(query.resource.level, columns, cell_of, request.state.base_url, is_text=True)

    async def each(
        self, make: Callable[[list[Cells]], bytes], size: int = _ROWS_AT_ONCE
    ) -> AsyncIterator[bytes]:
        """Yield what is made of each portion of the rows, of none first: so the search is known to work."""
        ids = await self._index.read(matching_ids, self._scope, self._query)
        try:
            yield make([])
            for portion in ids.portions(size):
                yield await anyio.to_thread.run_sync(partial(self._made, make, portion))
        finally:
            ids.close()

    def _made(self, make: Callable[[list[Cells]], bytes], ids: Sequence[int]) -> bytes:
        return make(self._index.read_now(self._rows.read, ids))


async def _lines(chunks: Chunks, columns: Sequence[Column], for_spreadsheet: bool) -> AsyncIterator[bytes]:
    head = (BYTE_ORDER_MARK if for_spreadsheet else b"") + csv_header(columns)
    async for chunk in chunks:
        yield head + chunk
        head = b""


def _cell(for_spreadsheet: bool) -> Cell:
    return harmless_cell if for_spreadsheet else text_cell


def _flag(request: Request, name: str) -> bool:
    value = request.query_params.get(name) or "false"
    if value not in ("true", "false"):
        raise InvalidParameter(name, value, "true or false")
    return value == "true"
