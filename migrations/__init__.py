"""The schema of the index, which exists only through these migrations.

They are part of the installed package and need no ini file: `upgrade` is all there is to call.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config


def upgrade(url: str) -> None:
    """Bring the database to the newest schema; several processes may do so at the same time.

    Args:
        url: of the database, as SQLAlchemy takes it.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["url"] = url
    command.upgrade(config, "head")
