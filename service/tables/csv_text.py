"""Rows as CSV, RFC 4180: a header, lines that end with CR LF, quotes where they are needed, UTF-8."""

from collections.abc import Iterable, Sequence

from service.dicom.query.table import Column

BYTE_ORDER_MARK = "\ufeff".encode()
"""By which a spreadsheet knows UTF-8."""

_LINE_END = "\r\n"
_QUOTED = '",\r\n'
"""What stands within quotes alone."""


def csv_header(columns: Iterable[Column]) -> bytes:
    """Return the line with the names of the columns."""
    return csv_lines([[column.name for column in columns]])


def csv_lines(rows: Sequence[Sequence[str]]) -> bytes:
    """Return rows as lines. Most have nothing to quote, which is seen fastest in all of them together."""
    if not rows:
        return b""
    text = _joined(rows)
    if not _is_plain(text, len(rows), len(rows[0])):
        columns = [_quoted(cells, alone=len(rows[0]) == 1) for cells in zip(*rows, strict=True)]
        text = _joined(list(zip(*columns, strict=True)))
    return text.encode("utf-8", "replace")


def _joined(rows: Sequence[Sequence[str]]) -> str:
    return _LINE_END.join(map(",".join, rows)) + _LINE_END


def _is_plain(text: str, lines: int, cells: int) -> bool:
    """Tell whether commas and ends of lines are those between cells and rows alone."""
    return (
        cells > 1
        and '"' not in text
        and text.count(",") == lines * (cells - 1)
        and text.count("\n") == text.count("\r") == lines
    )


def _quoted(cells: Sequence[str], *, alone: bool) -> Sequence[str]:
    """Return the cells of a column, in quotes where they need them; so does an empty line."""
    together = "".join(cells)
    if not alone and not any(character in together for character in _QUOTED):
        return cells
    return [_in_quotes(cell) if (alone and not cell) or _needs_quotes(cell) else cell for cell in cells]


def _needs_quotes(cell: str) -> bool:
    return any(character in cell for character in _QUOTED)


def _in_quotes(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'
