"""Engines, on which transactions mean the same on SQLite and PostgreSQL."""

import sqlite3
from typing import Any

import sqlalchemy as sa

CONNECTIONS = 10
PATIENCE = 30  # seconds, for a connection or a lock
_DEAD_AFTER = {  # of a server that is gone without a word, with its machine or the network; for libpq
    "connect_timeout": "5",  # seconds
    "tcp_user_timeout": "5000",  # milliseconds that what was sent may not be acknowledged, not answered
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
}
_PREPARE = "prepare_threshold"  # "none" in a URL: of poolers that give each transaction another connection
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a commit is on disk before it is acknowledged
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {PATIENCE * 1000}",
    "PRAGMA case_sensitive_like = ON",  # as on PostgreSQL
    "PRAGMA cache_size = -8192",
    "PRAGMA temp_store = MEMORY",
)


def create_engine(url: str, connections: int = CONNECTIONS) -> sa.Engine:
    """Return an engine whose transactions mean the same on SQLite and PostgreSQL."""
    parsed = sa.make_url(url)
    arguments: dict[str, object] = {}
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg", query={**_DEAD_AFTER, **parsed.query})
        if parsed.query.get(_PREPARE) == "none":
            parsed, arguments = parsed.difference_update_query([_PREPARE]), {_PREPARE: None}
    engine = sa.create_engine(
        parsed,
        connect_args=arguments,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=PATIENCE,
        pool_use_lifo=True,  # the one used last has pages and plans in memory
        hide_parameters=True,  # they belong to patients, and errors are logged
    )
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _open_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _open_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; `_begin_sqlite` does
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin_sqlite(connection: sa.Connection) -> None:
    statement = "BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN"
    driver: Any = connection.connection.driver_connection
    try:
        driver.execute(statement)  # at a fifth of what SQLAlchemy takes to pass it on
    except sqlite3.Error as error:
        raise getattr(sa.exc, type(error).__name__)(statement, None, error) from error
