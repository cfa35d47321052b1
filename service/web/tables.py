"""Searches answered as tables: a row a match, without a limit on rows."""

from collections.abc import AsyncIterator, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from service.dicom.query.cells import harmless_cell, text_cell
from service.dicom.query.levels import Level
from service.dicom.query.query import Query
from service.dicom.query.table import Cell, Column, columns_of
from service.errors import InvalidParameter
from service.tables.csv_text import BYTE_ORDER_MARK, csv_header, csv_lines
from service.web.columnar import ARROW, PARQUET, answer_arrow, answer_parquet
from service.web.http.answers.stream import Chunks
from service.web.http.answers.text import TextStream
from service.web.http.requests.accept import Offer
from service.web.table_rows import Rows

NO_LIMIT = 2**62
"""Of the rows of a table: a number that every database takes."""

_CSV = "text/csv"
_ENDINGS = {_CSV: "csv", ARROW: "arrows", PARQUET: "parquet"}
TABLE_OFFERS = tuple(map(Offer, _ENDINGS))

_ROWS_AT_ONCE = 1_000  # what they are made of fits into a processor's cache
_NAMES = {Level.STUDY: "studies", Level.SERIES: "series", Level.INSTANCE: "instances"}
_SPREADSHEET = "spreadsheet"


async def answer_table(
    request: Request, query: Query, included: Sequence[str], offer: Offer, headers: Mapping[str, str]
) -> Response:
    """Return all matches of a search as a table.

    Args:
        request: for its caller, and what it says of the form.
        query: what is searched.
        included: values of `includefield`.
        offer: one of TABLE_OFFERS.
        headers: besides those of a table.

    Raises:
        InvalidParameter: a column that is none.
        NotAcceptable: what the form needs is not installed.
        ContentTooLarge: a key without an index would have to be compared with too many data sets.
    """
    columns = columns_of(included, query.resource, query.keys)
    name = f"{_NAMES[query.resource.level]}.{_ENDINGS[offer.media_type]}"
    fields = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "private, no-cache",
        **headers,
    }
    if offer.media_type == ARROW:
        return await answer_arrow(request, query, columns, fields)
    if offer.media_type == PARQUET:
        return await answer_parquet(request, query, columns, fields)
    return _csv(request, query, columns, fields)


def _csv(request: Request, query: Query, columns: Sequence[Column], headers: Mapping[str, str]) -> Response:
    for_spreadsheet = _flag(request, _SPREADSHEET)
    rows = Rows(request, query, columns, lambda _: _cell(for_spreadsheet), is_text=True)
    lines = _lines(rows.each(csv_lines, _ROWS_AT_ONCE), columns, for_spreadsheet)
    return TextStream(lines, request, "text/csv; charset=utf-8; header=present", headers=headers)


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
