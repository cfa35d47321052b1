"""What nobody else may write at the same time: the studies that a write is about, or whatever it names.

A writing function says so of its own arguments, where it is written, so that nobody who calls it can forget.
SQLite has one writer at a time in any case. On PostgreSQL each name is an advisory lock of the transaction,
whichever process it is in, and a write that touches no study has none. Within a study, a write may so look
something up and then act on it; what is looked up of other studies may be another thing at the commit.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, ParamSpec, TypeVar

import sqlalchemy as sa

from service.archive.index.engine.inline_reads import IndexFunction

P = ParamSpec("P")
T = TypeVar("T")

EVERYTHING = "*"
"""The name that lets all other writes wait."""

_KEPT = 4096
_ALL = 0x0D1C0_3EB  # held by every writer, together with others or alone

_ALONE = sa.text("SELECT pg_advisory_xact_lock(:all)")
_BESIDE_OTHERS = sa.text("SELECT pg_advisory_xact_lock_shared(:all)")
_OF_NAMES = sa.text(
    "SELECT pg_advisory_xact_lock_shared(:all), "
    "(SELECT count(pg_advisory_xact_lock(key)) FROM unnest(CAST(:keys AS bigint[])) AS key)"
)
_locks: dict[object, Callable[..., Iterable[str]]] = {}


def locking(names: Callable[..., Iterable[str]]) -> Callable[[IndexFunction[P, T]], IndexFunction[P, T]]:
    """Let a writing function hold locks while it writes.

    Args:
        names: of the locks, told by the function's arguments but for the connection.
    """

    def decorate(function: IndexFunction[P, T]) -> IndexFunction[P, T]:
        _locks[function] = names
        return function

    return decorate


def locks_of(function: object, args: Sequence[Any], kwargs: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the locks that a writing function wants for these arguments."""
    names = _locks.get(getattr(function, "__wrapped__", function))
    return frozenset(names(*args, **kwargs)) if names else frozenset()


def take_locks(connection: sa.Connection, names: Collection[str]) -> None:
    """Wait until nobody else has these locks, in one order for all; they go with the transaction."""
    if connection.dialect.name != "postgresql":
        return
    if EVERYTHING in names:
        connection.execute(_ALONE, {"all": _ALL})
    elif names:
        connection.execute(_OF_NAMES, {"all": _ALL, "keys": sorted(map(_key, names))})
    else:
        connection.execute(_BESIDE_OTHERS, {"all": _ALL})


@lru_cache(_KEPT)
def _key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)
