"""Searches answered as Arrow streams, and as Parquet files that are kept while they are read."""

from collections.abc import AsyncIterator, Hashable, Mapping, Sequence
from functools import partial

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from service.archive.files.file_run import RUN_BYTES, Chunk, FileRun
from service.archive.index.engine.stamps import stamp_of
from service.dicom.query.query import Query
from service.dicom.query.table import Column
from service.dicom.query.typed_cells import typed_cell
from service.tables.arrow_stream import ArrowStream
from service.tables.parquet import ParquetFile
from service.tables.sinks import TemporaryTable
from service.web.http.answers.etags import etag_of
from service.web.http.answers.responses import not_modified, single_part
from service.web.http.answers.stream import Runs, Stream, joined
from service.web.state import scope_of, service_of
from service.web.table_rows import Rows

ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"

_BATCH_ROWS = 10_000


async def answer_arrow(
    request: Request, query: Query, columns: Sequence[Column], headers: Mapping[str, str]
) -> Response:
    """Return all matches of a search as an Arrow stream, made while it is sent.

    Raises:
        NotAcceptable: pyarrow is not installed.
        ContentTooLarge: a key without an index would have to be compared with too many data sets.
    """
    stream = await anyio.to_thread.run_sync(ArrowStream, columns)

    async def chunks() -> AsyncIterator[bytes]:
        async for chunk in _rows(request, query, columns).each(stream.portion, _BATCH_ROWS):
            yield chunk
        yield await anyio.to_thread.run_sync(stream.end)

    return Stream(joined(chunks()), {"content-type": ARROW, "vary": "Accept", **headers})


async def answer_parquet(
    request: Request, query: Query, columns: Sequence[Column], headers: Mapping[str, str]
) -> Response:
    """Return all matches of a search as a Parquet file, or with 206 the range that was asked for.

    Who reads a range goes on with the file that was made before; all others get one of what there is now.

    Raises:
        NotAcceptable: pyarrow is not installed.
        ContentTooLarge: the file would be too long, or a key without an index would have to be compared with
            too many data sets.
        RangeNotSatisfiable: the range asked for begins after the last byte.
    """
    tables = service_of(request).tables
    key: Hashable = (scope_of(request), request.state.base_url, request.scope["path"], request.url.query)
    stamp = await stamp_of(service_of(request).archive.index)
    table = await tables.find(
        key, stamp, partial(_made, request, query, columns), at_any_time="range" in request.headers
    )
    etag = etag_of(table.digest)
    if answer := not_modified(request, etag):
        return answer

    def source(offset: int, length: int) -> Runs:
        return _runs(table, offset, length)

    return single_part(request, source, table.size, content_type=PARQUET, etag=etag, extra=headers)


async def _made(request: Request, query: Query, columns: Sequence[Column]) -> TemporaryTable:
    file = await anyio.to_thread.run_sync(ParquetFile, columns)
    try:
        async for _ in _rows(request, query, columns).each(file.portion, _BATCH_ROWS):
            pass
        return await anyio.to_thread.run_sync(file.finished)
    finally:
        file.close()


async def _runs(table: TemporaryTable, offset: int, length: int) -> AsyncIterator[Chunk]:
    for start in range(offset, offset + length, RUN_BYTES):
        yield FileRun(table.descriptor, start, min(RUN_BYTES, offset + length - start))


def _rows(request: Request, query: Query, columns: Sequence[Column]) -> Rows:
    return Rows(request, query, columns, typed_cell, is_text=False)
