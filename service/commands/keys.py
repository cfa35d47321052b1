"""What `dicomweb-service key` does: add, list and revoke the keys of programs."""

from datetime import UTC, datetime
from time import time

from rich.console import Console
from rich.table import Table

from service.access.keys import digest_of, new_secret
from service.archive.index.engine.database import Database
from service.archive.index.engine.witness import noted
from service.archive.index.owners.keys import Key, add_key, all_keys, revoke_key
from service.audit.event import Action
from service.audit.ledger import Ledger
from service.errors import BadRequest
from service.permissions import Roles, is_name


def add(
    index: Database,
    roles: Roles,
    name: str,
    names: tuple[str, ...],
    tenant: str | None,
    seconds: int | None,
    ledger: Ledger | None = None,
) -> str:
    """Make a key, and return it: it is never to be had again.

    Args:
        index: that keeps it.
        roles: those there are.
        name: of whom it is for.
        names: of the roles it has.
        tenant: whose studies it leads to; None for all.
        seconds: until it expires; None for never.
        ledger: notes it; None without an audit.

    Raises:
        BadRequest: there is one of that name, or no such role.
    """
    for role in names:
        if role not in roles:
            raise BadRequest(f"no role {role}: there are {', '.join(sorted(roles))}")
    for text in (name, tenant):
        if text is not None and not is_name(text):
            raise BadRequest("a name has 1 to 100 letters, digits, blanks and . _ @ + -")
    secret, now = new_secret(), int(time())
    expires = None if seconds is None else now + seconds
    key = Key(name, digest_of(secret), names, tenant, now, expires, None)
    details = {"key": name, "roles": list(names), "tenant": tenant, "keyExpires": expires}
    note = ledger.noting(Action.MAKE_KEY, None, details) if ledger else None
    if not index.write_now(noted(add_key, note), key):
        raise BadRequest(f"there is a key of the name {name}: revoke it first, or take another name")
    return secret


def show(index: Database) -> None:
    """Print all keys, without what they are."""
    table = Table("name", "roles", "tenant", "made", "expires", "state")
    for key in index.read_now(all_keys):
        table.add_row(
            key.name,
            ", ".join(key.roles),
            key.tenant or "",
            _day(key.created),
            _day(key.expires),
            _state(key),
        )
    Console().print(table)


def revoke(index: Database, name: str, ledger: Ledger | None = None) -> None:
    """Revoke a key: it holds no longer than a second more.

    Raises:
        BadRequest: there is none of that name, or it is revoked.
    """
    note = ledger.noting(Action.REVOKE_KEY, None, {"key": name}) if ledger else None
    if not index.write_now(noted(revoke_key, note), name, int(time())):
        raise BadRequest(f"no key of the name {name} holds")


def _state(key: Key) -> str:
    if key.revoked is not None:
        return f"revoked {_day(key.revoked)}"
    return "expired" if key.expires is not None and key.expires <= time() else "holds"


def _day(seconds: int | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
