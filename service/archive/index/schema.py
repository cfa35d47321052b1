"""The schema of the index, which exists only through the migrations in the folder of that name.

They are installed with this package and need no ini file: `upgrade` is all there is to call.
"""

import sqlalchemy as sa

from service.archive.index.database import create_engine
from service.installed import folder

HEAD = "0004"  # the newest revision in migrations/versions


def upgrade(url: str) -> None:
    """Bring the database to the newest schema; several processes may do so at the same time.

    Args:
        url: of the database, as SQLAlchemy takes it.
    """
    if _revision(url) == HEAD:
        return
    from alembic import command  # noqa: PLC0415 (to import it takes long, and most starts can do without)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(folder("migrations")).replace("%", "%%"))
    config.attributes["url"] = url
    command.upgrade(config, "head")


def _revision(url: str) -> str | None:
    """Return the revision of the schema that is there, None if there is none."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            revision: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
            return revision
    except sa.exc.DBAPIError:  # no such table; or no such database, which the upgrade will say
        return None
    finally:
        engine.dispose()
