"""Searches by single values and ranges: a statement is put together once for all values that they can have.

Most searches are such ones, and find few rows. SQLAlchemy takes several times as long to put a statement
together, and to pass it on, as the database takes to run it.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from service.archive.index.engine.prepared import Prepared
from service.archive.index.queries.conditions import TABLES, Condition
from service.archive.index.queries.search import with_documents
from service.archive.index.queries.selection import JOINED, UID_PATHS, order
from service.archive.index.schema.tables import series, studies
from service.dicom.query import normal_forms
from service.dicom.query.columns import COLUMNS
from service.dicom.query.keys import path_of
from service.dicom.query.levels import Level, Path, level_of
from service.dicom.query.matches import Key, NumberMatch, RangeMatch, TextMatch, is_wildcard
from service.dicom.query.query import Query, SearchedResource
from service.dicom.query.sorting import SortKey

_IDENTIFYING = UID_PATHS | {path_of("PatientID"), path_of("AccessionNumber")}
_STUDY_DATE = path_of("StudyDate")
_VALUE, _LOW, _HIGH = "value", "low", "high"


class _Kind(NamedTuple):
    """What searches have in common that differ in values alone.

    Attributes:
        columns: that are read of matches.
        level: of matches.
        in_path: whether the path has the UID of a study, and of a series.
        keys: their paths, and which values they have.
        sort_keys: of the query.
    """

    columns: tuple[sa.Column[Any], ...]
    level: Level
    in_path: tuple[bool, bool]
    keys: tuple[tuple[Path, tuple[str, ...]], ...]
    sort_keys: tuple[SortKey, ...]


def is_identifying(key: Key) -> bool:
    """Tell whether few rows match a key, and an index leads to them."""
    return key.path in _IDENTIFYING and _VALUE in _values(key)


def is_of_study_date(key: Key) -> bool:
    """Tell whether the matches of a key lie side by side in the order of studies."""
    return key.path == _STUDY_DATE and _LOW in _values(key)


def is_prepared(query: Query) -> bool:
    """Tell whether a search is one of those that are prepared, where it is one of everything."""
    return all(key.level <= query.resource.level and _values(key) for key in query.keys)


def prepared_rows(
    connection: sa.Connection, query: Query, columns: Sequence[sa.Column[Any]], limit: int
) -> Sequence[Sequence[Any]]:
    """Return columns of the first matches, in their order, of a search of everything that is prepared."""
    resource = query.resource
    of_keys = list(map(_values, query.keys))
    kind = _Kind(
        tuple(columns),
        resource.level,
        (resource.study is not None, resource.series is not None),
        tuple([(key.path, tuple(own)) for key, own in zip(query.keys, of_keys, strict=True)]),
        query.sort_keys,
    )
    values = {f"{name}{number}": value for number, own in enumerate(of_keys) for name, value in own.items()}
    in_path = {"study": resource.study, "series": resource.series}
    page = {"limit": limit, "offset": query.offset}
    return _statement(kind).rows(connection, {**values, **in_path, **page})


def _values(key: Key) -> Mapping[str, str | int]:
    """Return the values that a key's condition has, by their names; none for a key of another kind."""
    match = key.match
    if key.path not in COLUMNS or key.time_path:
        return {}
    if isinstance(match, RangeMatch):
        return {_LOW: match.low, _HIGH: match.high} if match.low and match.high else {}
    if isinstance(match, NumberMatch):
        number = normal_forms.integer(match.number)
        return {} if number is None else {_VALUE: number}
    if isinstance(match, TextMatch) and len(match.patterns) == 1 and not is_wildcard(match.patterns[0]):
        return {_VALUE: match.patterns[0]}
    return {}


@lru_cache(maxsize=128)
def _statement(kind: _Kind) -> Prepared:
    of_study, of_series = kind.in_path
    resource = SearchedResource(kind.level, "0" if of_study else None, "0" if of_series else None)
    keys = [Key(path, level_of(path[0]), TextMatch(())) for path, _ in kind.keys]
    rows = with_documents(JOINED[kind.level], kind.columns)
    found = sa.select(*kind.columns).select_from(rows).where(*_conditions(kind))
    in_order = found.order_by(*order(resource, keys, kind.sort_keys))
    return Prepared(in_order.limit(_number("limit")).offset(_number("offset")))


def _number(name: str) -> sa.BindParameter[int]:
    return sa.bindparam(name, type_=sa.Integer)


def _conditions(kind: _Kind) -> Iterator[Condition]:
    uids = studies.c.study_instance_uid, series.c.series_instance_uid
    for column, name, is_there in zip(uids, ("study", "series"), kind.in_path, strict=True):
        if is_there:
            yield column == sa.bindparam(name)
    for number, (path, names) in enumerate(kind.keys):
        column = TABLES[level_of(path[0])].c[COLUMNS[path]]
        if _VALUE in names:
            yield column == sa.bindparam(f"{_VALUE}{number}")
        else:
            yield column >= sa.bindparam(f"{_LOW}{number}")
            yield column <= sa.bindparam(f"{_HIGH}{number}")
