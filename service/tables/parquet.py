"""Rows as a Parquet file: row groups of many rows, in a temporary file."""

from collections.abc import Iterable, Sequence
from typing import Any

from service.dicom.query.table import Column
from service.tables.arrow import batch_of, pyarrow, schema_of
from service.tables.sinks import FileSink, TemporaryTable

MAX_BYTES = 2**29
"""Of a file: its directory is at its end, so that it has to be whole before any of it can be sent."""

_GROUP_ROWS = 50_000  # of a row group, which readers skip or read as a whole


class ParquetFile:
    """A Parquet file that is being written; the same rows make the same file. For worker threads, in turn.

    Args:
        columns: of the table.

    Raises:
        NotAcceptable: pyarrow is not installed.
    """

    def __init__(self, columns: Iterable[Column]) -> None:
        self._schema = schema_of(columns)
        pyarrow()
        from pyarrow import parquet  # noqa: PLC0415 (seldom needed, and large)

        self._sink = FileSink(MAX_BYTES)
        self._writer = parquet.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._batches: list[Any] = []

    def portion(self, rows: Sequence[Sequence[Any]]) -> bytes:
        """Take some rows, maybe none.

        Raises:
            ContentTooLarge: the file becomes longer than `MAX_BYTES`.
        """
        if rows:
            self._batches.append(batch_of(self._schema, rows))
        if sum(batch.num_rows for batch in self._batches) >= _GROUP_ROWS:
            self._write_group()
        return b""

    def _write_group(self) -> None:
        group = pyarrow().Table.from_batches(self._batches, self._schema)
        self._writer.write_table(group, row_group_size=group.num_rows)
        self._batches.clear()

    def finished(self) -> TemporaryTable:
        """Return the whole file.

        Raises:
            ContentTooLarge: as `portion` does.
        """
        if self._batches:
            self._write_group()
        self._writer.close()
        return self._sink.finished()

    def close(self) -> None:
        """Let go of what is not needed to read the file."""
        self._sink.close()
