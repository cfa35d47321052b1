"""Webhooks in the index: who is called, how far they have come, and who calls them now.

Whoever claims one moves its `due` on and is alone with it until then: what they write later counts only as
long as nobody else has claimed it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.archive.index.events.numbering import clock, state_of
from service.archive.index.schema.feed_tables import webhooks
from service.scope import EVERYTHING, Scope

SECOND = 1_000_000  # microseconds
_DAY = 86_400 * SECOND
_FIRST_PAUSE, _LONGEST_PAUSE = 5 * SECOND, 3600 * SECOND

_COLUMNS = tuple(column for column in webhooks.c if column.name != "due")
# Written once: building a statement costs more than running it.
_DUE = sa.select(webhooks.c.id).where(
    webhooks.c.stopped.is_(None),
    webhooks.c.due <= sa.bindparam("now"),
    webhooks.c.position < sa.bindparam("last"),
)
_CLAIM = (
    sa.update(webhooks)
    .where(
        webhooks.c.id == sa.bindparam("key"),
        webhooks.c.stopped.is_(None),
        webhooks.c.due <= sa.bindparam("now"),
    )
    .values(due=sa.bindparam("until"))
)
_WITH_KEY = sa.select(*_COLUMNS).where(webhooks.c.id == sa.bindparam("key"))


@dataclass(frozen=True, slots=True)
class Webhook:
    """Somebody who is told of changes.

    Attributes:
        key: of its row.
        name: that people gave it.
        url: that is called.
        secret: by which calls are signed.
        tenant: of whose studies it is told; None for all.
        created: microseconds since 1970, as all times.
        position: the Sequence up to which it has been told.
        failures: one after the other.
        failing_since: the first of them.
        problem: of the last one.
        stopped: when it was given up; None if it holds.
    """

    key: int
    name: str
    url: str
    secret: str
    tenant: str | None
    created: int
    position: int
    failures: int = 0
    failing_since: int | None = None
    problem: str | None = None
    stopped: int | None = None

    @property
    def scope(self) -> Scope:
        """The studies that it is told of."""
        return EVERYTHING if self.tenant is None else Scope(frozenset({self.tenant}))


def add_webhook(connection: sa.Connection, name: str, url: str, secret: str, tenant: str | None) -> bool:
    """Add a webhook, which is told what comes from now on; tell whether its name was free."""
    if connection.scalar(sa.select(webhooks.c.id).where(webhooks.c.name == name)) is not None:
        return False
    now = clock(connection)
    values = {"name": name, "url": url, "secret": secret, "tenant": tenant, "created": now}
    last = state_of(connection).last
    connection.execute(sa.insert(webhooks).values(**values, position=last, due=now, failures=0))
    return True


def all_webhooks(connection: sa.Connection, scope: Scope) -> list[Webhook]:
    """Return the webhooks in the order in which they were made: of some tenants, or all."""
    rows = connection.execute(sa.select(*_COLUMNS).where(*_within(scope)).order_by(webhooks.c.id))
    return [Webhook(*row) for row in rows]


def remove_webhook(connection: sa.Connection, scope: Scope, name: str) -> bool:
    """Remove a webhook, and tell whether it was there."""
    result = connection.execute(sa.delete(webhooks).where(webhooks.c.name == name, *_within(scope)))
    return result.rowcount > 0


def resume_webhook(connection: sa.Connection, scope: Scope, name: str) -> bool:
    """Call a webhook again that was given up or has to wait, and tell whether it is there.

    It goes on where it was, or with the oldest change that is kept.
    """
    row = connection.execute(
        sa.select(webhooks.c.id, webhooks.c.position).where(webhooks.c.name == name, *_within(scope))
    ).one_or_none()
    if row is None:
        return False
    values = {
        "due": clock(connection),
        "failures": 0,
        "failing_since": None,
        "problem": None,
        "stopped": None,
        "position": max(row.position, state_of(connection).forgotten),
    }
    connection.execute(sa.update(webhooks).where(webhooks.c.id == row.id).values(values))
    return True


def due_webhooks(connection: sa.Connection) -> Sequence[int]:
    """Return the keys of webhooks that have something to be told, and that nobody calls."""
    last = state_of(connection).last
    return connection.scalars(_DUE, {"now": clock(connection), "last": last}).all()


def claim(connection: sa.Connection, key: int, seconds: float) -> tuple[Webhook, int] | None:
    """Return a webhook for the caller to call, and what proves it; None if somebody else does."""
    now = clock(connection)
    claimed = now + int(seconds * SECOND)
    result = connection.execute(_CLAIM, {"key": key, "now": now, "until": claimed})
    if not result.rowcount:
        return None
    return Webhook(*connection.execute(_WITH_KEY, {"key": key}).one()), claimed


def note_told(connection: sa.Connection, key: int, claimed: int, position: int, seconds: float) -> int | None:
    """Note how far a webhook has been told, and keep it for some seconds more.

    Returns:
        What proves that it is the caller's; None if it is not any more.
    """
    until = clock(connection) + int(seconds * SECOND)
    values = {"position": position, "due": until, "failures": 0, "failing_since": None, "problem": None}
    return until if _noted(connection, key, claimed, values) else None


def note_failure(
    connection: sa.Connection, webhook: Webhook, claimed: int, problem: str, *, is_final: bool
) -> bool:
    """Note that a webhook could not be told; tell whether it is given up: after a day, or if final."""
    now = clock(connection)
    since = webhook.failing_since or now
    is_over = is_final or now - since >= _DAY
    pause = min(_FIRST_PAUSE * 2 ** min(webhook.failures, 20), _LONGEST_PAUSE)
    values: dict[str, Any] = {
        "position": webhook.position,
        "due": now + pause,
        "failures": webhook.failures + 1,
        "failing_since": since,
        "problem": problem,
        "stopped": now if is_over else None,
    }
    return _noted(connection, webhook.key, claimed, values) and is_over


def backlog(connection: sa.Connection) -> dict[str, int]:
    """Return how far each webhook that is called lies behind, in changes."""
    last = state_of(connection).last
    rows = connection.execute(
        sa.select(webhooks.c.name, webhooks.c.position).where(webhooks.c.stopped.is_(None))
    )
    return {name: max(0, last - position) for name, position in rows}


def _noted(connection: sa.Connection, key: int, claimed: int, values: dict[str, Any]) -> bool:
    mine = webhooks.c.id == key, webhooks.c.due == claimed, webhooks.c.stopped.is_(None)
    return connection.execute(sa.update(webhooks).where(*mine).values(values)).rowcount > 0


def _within(scope: Scope) -> Sequence[sa.ColumnElement[bool]]:
    return () if scope.tenants is None else (webhooks.c.tenant.in_(sorted(scope.tenants)),)
