"""What a scope is in SQL: the only place where it is decided which studies a caller may see."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from service.archive.index.schema.feed_tables import changes
from service.archive.index.schema.tables import studies
from service.scope import Scope

_KEPT = 1024  # scopes, and statements within them


@lru_cache(_KEPT)
def conditions_of(scope: Scope) -> Sequence[sa.ColumnElement[bool]]:
    """Return the conditions that a scope makes on the rows of `studies`; none if it is everything."""
    return _conditions(scope, studies.c.tenant, studies.c.study_instance_uid)


@lru_cache(_KEPT)
def conditions_on_changes(scope: Scope) -> Sequence[sa.ColumnElement[bool]]:
    """Return the conditions that a scope makes on the rows of `changes`; none if it is everything."""
    return _conditions(scope, changes.c.tenant, changes.c.study_instance_uid)


def _conditions(
    scope: Scope, tenant: sa.Column[str], study: sa.Column[str]
) -> Sequence[sa.ColumnElement[bool]]:
    if scope.tenants is None:
        return ()
    of_tenants = _among(tenant, scope.tenants)
    if not scope.studies:
        return (of_tenants,)
    named = _among(study, scope.studies)
    return (sa.or_(of_tenants, named) if scope.tenants else named,)


def _among(column: sa.Column[str], values: Collection[str]) -> sa.ColumnElement[bool]:
    """Return that a column has one of these values; a single one is compared faster than a list."""
    if len(values) == 1:
        return column == next(iter(values))
    return column.in_(sorted(values))


def holds(scope: Scope, study: str, tenant: str | None) -> bool:
    """Tell of a study that has been looked up what `conditions_of` tells of those in the index."""
    return scope.tenants is None or tenant in scope.tenants or study in scope.studies


def within(statement: sa.Select[Any], scope: Scope) -> sa.Select[Any]:
    """Return a statement about studies, limited to a scope.

    Args:
        statement: written once, for the whole life of the process; `studies` is one of its tables.
        scope: of who asks.
    """
    return statement if scope.is_everything else _within(statement, scope)


@lru_cache(_KEPT)  # building a statement costs more than running it
def _within(statement: sa.Select[Any], scope: Scope) -> sa.Select[Any]:
    return statement.where(*conditions_of(scope))
