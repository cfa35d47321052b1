"""Links that open one study: plain functions of a connection. Of their secrets only the SHA-256 is kept.

They go with their study, and when it is given to another tenant: whoever stores it again has shared nothing.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.archive.index.engine.locks import locking
from service.archive.index.schema.tables import links

_COLUMNS = (
    links.c.id,
    links.c.digest,
    links.c.study_instance_uid,
    links.c.made_by,
    links.c.maker,
    links.c.created,
    links.c.expires,
)
# Written once: building a statement costs more than running it.
_WITH_DIGESTS = sa.select(*_COLUMNS).where(links.c.digest.in_(sa.bindparam("digests", expanding=True)))


@dataclass(frozen=True, slots=True)
class Link:
    """One link.

    Attributes:
        key: of its row; 0 before it has one.
        digest: SHA-256 of its secret.
        study: UID of the study that it opens.
        made_by: the name of who made it, for people.
        maker: who made it, by what nobody else is called.
        created: seconds since 1970.
        expires: seconds since 1970.
    """

    key: int
    digest: bytes
    study: str
    made_by: str
    maker: str
    created: int
    expires: int


def links_with_digests(connection: sa.Connection, digests: Collection[bytes]) -> dict[bytes, Link]:
    """Return the links whose secrets have one of these SHA-256."""
    matches = map(_link, connection.execute(_WITH_DIGESTS, {"digests": list(digests)}))
    return {link.digest: link for link in matches}


def links_of(connection: sa.Connection, study: str, maker: str | None) -> list[Link]:
    """Return the links to a study in the order in which they were made: of one person, or all (None)."""
    rows = connection.execute(sa.select(*_COLUMNS).where(*_those(study, maker)).order_by(links.c.id))
    return list(map(_link, rows))


@locking(lambda link, _now: [link.study, "links"])
def add_link(connection: sa.Connection, link: Link, now: int) -> int:
    """Add a link, and return its key. Those that have expired go."""
    connection.execute(sa.delete(links).where(links.c.expires <= now))
    values = {
        "digest": link.digest,
        "study_instance_uid": link.study,
        "made_by": link.made_by,
        "maker": link.maker,
        "created": link.created,
        "expires": link.expires,
    }
    key: int = connection.scalars(sa.insert(links).values(values).returning(links.c.id)).one()
    return key


def remove_link(connection: sa.Connection, study: str, key: int, maker: str | None) -> bool:
    """Remove a link, and tell whether it was there, made by this person where one is named."""
    result = connection.execute(sa.delete(links).where(*_those(study, maker), links.c.id == key))
    return result.rowcount > 0


def remove_links(connection: sa.Connection, study: str) -> None:
    """Remove all links to a study."""
    connection.execute(sa.delete(links).where(links.c.study_instance_uid == study))


def _those(study: str, maker: str | None) -> list[sa.ColumnElement[bool]]:
    by = [] if maker is None else [links.c.maker == maker]
    return [links.c.study_instance_uid == study, *by]


def _link(row: Iterable[Any]) -> Link:
    return Link(*row)
