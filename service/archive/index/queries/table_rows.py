"""Rows of a table, made of the index: what many rows have in common is read once.

An instance has the cells of its series and study, which are remembered. What the index has in columns exactly
as the data set has it comes from there; all else from stored DICOM JSON, which is read once for a series or
study, but for each instance. What a search does not return by itself lies deflated beside it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from service.archive.index.engine.dialects import IsAmong, list_parameter
from service.archive.index.engine.driver_rows import rows_of
from service.archive.index.queries.conditions import TABLES
from service.archive.index.queries.stored_cells import CellOf, Cells, stored_cells
from service.archive.index.schema.tables import documents, instances, series
from service.dicom.query.columns import COLUMNS
from service.dicom.query.keys import path_of
from service.dicom.query.levels import Level
from service.dicom.query.table import Column

_MOST_REMEMBERED = 5_000  # series, or studies
_MOST_IN_RUN = 1.25  # rows that are read for each that is asked for
_PARENT: dict[Level, sa.Column[int]] = {Level.SERIES: series.c.study, Level.INSTANCE: instances.c.series}
# A study has nothing above it.
_NO_PARENT: sa.ColumnElement[int] = sa.literal_column("0").label("parent")
# Kept in columns as they are: whole numbers and UIDs of an instance, of which there are many.
_NAMES = "SOPInstanceUID SOPClassUID InstanceNumber Rows Columns BitsAllocated NumberOfFrames"
_EXACT = frozenset(map(path_of, _NAMES.split()))


class TableRows:
    """Reads the rows of a table, for one who reads them in turn.

    Args:
        level: of the matches.
        columns: of the table.
        is_text: all cells are text, also those that the index has as numbers.
        cell_of: makes of a column what makes its cells.
        base_url: of the service.
    """

    def __init__(
        self,
        level: Level,
        columns: Sequence[Column],
        cell_of: CellOf,
        base_url: str,
        *,
        is_text: bool,
    ) -> None:
        of_level = {
            each: [column for column in columns if column.level is each] for each in Level if each <= level
        }
        highest = min((column.level for column in columns), default=level)
        self._levels = [
            _LevelRows(each, of_level[each], cell_of, base_url, is_text=is_text)
            for each in reversed(Level)
            if highest <= each <= level
        ]
        below, *above = self._levels
        grouped = [*(column for rows in reversed(above) for column in rows.columns), None, None]
        self._in_order = _picker([*grouped, *below.columns], columns)

    def read(self, connection: sa.Connection, ids: Sequence[int]) -> list[Cells]:
        """Return the rows with these ids, in their order; those that have gone meanwhile are left out."""
        in_order, rows = self._in_order, self._levels[0].rows(connection, ids)
        if len(self._levels) == 1:
            return [in_order(row) for row in rows]
        above = self._remembered(connection, 1, {row[1] for row in rows})
        return [in_order(above[row[1]] + row) for row in rows if row[1] in above]

    def _rows(self, connection: sa.Connection, depth: int, ids: Sequence[int]) -> dict[int, Cells]:
        """Return the cells of rows of a level and of what is above them."""
        rows = self._levels[depth].rows(connection, ids)
        if depth + 1 == len(self._levels):
            return {row[0]: row[2:] for row in rows}
        above = self._remembered(connection, depth + 1, {row[1] for row in rows})
        return {row[0]: above[row[1]] + row[2:] for row in rows if row[1] in above}

    def _remembered(self, connection: sa.Connection, depth: int, ids: Iterable[int]) -> Mapping[int, Cells]:
        level = self._levels[depth]
        if missing := sorted(set(ids) - level.remembered.keys()):
            if len(level.remembered) > _MOST_REMEMBERED:
                level.remembered = {key: level.remembered[key] for key in ids if key in level.remembered}
            level.remembered |= self._rows(connection, depth, missing)
        return level.remembered


class _LevelRows:
    """Reads rows of one level: id, id of what is above, and the cells of its columns.

    Attributes:
        columns: in the order of these cells.
        remembered: rows by id, without ids.
    """

    def __init__(
        self,
        level: Level,
        columns: Sequence[Column],
        cell_of: CellOf,
        base_url: str,
        *,
        is_text: bool,
    ) -> None:
        self.remembered: dict[int, Cells] = {}
        exact = [column for column in columns if column.path in _EXACT]
        others = [column for column in columns if column.path not in _EXACT]
        self._stored = stored_cells(level, others, cell_of, base_url)
        self.columns = [*exact, *(column for stored in self._stored for column in stored.columns)]
        read = [
            *(_exact(level, column, is_text=is_text) for column in exact),
            *(stored.source for stored in self._stored),
        ]
        self._end = 2 + len(exact)  # of what a row has without stored JSON
        self._by_id = _by_id(level, read)
        self._in_run = _in_run(level, read)

    def rows(self, connection: sa.Connection, ids: Sequence[int]) -> Sequence[Cells]:
        """Return the rows with these ids that there are, in this order."""
        rows = self._fetched(connection, ids)
        if [row[0] for row in rows] != list(ids):
            by_id = {row[0]: row for row in rows}
            rows = [by_id[row_id] for row_id in ids if row_id in by_id]
        return self._made(rows) if self._stored else rows

    def _fetched(self, connection: sa.Connection, ids: Sequence[int]) -> Sequence[Cells]:
        """Return the rows with these ids, and maybe some between them: a run is found faster than each."""
        first, last = min(ids), max(ids)
        if last - first < len(ids) * _MOST_IN_RUN:
            return rows_of(connection, self._in_run, {"first": first, "last": last})
        return rows_of(connection, self._by_id, {"ids": list_parameter(connection, ids)})

    def _made(self, rows: Sequence[Cells]) -> list[Cells]:
        end = self._end
        parts = [
            stored.of([row[place] for row in rows]) for place, stored in enumerate(self._stored, start=end)
        ]
        if len(parts) == 1:
            return [row[:end] + cells for row, cells in zip(rows, parts[0], strict=True)]
        return [row[:end] + first + second for row, first, second in zip(rows, *parts, strict=True)]


def _exact(level: Level, column: Column, *, is_text: bool) -> sa.ColumnElement[Any]:
    exact = TABLES[level].c[COLUMNS[column.path]]
    return sa.func.coalesce(sa.cast(exact, sa.Text), "") if is_text else exact


def _by_id(level: Level, columns: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any]:
    return _rows_of(level, columns).where(IsAmong(TABLES[level].c.id, sa.bindparam("ids")))


def _in_run(level: Level, columns: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any]:
    row_id = TABLES[level].c.id
    run = row_id.between(sa.bindparam("first"), sa.bindparam("last"))
    return _rows_of(level, columns).where(run).order_by(row_id)


def _rows_of(level: Level, columns: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any]:
    table = TABLES[level]
    rows: sa.FromClause = table
    if any(column is documents.c.metadata for column in columns):
        rows = table.join(documents, documents.c.instance == instances.c.id)
    return sa.select(table.c.id, _PARENT.get(level, _NO_PARENT), *columns).select_from(rows)


def _picker(read: Sequence[Column | None], columns: Sequence[Column]) -> Callable[[Cells], Cells]:
    """Return what takes the cells of columns out of all that has been read, in the order of the table."""
    places = [read.index(column) for column in columns]
    if len(places) == 1:
        [place] = places
        return lambda cells: (cells[place],)
    return itemgetter(*places)
