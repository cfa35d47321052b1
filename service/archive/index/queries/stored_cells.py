"""Cells of a table, made of stored DICOM JSON: taken out of its text where it is plain, else parsed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from service.archive.index.queries.conditions import TABLES
from service.archive.index.queries.projection import OTHERS
from service.archive.index.schema.stored_json import StoredJson
from service.archive.index.schema.tables import documents
from service.dicom.dictionary import vr_of
from service.dicom.json.plain import (
    Raw,
    is_plain,
    plain_values,
    plain_values_anywhere,
    separator_in,
    values_in,
)
from service.dicom.query.cells import text_cell
from service.dicom.query.levels import BESIDE, RETURNED, Level
from service.dicom.query.table import Cell, Column

Cells = tuple[Any, ...]
CellOf = Callable[[Column], Cell]


def stored_cells(
    level: Level, columns: Sequence[Column], cell_of: CellOf, base_url: str
) -> list["StoredCells"]:
    """Return what makes the cells of the columns of a level, each of one column of the index."""
    returned = [column for column in columns if column.path[0] in RETURNED[level]]
    others = [column for column in columns if column.path[0] not in RETURNED[level]]
    sources = (
        (OTHERS[level], others, BESIDE.get(level)),
        (TABLES[level].c.attributes, returned, RETURNED[level]),
    )
    return [
        StoredCells(source, of_source, known, cell_of, base_url)
        for source, of_source, known in sources
        if of_source
    ]


class StoredCells:
    """Makes the cells of what a column of the index holds.

    Args:
        source: column of stored DICOM JSON.
        columns: of the table, in any order.
        known: the attributes that it may have; None where nobody knows.
        cell_of: makes of a column what makes its cells.
        base_url: of the service.

    Attributes:
        source: as given.
        columns: in the order of the cells.
    """

    def __init__(
        self,
        source: sa.Column[bytes],
        columns: Sequence[Column],
        known: frozenset[str] | None,
        cell_of: CellOf,
        base_url: str,
    ) -> None:
        self.source = source
        self.columns = sorted(columns, key=lambda column: column.path)
        self._is_deflated = source is documents.c.metadata
        self._base_url = base_url
        cells = [cell_of(column) for column in self.columns]
        self._cells = [(column.finder, cell) for column, cell in zip(self.columns, cells, strict=True)]
        self._is_text = all(cell is text_cell for cell in cells)
        self._plain: Callable[[Iterable[str]], Iterator[tuple[Raw, ...] | None]] | None = None
        tags = [column.path[0] for column in self.columns]
        as_text = self._is_text and known is not None
        if all(len(column.path) == 1 and is_plain(column.path[0], as_text=as_text) for column in columns):
            missing = "" if self._is_text else None
            self._plain = (
                plain_values_anywhere(tags, missing) if known is None else plain_values(tags, known, missing)
            )
            self._values = [values_in(tag) for tag in tags]
            self._several = [
                (place, separator, _text_of(tag, separator))
                for place, (tag, separator) in enumerate(zip(tags, map(separator_in, tags), strict=True))
                if separator
            ]

    def of(self, contents: Sequence[bytes]) -> list[Cells]:
        """Return the cells that values of the source make, of each of them."""
        if self._plain is None:
            return list(map(self._parsed, contents))
        found = self._plain(StoredJson.served_texts(contents, self._base_url, deflated=self._is_deflated))
        return [
            self._parsed(content) if values is None else self._converted(values)
            for content, values in zip(contents, found, strict=True)
        ]

    def _parsed(self, content: bytes) -> Cells:
        attributes = StoredJson(content, deflated=self._is_deflated).parsed_for(self._base_url)
        return tuple([cell(find(attributes)) for find, cell in self._cells])

    def _converted(self, values: tuple[Raw, ...]) -> Cells:
        """Return the cells that raw values make; a single one is its own text."""
        if self._is_text:
            return self._as_texts(values)
        elements = (
            None if raw is None else {"Value": values_of(raw)}
            for raw, values_of in zip(values, self._values, strict=True)
        )
        return tuple([cell(element) for (_, cell), element in zip(self._cells, elements, strict=True)])

    def _as_texts(self, values: tuple[Raw, ...]) -> Cells:
        cells: list[Raw] | None = None
        for place, separator, text_of in self._several:
            raw = values[place] or ""
            if separator in raw:
                cells = cells or list(values)
                cells[place] = text_of(raw)
        return values if cells is None else tuple(cells)


def _text_of(tag: str, separator: str) -> Callable[[str], str]:
    """Return what makes the text of several raw values, or of a name of several groups."""
    if vr_of(tag) == "PN":
        values_of = values_in(tag)
        return lambda raw: text_cell({"Value": values_of(raw)})
    return lambda raw: raw.replace(separator, "\\")
