"""Rows as Arrow: the types of columns, and rows as record batches. pyarrow is imported when it is needed."""

from collections.abc import Iterable, Sequence
from typing import Any

from service.dicom.query.table import Column
from service.dicom.query.typed_cells import Kind, is_list, kind_of
from service.errors import NotAcceptable

EXTRA = "dicomweb-service[tables]"
"""What has to be installed for it."""


def pyarrow() -> Any:
    """Return pyarrow. Blocking, the first time for long: for worker threads.

    Raises:
        NotAcceptable: it is not installed.
    """
    try:
        import pyarrow  # noqa: PLC0415 (seldom needed, and large)
    except ImportError as error:
        raise NotAcceptable(
            f"Arrow and Parquet need pyarrow on the server: install {EXTRA}", ["text/csv"]
        ) from error
    return pyarrow


def schema_of(columns: Iterable[Column]) -> Any:
    """Return the schema of a table."""
    arrow = pyarrow()
    return arrow.schema([(column.name, _type(arrow, column)) for column in columns])


def _type(arrow: Any, column: Column) -> Any:
    types = {
        Kind.TEXT: arrow.string(),
        Kind.WHOLE: arrow.int64(),
        Kind.WHOLE_UNSIGNED: arrow.uint64(),
        Kind.NUMBER: arrow.float64(),
        Kind.DATE: arrow.date32(),
        Kind.TIME: arrow.time64("us"),
        Kind.JSON: arrow.string(),
    }
    own = types[kind_of(column)]
    return arrow.list_(own) if is_list(column) else own


def batch_of(schema: Any, rows: Sequence[Sequence[Any]]) -> Any:
    """Return rows as a record batch."""
    arrow = pyarrow()
    arrays = [
        arrow.array(cells, field.type)
        for field, cells in zip(schema, zip(*rows, strict=True) if rows else [()] * len(schema), strict=True)
    ]
    return arrow.RecordBatch.from_arrays(arrays, schema=schema)
