"""What SQLite and PostgreSQL are told in words of their own: transactions, values in lists, ordered joins."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Join
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


@contextmanager
def one_transaction(connection: sa.Connection) -> Iterator[None]:
    """Let statements be of one transaction also where each read is on its own, as on PostgreSQL."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "postgresql" or not driver.autocommit:
        yield
        return
    with driver.transaction():
        yield


class ListsAny(FunctionElement[bool]):
    """Whether a column's list, kept as text with each value between two backslashes, has one of some values.

    PostgreSQL has an index of the values; SQLite looks through the text, of which its own index has all.
    """

    type = sa.Boolean()
    inherit_cache = True

    def __init__(self, column: sa.ColumnElement[str], values: Iterable[str]) -> None:
        super().__init__(column, *values)


@compiles(ListsAny, "sqlite")
def _look_through(element: ListsAny, compiler: SQLCompiler, **options: Any) -> str:
    column, *values = (compiler.process(clause, **options) for clause in element.clauses)
    return "(" + " OR ".join(f"instr({column}, '\\' || {value} || '\\') > 0" for value in values) + ")"


@compiles(ListsAny, "postgresql")
def _overlap(element: ListsAny, compiler: SQLCompiler, **options: Any) -> str:
    column, *values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"string_to_array({column}, '\\') && CAST(ARRAY[{', '.join(values)}] AS TEXT[])"


class IsAmong(FunctionElement[Any]):
    """Whether a column is one of many values, all in one parameter: a JSON array on SQLite, else a list.

    It has no type: SQLite would compare a truth value with 1, and look at every row.
    """

    type = sa.types.NullType()
    inherit_cache = True

    def __init__(self, column: sa.ColumnElement[Any], values: sa.BindParameter[Any]) -> None:
        super().__init__(column, values)
        self.array = "BIGINT[]" if isinstance(column.type, sa.Integer) else "TEXT[]"


@compiles(IsAmong, "sqlite")
def _in_json(element: IsAmong, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 (compiled clauses)


@compiles(IsAmong, "postgresql")
def _in_array(element: IsAmong, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY(CAST({values} AS {element.array}))"


def list_parameter(connection: sa.Connection, values: Sequence[int] | Sequence[str]) -> object:
    """Return what `IsAmong` is given for these numbers or texts."""
    return list(values) if connection.dialect.name == "postgresql" else orjson.dumps(list(values)).decode()


class NestedJoin(Join):
    """For each row on the left, those on the right: SQLite runs the join in the order in which it is written.

    Its planner knows nothing of how many rows a key leaves, and would rather look at all instances than at
    the few studies that match. CROSS JOIN is how SQLite is told; PostgreSQL keeps statistics and gets a plain
    join.
    """

    inherit_cache = True


@compiles(NestedJoin, "sqlite")
def _cross_join(join: NestedJoin, compiler: SQLCompiler, **options: Any) -> str:
    options["asfrom"] = True
    left, right = (compiler.process(side, **options) for side in (join.left, join.right))
    assert join.onclause is not None
    return f"{left} CROSS JOIN {right} ON {compiler.process(join.onclause, **options)}"
