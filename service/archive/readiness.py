"""Whether the archive can work just now: the index answers, and a file can be written."""

import sqlalchemy as sa

from service.archive import Archive
from service.archive.index.tables import studies
from service.errors import Unavailable


def check(archive: Archive) -> None:
    """Return if index and files can be used. Blocks: call it in a worker thread.

    Raises:
        Unavailable: one of them cannot.
    """
    archive.index.read_now(_read_a_row)
    archive.blobs.check()


def _read_a_row(connection: sa.Connection) -> None:
    try:
        connection.execute(sa.select(studies.c.id).limit(1))
    except sa.exc.ProgrammingError as error:
        raise Unavailable("the index has no tables yet: run migrate") from error
