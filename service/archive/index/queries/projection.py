"""Which stored JSON an answer is made of: the rows as they are, or more where a client asks for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from service.archive.index.queries.conditions import TABLES
from service.archive.index.schema.stored_json import StoredJson, to_row
from service.archive.index.schema.tables import documents, series, studies
from service.dicom.query.levels import RETURNED, SHOWN_WITH_STUDY, Level, level_of, selected
from service.dicom.query.query import Query

# What each level has besides the row that is returned without asking.
OTHERS: dict[Level, sa.Column[bytes]] = {
    Level.STUDY: studies.c.other_attributes,
    Level.SERIES: series.c.other_attributes,
    Level.INSTANCE: documents.c.metadata,
}

# Answers are UTF-8, whatever the files are, and say so to those who make data sets of them. PS3.18 10.6.1.
_CHARACTER_SET = {"00080005": {"vr": "CS", "Value": ["ISO_IR 192"]}}
_WITH_CHARACTER_SET = orjson.dumps(_CHARACTER_SET)[:-1] + b","  # before the rest of an object: it sorts first


@dataclass(frozen=True, slots=True)
class RowPart:
    """What one column gives to a row of the answer.

    Attributes:
        column: of stored DICOM JSON.
        level: of the column's table.
        tags: that are taken from it; None for all.
    """

    column: sa.Column[bytes]
    level: Level
    tags: frozenset[str] | None = None


def parts_of(query: Query) -> list[RowPart]:
    """Return the parts of each row, later ones going before earlier ones.

    The levels of the resource come whole. The levels above give the attributes that the query asks for, as
    does what is not returned by itself; levels below give nothing: PS3.18 10.6.1.2.
    """
    returned = frozenset().union(*(RETURNED[level] for level in query.resource.levels))
    fields = query.fields - returned
    parts: list[RowPart] = []
    for level in Level:
        if level > query.resource.level:
            break
        shown = SHOWN_WITH_STUDY if level is Level.STUDY else frozenset[str]()
        tags = frozenset(tag for tag in fields if level_of(tag) is level or tag in shown)
        if query.all_fields or tags - RETURNED[level]:
            parts.append(RowPart(OTHERS[level], level, None if query.all_fields else tags))
        if query.all_fields or level in query.resource.levels:
            parts.append(RowPart(TABLES[level].c.attributes, level))
        elif tags & RETURNED[level]:
            parts.append(RowPart(TABLES[level].c.attributes, level, tags))
    return parts


def put_together(parts: Sequence[RowPart], rows: Iterable[Sequence[Any]], level: Level) -> list[StoredJson]:
    """Return the rows of the answer, each from the values of its parts in their order."""
    if len(parts) == 1 and parts[0].tags is None:
        return [StoredJson(_WITH_CHARACTER_SET + row[0][1:]) for row in rows]
    parents: dict[bytes, dict[str, Any]] = {}
    return [_merged(parts, row, level, parents) for row in rows]


def read(column: sa.Column[bytes], value: bytes) -> dict[str, Any]:
    """Return the attributes that a value of this column holds."""
    return StoredJson(value, deflated=column is documents.c.metadata).parsed()


def _merged(
    parts: Sequence[RowPart], row: Sequence[Any], level: Level, parents: dict[bytes, dict[str, Any]]
) -> StoredJson:
    merged: dict[str, Any] = {}
    for part, value in zip(parts, row, strict=True):
        attributes = parents.get(value) or read(part.column, value)
        if part.level < level:
            parents[value] = attributes
        merged |= attributes if part.tags is None else selected(attributes, part.tags)
    return StoredJson(to_row(merged | _CHARACTER_SET))
