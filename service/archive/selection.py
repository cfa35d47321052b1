"""FROM, WHERE and ORDER BY of a search: which rows of the index a query is about, and in which order."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy import ColumnElement, FromClause

from service.archive.matching import TABLES, Condition, conditions
from service.archive.tables import instances, series, studies
from service.dicom.attributes import Level
from service.dicom.matches import Key
from service.dicom.query import Resource

_SERIES = series.join(studies, series.c.study == studies.c.id)

# Each level together with those above it.
JOINED: dict[Level, FromClause] = {
    Level.STUDY: studies,
    Level.SERIES: _SERIES,
    Level.INSTANCE: _SERIES.join(instances, instances.c.series == series.c.id),
}

_NEWEST_FIRST = (studies.c.study_date.desc(), studies.c.id.desc())
_SERIES_BY_NUMBER = (series.c.series_number.asc().nulls_last(), series.c.id)
_BY_NUMBER = {
    Level.SERIES: _SERIES_BY_NUMBER,
    Level.INSTANCE: (*_SERIES_BY_NUMBER, instances.c.instance_number.asc().nulls_last(), instances.c.id),
}


def order(resource: Resource) -> Sequence[ColumnElement[object]]:
    """Return a total order, so that pages fit together: newest study, number in it, else as stored."""
    if resource.level is Level.STUDY:
        return _NEWEST_FIRST
    return _BY_NUMBER[resource.level] if resource.study else (TABLES[resource.level].c.id,)


def in_path(resource: Resource) -> list[Condition]:
    """Return the conditions that the UIDs of the path make."""
    named = ((studies.c.study_instance_uid, resource.study), (series.c.series_instance_uid, resource.series))
    return [column == uid for column, uid in named if uid is not None]


def where(resource: Resource, keys: Iterable[Key]) -> list[Condition]:
    """Return all conditions on the rows of `JOINED[resource.level]`."""
    at_level: list[Key] = []
    below: list[Key] = []
    for key in keys:
        (below if key.level > resource.level else at_level).append(key)
    found = in_path(resource) + conditions(at_level)
    return [*found, _some_below(resource.level, below)] if below else found


def _some_below(level: Level, keys: Sequence[Key]) -> Condition:
    """One series or instance of the row fulfils all these keys."""
    if level is Level.SERIES:
        return series.c.id.in_(sa.select(instances.c.series).where(*conditions(keys)))
    lowest = max(key.level for key in keys)
    joined = series.join(instances, instances.c.series == series.c.id) if lowest is Level.INSTANCE else series
    return studies.c.id.in_(sa.select(series.c.study).select_from(joined).where(*conditions(keys)))
