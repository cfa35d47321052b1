"""API keys: plain functions of a connection. The keys themselves are nowhere, only their SHA-256."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.archive.index.engine.locks import locking
from service.archive.index.schema.tables import api_keys

_COLUMNS = (
    api_keys.c.name,
    api_keys.c.digest,
    api_keys.c.roles,
    api_keys.c.tenant,
    api_keys.c.created,
    api_keys.c.expires,
    api_keys.c.revoked,
)
# Written once: building a statement costs more than running it.
_WITH_DIGESTS = sa.select(*_COLUMNS).where(api_keys.c.digest.in_(sa.bindparam("digests", expanding=True)))


@dataclass(frozen=True, slots=True)
class Key:
    """One API key.

    Attributes:
        name: of whom it was made for.
        digest: SHA-256 of the key.
        roles: that it has.
        tenant: to whose studies it leads, and whose the studies are that it stores; None for all, and nobody.
        created: seconds since 1970.
        expires: seconds since 1970; None for never.
        revoked: seconds since 1970; None if it holds.
    """

    name: str
    digest: bytes
    roles: tuple[str, ...]
    tenant: str | None
    created: int
    expires: int | None
    revoked: int | None


def keys_with_digests(connection: sa.Connection, digests: Collection[bytes]) -> dict[bytes, Key]:
    """Return the keys that have one of these SHA-256."""
    keys = map(_key, connection.execute(_WITH_DIGESTS, {"digests": list(digests)}))
    return {key.digest: key for key in keys}


def all_keys(connection: sa.Connection) -> list[Key]:
    """Return all keys, in the order in which they were made."""
    return list(map(_key, connection.execute(sa.select(*_COLUMNS).order_by(api_keys.c.id))))


@locking(lambda key: [f"key {key.name}"])
def add_key(connection: sa.Connection, key: Key) -> bool:
    """Add a key, and tell whether that could be: another one of its name that holds prevents it."""
    if connection.scalar(sa.select(api_keys.c.id).where(*_holding(key.name))) is not None:
        return False
    values = {name: getattr(key, name) for name in Key.__slots__}
    connection.execute(sa.insert(api_keys).values(values | {"roles": ",".join(key.roles)}))
    return True


@locking(lambda name, _now: [f"key {name}"])
def revoke_key(connection: sa.Connection, name: str, now: int) -> bool:
    """Revoke the key of this name, and tell whether there was one that held."""
    result = connection.execute(sa.update(api_keys).where(*_holding(name)).values(revoked=now))
    return result.rowcount > 0


def _holding(name: str) -> tuple[sa.ColumnElement[bool], ...]:
    return api_keys.c.name == name, api_keys.c.revoked.is_(None)


def _key(row: Iterable[Any]) -> Key:
    name, digest, roles, *rest = row
    return Key(name, digest, tuple(filter(None, roles.split(","))), *rest)
