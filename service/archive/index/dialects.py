"""Finding a value in a list that is kept as text, each value between two backslashes.

PostgreSQL has an index of the values; SQLite looks through the text, of which its own index has all there is.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class ListsAny(FunctionElement[bool]):
    """Whether the list that is kept in a column has one of some values."""

    type = sa.Boolean()
    inherit_cache = True

    def __init__(self, column: sa.ColumnElement[str], values: Iterable[str]) -> None:
        super().__init__(column, *values)


@compiles(ListsAny, "sqlite")
def _look_through(element: ListsAny, compiler: SQLCompiler, **options: Any) -> str:
    column, *values = (compiler.process(one, **options) for one in element.clauses)
    return "(" + " OR ".join(f"instr({column}, '\\' || {value} || '\\') > 0" for value in values) + ")"


@compiles(ListsAny, "postgresql")
def _overlap(element: ListsAny, compiler: SQLCompiler, **options: Any) -> str:
    column, *values = (compiler.process(one, **options) for one in element.clauses)
    return f"string_to_array({column}, '\\') && CAST(ARRAY[{', '.join(values)}] AS TEXT[])"
