import subprocess
import sys

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from service.archive.index.schema import versions
from service.archive.index.schema.tables import metadata
from service.installed import folder

OF_ONE_DATABASE = {
    "ix_studies_search": "sqlite",
    "ix_studies_study_time": "postgresql",
    "ix_studies_modalities": "postgresql",
}


@pytest.mark.filterwarnings("ignore:autogenerate skipping")  # an index that SQLite does not get
def test_the_migrations_make_exactly_the_tables_the_archive_knows(connection: sa.Connection) -> None:
    def is_of_this_database(_thing: object, name: str | None, *_: object) -> bool:
        return OF_ONE_DATABASE.get(name or "", connection.dialect.name) == connection.dialect.name

    options = {"compare_type": True, "include_object": is_of_this_database}
    context = MigrationContext.configure(connection, opts=options)

    differences = compare_metadata(context, metadata)

    assert differences == []


def test_a_database_that_is_said_to_be_new_has_the_newest_schema(connection: sa.Connection) -> None:
    newest = ScriptDirectory(str(folder("migrations"))).get_current_head()

    version = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))

    assert versions.HEAD == newest == version


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_processes_that_migrate_at_the_same_time_do_not_disturb_each_other(
    database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = _empty_database(database, request, tmp_path_factory)
    module = "service.archive.index.schema.versions"
    command = [sys.executable, "-c", f"from {module} import upgrade; upgrade({url!r})"]

    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]

    outcomes = [process.communicate()[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outcomes


def _empty_database(
    database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> str:
    if database == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('empty') / 'index.db'}"
    server = sa.make_url(request.getfixturevalue("postgresql_server"))
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE empty"))
    engine.dispose()
    return server.set(database="empty").render_as_string(hide_password=False)
