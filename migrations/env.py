"""Runs migrations, one process at a time, each time in a single transaction."""

import sqlalchemy as sa
from alembic import context

from service.archive.index.engine.engines import create_engine
from service.archive.index.schema.tables import metadata

_LOCK = 0x0D1C0_A1E  # any number, the same in every process


def _migrate(engine: sa.Engine) -> None:
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
        context.run_migrations()


_engine = create_engine(context.config.attributes["url"])
try:
    _migrate(_engine)
finally:
    _engine.dispose()
