"""Keys → SQL conditions that mean what the matches of `dicom.query.matches` mean, and can use an index."""

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from service.archive.index.engine.dialects import ListsAny
from service.archive.index.schema.tables import instances, request_attributes, series, studies
from service.dicom.query import normal_forms
from service.dicom.query.columns import COLUMNS, GROUP_SUFFIXES, REQUEST_COLUMNS
from service.dicom.query.keys import path_of
from service.dicom.query.levels import Level
from service.dicom.query.matches import (
    EmptyMatch,
    Key,
    Match,
    NameMatch,
    NumberMatch,
    NumberRangeMatch,
    RangeMatch,
    TextMatch,
    is_wildcard,
)

Columns = Sequence[ColumnElement[Any]]
Condition = ColumnElement[bool]

TABLES = {Level.STUDY: studies, Level.SERIES: series, Level.INSTANCE: instances}

_FIRST_WILDCARD = re.compile(r"[*?]")
_LARGEST = Decimal(2**63 - 1)
_LAST_CHARACTER = "\U0010ffff"


def is_indexed(key: Key) -> bool:
    """Tell whether SQL can decide the key; other ones are about attributes without a column."""
    return key.path in COLUMNS or key.path in REQUEST_COLUMNS or key.path in _IN_STUDY


def conditions(keys: Iterable[Key]) -> list[Condition]:
    """Return what the rows have to fulfil; the tables of the keys' levels are those of the query."""
    terms: list[Condition] = []
    items: list[Condition] = []
    for key in keys:
        if key.path in REQUEST_COLUMNS:
            items.append(_condition(key.match, [request_attributes.c[REQUEST_COLUMNS[key.path]]]))
        elif key.path in _IN_STUDY:
            terms.append(_IN_STUDY[key.path](key.match))
        else:
            terms.append(_condition(key.match, _columns(key)))
    if items:
        terms.append(series.c.id.in_(sa.select(request_attributes.c.series).where(*items)))
    return terms


def _columns(key: Key) -> Columns:
    table, name = TABLES[key.level], COLUMNS[key.path]
    if isinstance(key.match, NameMatch | EmptyMatch) and f"{name}{GROUP_SUFFIXES[1]}" in table.c:
        return [table.c[name + suffix] for suffix in GROUP_SUFFIXES]
    if key.time_path:
        return [table.c[name] + sa.func.coalesce(table.c[COLUMNS[key.time_path]], "")]
    return [table.c[name]]


def _some_modality(match: Match) -> Condition:
    """Modalities in Study: one of those that stand in the study's own row, each between two backslashes."""
    if not isinstance(match, TextMatch):
        return _some_series(match)
    if not any(map(is_wildcard, match.patterns)):
        return ListsAny(studies.c.modalities, match.patterns) if match.patterns else sa.false()
    possible = _fits_any(studies.c.modalities, [f"*\\{pattern}\\*" for pattern in match.patterns])
    return sa.and_(possible, _some_series(match))  # a wild card can reach from one modality into the next


def _some_series(match: Match) -> Condition:
    """One of the study's series, looked for study by study."""
    siblings = series.alias()
    of_study = siblings.c.study == studies.c.id
    return sa.exists(sa.select(siblings.c.id).where(of_study, _condition(match, [siblings.c.modality])))


def _some_instance(match: Match) -> Condition:
    """SOP Classes in Study: one of the study's instances."""
    members, parents = instances.alias(), series.alias()
    join = members.join(parents, members.c.series == parents.c.id)
    has_class = _condition(match, [members.c.sop_class_uid])
    return studies.c.id.in_(sa.select(parents.c.study).select_from(join).where(has_class))


def _condition(match: Match, columns: Columns) -> Condition:
    if isinstance(match, EmptyMatch):
        return sa.and_(*(_is_empty(column) for column in columns))
    return _CONDITIONS[type(match)](match, columns)


def _text(match: TextMatch, columns: Columns) -> Condition:
    (column,) = columns
    exact = [pattern for pattern in match.patterns if not is_wildcard(pattern)]
    like = [_fits(column, pattern) for pattern in match.patterns if is_wildcard(pattern)]
    return sa.or_(sa.false(), *([column.in_(exact)] if exact else []), *like)


def _range(match: RangeMatch, columns: Columns) -> Condition:
    (column,) = columns
    low = column >= match.low if match.low else column > ""
    return sa.and_(low, column <= match.high) if match.high else low


def _number(match: NumberMatch, columns: Columns) -> Condition:
    (column,) = columns
    whole = normal_forms.integer(match.number)
    return sa.false() if whole is None else column == whole


def _number_range(match: NumberRangeMatch, columns: Columns) -> Condition:
    """Compare whole numbers; an end that lies beyond what a column can hold excludes all or nothing."""
    (column,) = columns
    low = None if match.low is None else max(match.low.to_integral_value(ROUND_CEILING), -_LARGEST)
    high = None if match.high is None else min(match.high.to_integral_value(ROUND_FLOOR), _LARGEST)
    if (low is not None and low > _LARGEST) or (high is not None and high < -_LARGEST):
        return sa.false()
    ends = ([] if low is None else [column >= int(low)]) + ([] if high is None else [column <= int(high)])
    return sa.and_(*ends)


def _name(match: NameMatch, columns: Columns) -> Condition:
    if len(match.groups) == 1:
        like = sa.or_(*(_fits_any(column, match.groups[0]) for column in columns))
    else:
        groups = [
            (column, patterns)
            for column, patterns in zip(columns, match.groups, strict=False)
            if any(patterns)
        ]
        like = sa.and_(sa.true(), *(_fits_any(column, patterns) for column, patterns in groups))
    words = [sa.or_(*(_has_word(column, word) for column in columns)) for word in match.words]
    return sa.or_(like, sa.and_(*words)) if words else like


def _fits_any(column: ColumnElement[str], patterns: Iterable[str]) -> Condition:
    return sa.or_(*(_fits(column, pattern) for pattern in patterns))


def _has_word(column: ColumnElement[str], word: str) -> Condition:
    """Tell whether a word of the name begins so. The separators are those of `matches.words`."""
    return _fits_any(column, [f"{before}{word}*" for before in ("", "* ", "*^", "*-")])


def _is_empty(column: ColumnElement[Any]) -> Condition:
    return sa.or_(column.is_(None), column == "") if isinstance(column.type, sa.Text) else column.is_(None)


def _fits(column: ColumnElement[str], pattern: str) -> Condition:
    """Compare with wild cards; what comes before the first of them becomes a range that an index can find."""
    if not is_wildcard(pattern):
        return column == pattern
    escaped = pattern.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    like = column.like(escaped.replace("*", "%").replace("?", "_"), escape="\\")
    prefix = _FIRST_WILDCARD.split(pattern, maxsplit=1)[0]
    return sa.and_(column >= prefix, column <= prefix + _LAST_CHARACTER, like) if prefix else like


_IN_STUDY = {path_of("ModalitiesInStudy"): _some_modality, path_of("SOPClassesInStudy"): _some_instance}

_CONDITIONS: dict[type[Match], Callable[[Any, Columns], Condition]] = {
    TextMatch: _text,
    RangeMatch: _range,
    NumberMatch: _number,
    NumberRangeMatch: _number_range,
    NameMatch: _name,
}
