"""The rows of a search that is answered as a table: read, and made into a file, a portion at a time."""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

import anyio.to_thread
from starlette.requests import Request

from service.archive.index.engine.database import Database
from service.archive.index.queries.matching_ids import matching_ids
from service.archive.index.queries.stored_cells import Cells
from service.archive.index.queries.table_rows import TableRows
from service.dicom.query.query import Query
from service.dicom.query.table import Cell, Column
from service.web.state import scope_of, service_of


class Rows:
    """The rows of a table, read and made into something else a portion at a time, in threads.

    Args:
        request: of a caller, who sees no others.
        query: that they match.
        columns: of the table.
        cell_of: makes of a column what makes its cells.
        is_text: all cells are text.
    """

    def __init__(
        self,
        request: Request,
        query: Query,
        columns: Sequence[Column],
        cell_of: Callable[[Column], Cell],
        *,
        is_text: bool,
    ) -> None:
        self._index: Database = service_of(request).archive.index
        self._query = query
        self._scope = scope_of(request)
        self._rows = TableRows(
            query.resource.level, columns, cell_of, request.state.base_url, is_text=is_text
        )

    async def each(self, make: Callable[[list[Cells]], bytes], size: int) -> AsyncIterator[bytes]:
        """Yield what is made of each portion of the rows, of none first: so the search is known to work."""
        ids = await self._index.read(matching_ids, self._scope, self._query)
        try:
            yield await anyio.to_thread.run_sync(make, [])
            for portion in ids.portions(size):
                yield await anyio.to_thread.run_sync(partial(self._made, make, portion))
        finally:
            ids.close()

    def _made(self, make: Callable[[list[Cells]], bytes], ids: Sequence[int]) -> bytes:
        return make(self._index.read_now(self._rows.read, ids))
