"""The schema of the index, which exists only through the migrations in the folder of that name.

They are installed with this package and need no ini file: `upgrade` is all there is to call.
"""

from pathlib import Path

import sqlalchemy as sa

from service.archive.index.engine.database import BROKEN
from service.archive.index.engine.engines import create_engine
from service.archive.index.schema.tables import metadata
from service.errors import Unavailable
from service.installed import folder

HEAD = "0012"  # the newest revision in migrations/versions


class BrokenIndex(Unavailable):
    """The index cannot be used as it is; the message names it and says what helps."""


def upgrade(url: str) -> None:
    """Bring the database to the newest schema; several processes may do so at the same time.

    Args:
        url: of the database, as SQLAlchemy takes it.

    Raises:
        BrokenIndex: it is no database any more, or has a schema that this version does not know.
    """
    if revision(url) == HEAD:
        return
    from alembic import command  # noqa: PLC0415 (to import it takes long, and most starts can do without)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(folder("migrations")).replace("%", "%%"))
    config.attributes["url"] = url
    command.upgrade(config, "head")


def revision(url: str, *, thorough: bool = False) -> str | None:
    """Return the revision of the schema that is there, None if there is none.

    Args:
        url: of the database.
        thorough: look at all of an SQLite file, not only at its beginning.

    Raises:
        BrokenIndex: it is no database any more, or has a schema that this version does not know.
    """
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            found = _revision(connection)
            if thorough and engine.dialect.name == "sqlite":
                _check_pages(connection, url)
    except BROKEN as error:
        if type(error) not in BROKEN:
            raise
        raise _broken(url, str(error.orig)) from error
    finally:
        engine.dispose()
    if found is not None and found not in _known():
        raise BrokenIndex(
            f"the index {place(url)} has schema {found}, this version knows up to {HEAD}: install the "
            "version that made it, or run dicomweb-service reindex to make it anew"
        )
    return found


def discard(url: str) -> None:
    """Take an index that cannot be used out of the way: an SQLite file gets another name, tables go."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        path = Path(parsed.database or "")
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        path.rename(path.with_name(path.name + ".broken"))
        return
    engine = create_engine(url)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        connection.execute(sa.text("DROP TABLE IF EXISTS alembic_version"))
    engine.dispose()


def place(url: str) -> str:
    """Return where a database is, for a message: the path of its file, or its URL without the password."""
    parsed = sa.make_url(url)
    is_file = parsed.get_backend_name() == "sqlite"
    return parsed.database or "" if is_file else parsed.render_as_string(hide_password=True)


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def _check_pages(connection: sa.Connection, url: str) -> None:
    finding = connection.scalar(sa.text("PRAGMA quick_check(1)"))
    if finding != "ok":
        raise _broken(url, "its pages contradict each other")


def _broken(url: str, reason: str) -> BrokenIndex:
    return BrokenIndex(
        f"the index {place(url)} is broken ({reason}): run dicomweb-service reindex to make it again "
        "from the files"
    )


def _known() -> set[str]:
    return {path.name[: len(HEAD)] for path in (folder("migrations") / "versions").glob("*.py")}
