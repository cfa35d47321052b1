"""What a scope is in SQL: the only place where it is decided which studies a caller may see."""

from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from service.archive.index.tables import studies
from service.scope import Scope

_KEPT_STATEMENTS = 1024


def conditions_of(scope: Scope) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that a scope makes on the rows of `studies`; none if it is everything."""
    if scope.tenants is None:
        return []
    of_tenants = studies.c.tenant.in_(sorted(scope.tenants))
    if not scope.studies:
        return [of_tenants]
    named = studies.c.study_instance_uid.in_(sorted(scope.studies))
    return [sa.or_(of_tenants, named) if scope.tenants else named]


def within(statement: sa.Select[Any], scope: Scope) -> sa.Select[Any]:
    """Return a statement about studies, limited to a scope.

    Args:
        statement: written once, for the whole life of the process; `studies` is one of its tables.
        scope: of who asks.
    """
    return statement if scope.is_everything else _within(statement, scope)


@lru_cache(_KEPT_STATEMENTS)  # building a statement costs more than running it
def _within(statement: sa.Select[Any], scope: Scope) -> sa.Select[Any]:
    return statement.where(*conditions_of(scope))
