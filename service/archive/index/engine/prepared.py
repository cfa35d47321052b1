"""Statements on the path of every store and of most searches, compiled once, given to the driver as they are.

SQLAlchemy takes several times as long to pass such a statement on as the database takes to run it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa


class _Compiled(NamedTuple):
    """A statement in the words of one database.

    Attributes:
        text: of it.
        names: of the values, in the order in which the driver wants them; None if it wants their names.
        processors: of the values that the driver does not take as they are.
    """

    text: str
    names: Sequence[str] | None
    processors: Mapping[str, Callable[[Any], Any]]

    def parameters(self, values: Mapping[str, Any]) -> Mapping[str, Any] | Sequence[Any]:
        """Return values as the driver wants them."""
        if self.processors:
            values = {**values, **{name: process(values[name]) for name, process in self.processors.items()}}
        return values if self.names is None else [values[name] for name in self.names]


class Prepared:
    """A statement whose values have names, none of them a list that is written out.

    Args:
        statement: whose results the driver has to return as they are meant.
    """

    def __init__(self, statement: sa.ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: sa.Connection, values: Mapping[str, Any]) -> None:
        """Run the statement, whose result nobody wants.

        Raises:
            sqlalchemy.exc.DBAPIError: the database does not take it.
        """
        self._execute(connection, values)

    def run_each(self, connection: sa.Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run the statement with the values of each row, whose results nobody wants.

        Raises:
            sqlalchemy.exc.DBAPIError: the database does not take it.
        """
        compiled = self._in_words_of(connection.dialect)
        driver: Any = connection.connection.driver_connection
        try:
            driver.cursor().executemany(compiled.text, [compiled.parameters(values) for values in rows])
        except Exception as error:
            raise translated(connection, error, compiled.text) from error

    def rows(self, connection: sa.Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run the statement and return its rows.

        Raises:
            sqlalchemy.exc.DBAPIError: the database does not take it.
        """
        return self._execute(connection, values, fetch=True)

    def _execute(
        self, connection: sa.Connection, values: Mapping[str, Any], *, fetch: bool = False
    ) -> list[tuple[Any, ...]]:
        compiled = self._in_words_of(connection.dialect)
        driver: Any = connection.connection.driver_connection
        try:
            cursor = driver.execute(compiled.text, compiled.parameters(values))
            return cursor.fetchall() if fetch else []
        except Exception as error:
            raise translated(connection, error, compiled.text) from error

    def _in_words_of(self, dialect: sa.Dialect) -> _Compiled:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compiled(self._statement, dialect)
        return compiled


def inserting(table: sa.Table, **values: sa.ColumnElement[Any]) -> Prepared:
    """Return the statement that inserts a row with values for all columns but a key that is given out.

    Args:
        table: that gets the row.
        values: of columns for which the statement wants none, as it finds them out.
    """
    named = {
        column.name: sa.bindparam(column.name, type_=column.type)
        for column in table.columns
        if column is not table.autoincrement_column
    }
    return Prepared(sa.insert(table).values(named | values).inline())


def _compiled(statement: sa.ClauseElement, dialect: sa.Dialect) -> _Compiled:
    compiled: Any = statement.compile(dialect=dialect)
    takes_bytes = dialect.name == "sqlite"
    processors = {
        name: processor
        for name, bind in compiled.binds.items()
        if not (takes_bytes and isinstance(bind.type, sa.LargeBinary))
        and (processor := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
    }
    return _Compiled(str(compiled), compiled.positiontup, processors)


def translated(connection: sa.Connection, error: Exception, text: str) -> Exception:
    """Return a driver's error as SQLAlchemy tells it; a connection that was cut is not used again."""
    dialect = connection.dialect
    kind: Any = getattr(dialect.dbapi, "Error", None)
    if kind is None or not isinstance(error, kind):
        return error
    is_cut = dialect.is_disconnect(error, connection.connection.driver_connection, None)
    if is_cut:
        connection.invalidate(error)
    translated: Exception = sa.exc.DBAPIError.instance(
        text, None, error, kind, hide_parameters=True, connection_invalidated=is_cut, dialect=dialect
    )
    return translated
