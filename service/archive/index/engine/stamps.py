"""Whether anything has been written since: a stamp is the same only as long as nothing has."""

from collections.abc import Hashable

import sqlalchemy as sa

from service.archive.index.engine.database import Database

_SNAPSHOT = sa.select(sa.cast(sa.func.pg_current_snapshot(), sa.Text))


async def stamp_of(index: Database) -> Hashable:
    """Return what is another one once anything has been written, by whomever; None where nobody knows."""
    return index.moment() if index.reads_at_once else await index.read(_snapshot)


def _snapshot(connection: sa.Connection) -> str | None:
    """Return which transactions can be seen: as long as these are the same, so is all that is read."""
    return connection.scalar(_SNAPSHOT)
