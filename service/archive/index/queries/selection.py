"""FROM, WHERE and ORDER BY of a search: which rows of the index a query is about, and in which order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import ColumnElement, FromClause

from service.archive.index.engine.dialects import NestedJoin
from service.archive.index.queries.conditions import TABLES, Condition, conditions
from service.archive.index.schema.scoped import conditions_of
from service.archive.index.schema.tables import instances, series, studies
from service.dicom.query.columns import GROUP_SUFFIXES
from service.dicom.query.keys import path_of
from service.dicom.query.levels import Level
from service.dicom.query.matches import Key
from service.dicom.query.query import SearchedResource
from service.dicom.query.sorting import SortKey
from service.scope import EVERYTHING, Scope

_STUDY_ABOVE = series.c.study == studies.c.id
_SERIES_ABOVE = instances.c.series == series.c.id

# Each level together with those above it.
JOINED: dict[Level, FromClause] = {
    Level.STUDY: studies,
    Level.SERIES: studies.join(series, _STUDY_ABOVE),
    Level.INSTANCE: studies.join(series, _STUDY_ABOVE).join(instances, _SERIES_ABOVE),
}
# The levels from a first to a last one, looked through from the first on.
_NESTED: dict[tuple[Level, Level], FromClause] = {
    (Level.STUDY, Level.STUDY): studies,
    (Level.STUDY, Level.SERIES): NestedJoin(studies, series, _STUDY_ABOVE),
    (Level.STUDY, Level.INSTANCE): NestedJoin(
        NestedJoin(studies, series, _STUDY_ABOVE), instances, _SERIES_ABOVE
    ),
    (Level.SERIES, Level.SERIES): series,
    (Level.SERIES, Level.INSTANCE): NestedJoin(series, instances, _SERIES_ABOVE),
    (Level.INSTANCE, Level.INSTANCE): instances,
}
UID_PATHS = frozenset(map(path_of, ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")))

Order = Sequence[ColumnElement[object]]

_NEWEST_FIRST = (studies.c.study_date.desc(), studies.c.id.desc())
_OLDEST_FIRST = (
    sa.func.nullif(studies.c.study_date, sa.literal_column("''")).asc().nulls_last(),
)  # "" is no date
_SERIES_BY_NUMBER = (series.c.series_number.asc().nulls_last(), series.c.id)
_BY_NUMBER: dict[Level, Order] = {
    Level.STUDY: _NEWEST_FIRST,
    Level.SERIES: _SERIES_BY_NUMBER,
    Level.INSTANCE: (*_SERIES_BY_NUMBER, instances.c.instance_number.asc().nulls_last(), instances.c.id),
}
_PARENT: dict[Level, Order] = {
    Level.STUDY: (),
    Level.SERIES: (series.c.study,),
    Level.INSTANCE: (instances.c.series,),
}
_AS_STORED: dict[Level, Order] = {
    Level.STUDY: _NEWEST_FIRST,
    Level.SERIES: (series.c.id,),
    Level.INSTANCE: (instances.c.id,),
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows, of which tables, in which order.

    Attributes:
        rows: the tables that conditions and order need, and no others.
        conditions: which all have to hold.
        order: total, so that pages fit together.
        at_once: an index leads to the rows of a page and no others, which can be read at once.
    """

    rows: FromClause
    conditions: list[Condition]
    order: Order
    at_once: bool


def selection(
    resource: SearchedResource, keys: Sequence[Key], scope: Scope, sort_keys: Sequence[SortKey] = ()
) -> Selection:
    """Return what a search selects within a scope, with keys that the index decides, in its order."""
    by_uid = is_by_uid(resource, keys)
    highest = _highest(resource, keys, scope)
    is_sorted_above = any(sort_key.level < highest for sort_key in sort_keys)
    rows = JOINED[resource.level] if by_uid or is_sorted_above else _NESTED[highest, resource.level]
    at_once = not sort_keys and (by_uid or (resource.level is Level.STUDY and not keys))
    matching = [*conditions_of(scope), *where(resource, keys)]
    return Selection(rows, matching, order(resource, keys, sort_keys, scope), at_once)


def is_by_uid(resource: SearchedResource, keys: Iterable[Key]) -> bool:
    """Tell whether a search is about studies, series or instances that it names."""
    return resource.study is not None or any(key.path in UID_PATHS for key in keys)


def order(
    resource: SearchedResource,
    keys: Iterable[Key] = (),
    sort_keys: Iterable[SortKey] = (),
    scope: Scope = EVERYTHING,
) -> Order:
    """Return a total order: what a search asks for, and among equals its usual order."""
    asked = [term for sort_key in sort_keys for term in _terms(sort_key)]
    return [*asked, *_usual_order(resource, keys, scope)]


def _terms(sort_key: SortKey) -> Order:
    """Return what sorts by an attribute; rows without a value come last, whatever the direction."""
    columns = TABLES[sort_key.level].c
    if columns[sort_key.column] is studies.c.study_date:
        return [studies.c.study_date.desc()] if sort_key.is_descending else _OLDEST_FIRST
    groups = [columns.get(sort_key.column + suffix) for suffix in GROUP_SUFFIXES]
    return [
        (group.desc() if sort_key.is_descending else group.asc()).nulls_last()
        for group in groups
        if group is not None
    ]


def _usual_order(resource: SearchedResource, keys: Iterable[Key], scope: Scope) -> Order:
    """Return a total order: newest study first; in a study by number; else such that an index has it already.

    Rows that match keys of their study come study by study, those that match keys of their series series by
    series. A page then costs what it holds, however many more there are.
    """
    if resource.study or resource.level is Level.STUDY:
        return _BY_NUMBER[resource.level]
    highest = _highest(resource, keys, scope)
    terms = [term for level in list(Level)[highest : resource.level + 1] for term in _AS_STORED[level]]
    return [*_PARENT[highest], *terms]


def _highest(resource: SearchedResource, keys: Iterable[Key], scope: Scope) -> Level:
    """Return the highest level that a search has to look at."""
    if resource.study or not scope.is_everything:
        return Level.STUDY
    return min((resource.level, *(key.level for key in keys)))


def in_path(resource: SearchedResource) -> list[Condition]:
    """Return the conditions that the UIDs of the path make."""
    uids = ((studies.c.study_instance_uid, resource.study), (series.c.series_instance_uid, resource.series))
    return [column == uid for column, uid in uids if uid is not None]


def where(resource: SearchedResource, keys: Iterable[Key]) -> list[Condition]:
    """Return all conditions on the rows of `JOINED[resource.level]`."""
    at_level: list[Key] = []
    below: list[Key] = []
    for key in keys:
        (below if key.level > resource.level else at_level).append(key)
    terms = in_path(resource) + conditions(at_level)
    return [*terms, _some_below(resource.level, below)] if below else terms


def _some_below(level: Level, keys: Sequence[Key]) -> Condition:
    """One series or instance of the row fulfils all these keys."""
    if level is Level.SERIES:
        return series.c.id.in_(sa.select(instances.c.series).where(*conditions(keys)))
    lowest = max(key.level for key in keys)
    join = series.join(instances, instances.c.series == series.c.id) if lowest is Level.INSTANCE else series
    return studies.c.id.in_(sa.select(series.c.study).select_from(join).where(*conditions(keys)))
