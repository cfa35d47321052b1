"""Rows as an Arrow IPC stream: the schema, and a record batch for each portion of rows."""

from collections.abc import Iterable, Sequence
from typing import Any

from service.dicom.query.table import Column
from service.tables.arrow import batch_of, pyarrow, schema_of
from service.tables.sinks import Portions


class ArrowStream:
    """The stream of a table. Blocking: for worker threads, in turn.

    Args:
        columns: of the table.

    Raises:
        NotAcceptable: pyarrow is not installed.
    """

    def __init__(self, columns: Iterable[Column]) -> None:
        self._schema = schema_of(columns)
        self._sink = Portions()
        self._writer = pyarrow().ipc.new_stream(self._sink, self._schema)

    def portion(self, rows: Sequence[Sequence[Any]]) -> bytes:
        """Return the bytes of some rows, maybe none."""
        if rows:
            self._writer.write_batch(batch_of(self._schema, rows))
        return self._sink.taken()

    def end(self) -> bytes:
        """Return the bytes after the last rows."""
        self._writer.close()
        return self._sink.taken()
