"""Many rows as the driver has them: to make an object of SQLAlchemy for each takes as long as to read it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from service.archive.index.engine.prepared import translated

Row = tuple[Any, ...]


def rows_of(connection: sa.Connection, statement: sa.Select[Any], values: Mapping[str, Any]) -> Sequence[Row]:
    """Return all rows.

    Raises:
        sqlalchemy.exc.DBAPIError: the database does not give them.
    """
    with _cursor(connection, connection.execute(statement, values)) as cursor:
        rows: Sequence[Row] = cursor.fetchall()
    return rows


def portions_of(connection: sa.Connection, statement: sa.Select[Any], size: int) -> Iterator[Sequence[Row]]:
    """Yield all rows, up to so many at a time; PostgreSQL keeps them meanwhile, and has objects made of them.

    Raises:
        sqlalchemy.exc.DBAPIError: the database does not give them.
    """
    if connection.dialect.name == "postgresql":
        yield from connection.execute(statement, execution_options={"yield_per": size}).partitions()
        return
    with _cursor(connection, connection.execute(statement)) as cursor:
        while portion := cursor.fetchmany(size):
            yield portion


@contextmanager
def _cursor(connection: sa.Connection, result: sa.CursorResult[Any]) -> Iterator[Any]:
    try:
        yield result.cursor
    except Exception as error:
        raise translated(connection, error, "fetching rows") from error
    finally:
        result.close()
