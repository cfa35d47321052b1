"""Attributes that are asked for often: where a match may be, told by the values that have been filed."""

import math
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from service.archive.index.engine.dialects import IsAmong, list_parameter
from service.archive.index.queries.conditions import Condition
from service.archive.index.schema.filed_tables import filed_states, filed_values
from service.archive.index.schema.tables import series, studies
from service.dicom.query.filed import FiledAttribute
from service.dicom.query.levels import Level
from service.dicom.query.matches import (
    Key,
    Match,
    NumberMatch,
    NumberRangeMatch,
    RangeMatch,
    TextMatch,
    UnknownMatch,
    is_wildcard,
)

_MOST_OWNERS = 50_000
_FIRST_WILDCARD = re.compile(r"[*?]")
_LAST_CHARACTER = "\U0010ffff"
_ANYTHING = sa.and_(filed_values.c.text.is_(None), filed_values.c.number.is_(None))


def narrowing(connection: sa.Connection, keys: Iterable[Key]) -> list[Condition]:
    """Return conditions that all matches of these keys fulfil, and few other rows.

    A key whose attribute is not filed makes none. The tables of the keys' levels are those of the query.
    """
    return [
        IsAmong(
            owner_of(key.level).c.id,
            sa.bindparam("owners", list_parameter(connection, owners), unique=True),
        )
        for key in keys
        if (owners := _owners(connection, key)) is not None
    ]


def _owners(connection: sa.Connection, key: Key) -> Sequence[int] | None:
    """Return the series or studies that may have a match; None where nobody knows, or they are too many."""
    possible = None if key.time_path else _possible(key.match)
    name = FiledAttribute(key.path, key.level).name
    if possible is None or not _is_filed(connection, name):
        return None
    owner = owner_of(key.level)
    having = sa.select(filed_values.c.owner).where(
        filed_values.c.attribute == name, sa.or_(possible, _ANYTHING)
    )
    unknown = sa.select(owner.c.id).where(~is_fresh(owner, [name]))
    owners = connection.execute(sa.union(having, unknown).limit(_MOST_OWNERS + 1)).scalars().all()
    return None if len(owners) > _MOST_OWNERS else owners


def _is_filed(connection: sa.Connection, name: str) -> bool:
    of_attribute = sa.select(filed_states.c.owner).where(filed_states.c.attribute == name)
    return connection.execute(of_attribute.limit(1)).first() is not None


def owner_of(level: Level) -> sa.Table:
    """Return the table of those whose values are filed: a study's own, else those of a whole series."""
    return studies if level is Level.STUDY else series


def is_fresh(owner: sa.Table, names: Collection[str]) -> Condition:
    """Tell whether all of these attributes have been filed of an owner as it is."""
    fresh = sa.select(sa.func.count()).where(
        filed_states.c.attribute.in_(names),
        filed_states.c.owner == owner.c.id,
        filed_states.c.revision == owner.c.revision,
    )
    return fresh.scalar_subquery() == len(names)


def _possible(match: Match) -> Condition | None:
    """Return what a filed value has to be; None where any may do."""
    text, number = filed_values.c.text, filed_values.c.number
    match match:
        case TextMatch():
            return _any_of([_like(text, pattern) for pattern in match.patterns])
        case RangeMatch():
            return sa.and_(text >= match.low, *([text <= match.high] if match.high else []))
        case NumberMatch():
            return _within(number, float(match.number), float(match.number))
        case NumberRangeMatch():
            low = -math.inf if match.low is None else float(match.low)
            return _within(number, low, math.inf if match.high is None else float(match.high))
        case UnknownMatch():
            return _any_of([_possible(part) for part in (match.text, match.number) if part])
        case _:
            return None


def _like(text: sa.ColumnElement[Any], pattern: str) -> Condition | None:
    if not is_wildcard(pattern):
        return text == pattern
    prefix = _FIRST_WILDCARD.split(pattern, maxsplit=1)[0]
    return sa.and_(text >= prefix, text <= prefix + _LAST_CHARACTER) if prefix else None


def _within(number: sa.ColumnElement[Any], low: float, high: float) -> Condition:
    """Compare with the numbers nearest to what was asked for, so that none is lost by rounding."""
    return sa.and_(number >= math.nextafter(low, -math.inf), number <= math.nextafter(high, math.inf))


def _any_of(conditions: Sequence[Condition | None]) -> Condition | None:
    known = [condition for condition in conditions if condition is not None]
    return sa.or_(sa.false(), *known) if len(known) == len(conditions) else None
