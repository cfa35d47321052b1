"""A join that SQLite runs in the order in which it is written.

Its planner knows nothing of how many rows a key leaves, and would rather look at all instances than at the
few studies that match. CROSS JOIN is how SQLite is told; PostgreSQL keeps statistics and gets a plain join.
"""

from typing import Any

from sqlalchemy import Join
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler


class NestedJoin(Join):
    """For each row on the left, those on the right."""

    inherit_cache = True


@compiles(NestedJoin, "sqlite")
def _cross_join(join: NestedJoin, compiler: SQLCompiler, **options: Any) -> str:
    options["asfrom"] = True
    left, right = (compiler.process(side, **options) for side in (join.left, join.right))
    assert join.onclause is not None
    return f"{left} CROSS JOIN {right} ON {compiler.process(join.onclause, **options)}"
