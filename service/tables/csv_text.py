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
    """Return rows as lines. Most have nothing to quote, which is seen fastest in all of them together."""
    if not rows:
        return b""
    text = _LINE_END.join(map(",".join, rows)) + _LINE_END
    if len(rows[0]) < 2 or not _is_plain(text, len(rows), len(rows[0])):
        text = "".join(map(_line, rows))
    return text.encode("utf-8", "replace")


def _is_plain(text: str, lines: int, cells: int) -> bool:
    """Tell whether commas and ends of lines are those between cells and rows alone."""
    return (
        '"' not in text
        and text.count(",") == lines * (cells - 1)
        and text.count("\n") == text.count("\r") == lines
    )


def _line(cells: Sequence[str]) -> str:
    """Return one row. Whether it needs quotes is seen faster in the line than in its cells."""
    line = ",".join(cells)
    commas = len(cells) - 1
    if commas and line.count(",") == commas and '"' not in line and "\n" not in line and "\r" not in line:
        return line + _LINE_END
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue()
