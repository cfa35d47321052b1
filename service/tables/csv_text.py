"""Rows as CSV, RFC 4180: a header, lines that end with CR LF, quotes where they are needed, UTF-8."""

import csv
import io
from collections.abc import Iterable, Sequence

from service.dicom.query.table import Column

BYTE_ORDER_MARK = "\ufeff".encode()
"""By which a spreadsheet knows UTF-8."""

_LINE_END = "\r\n"


def csv_header(columns: Iterable[Column]) -> bytes:
    """Return the line with the names of the columns."""
    return csv_lines([[column.name for column in columns]])


def csv_lines(rows: Sequence[Sequence[str]]) -> bytes:
    """Return rows as lines."""
    text = "".join(map(_line, rows))
    return text.encode("utf-8", "replace")


def _line(cells: Sequence[str]) -> str:
    """Return one row. Most have nothing to quote, which is seen faster in the line than in its cells."""
    line = ",".join(cells)
    commas = len(cells) - 1
    if commas and line.count(",") == commas and '"' not in line and "\n" not in line and "\r" not in line:
        return line + _LINE_END
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue()
