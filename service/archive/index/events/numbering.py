"""Sequences for changes that have none yet, and studies that have become quiet: by one process at a time.

Whoever holds the row of `feed` gives them out. What is committed later gets later ones, whatever the order in
which transactions have begun; two changes of one instance are in the order of their rows, because the second
waited for the first. Times ascend with Sequences: a time window that is over has no more to come.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from time import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from service.archive.index.lookups.doomed import portions
from service.archive.index.schema.feed_tables import changes, feed, restless
from service.archive.index.schema.tables import studies

_ROW = 1
_MOST = 10_000  # rows that are numbered in one transaction
_MOST_QUIET = 500

# Written once: building a statement costs more than running it.
_STATE = sa.select(feed.c.last, feed.c.forgotten, feed.c.time).where(feed.c.id == _ROW)
_HELD = _STATE.with_for_update()
_WAITING = (
    sa.select(changes.c.id, sa.func.sum(changes.c.count).over(order_by=changes.c.id).label("so_far"))
    .where(changes.c.first.is_(None))
    .order_by(changes.c.id)
    .limit(_MOST)
    .subquery()
)
_ANY_WAITING = sa.select(changes.c.id).where(changes.c.first.is_(None)).limit(1)
_NUMBER = (
    sa.update(changes)
    .where(changes.c.id == _WAITING.c.id)
    .values(
        first=sa.bindparam("last_one") + _WAITING.c.so_far - changes.c.count + 1, time=sa.bindparam("now")
    )
    .returning(changes.c.count, changes.c.study_instance_uid)
)
_DUE = (
    sa.select(restless.c.study_instance_uid)
    .where(restless.c.due <= sa.bindparam("now"))
    .order_by(restless.c.due)
    .limit(_MOST_QUIET)
)
_SETTLED = sa.delete(restless).where(
    restless.c.study_instance_uid.in_(sa.bindparam("studies", expanding=True))
)
_TENANTS = sa.select(studies.c.study_instance_uid, studies.c.tenant).where(
    studies.c.study_instance_uid.in_(sa.bindparam("studies", expanding=True))
)
_CLOCK = sa.select(sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()) * 1_000_000, sa.BigInteger))


@dataclass(frozen=True, slots=True)
class FeedState:
    """How far the feed goes.

    Attributes:
        last: the Sequence that was given out last; 0 before the first.
        forgotten: the last one that is not kept any more; 0 if all are.
        time: of the last, in microseconds since 1970.
    """

    last: int = 0
    forgotten: int = 0
    time: int = 0


def state_of(connection: sa.Connection) -> FeedState:
    """Return how far the feed goes."""
    row = connection.execute(_STATE).one_or_none()
    return FeedState(*row) if row else FeedState()


def clock(connection: sa.Connection) -> int:
    """Return the time in microseconds since 1970: of the database's machine, where several may differ."""
    if connection.dialect.name == "postgresql":
        return int(connection.scalar(_CLOCK) or 0)
    return int(time() * 1_000_000)


def has_work(connection: sa.Connection) -> bool:
    """Tell whether a change has no Sequence yet, or a study has become quiet."""
    if connection.execute(_ANY_WAITING).first() is not None:
        return True
    return connection.execute(_DUE, {"now": clock(connection)}).first() is not None


def number(connection: sa.Connection, quiet_microseconds: int) -> None:
    """Give Sequences to changes that have none yet, and tell of studies that have become quiet.

    Args:
        connection: in a writing transaction.
        quiet_microseconds: after which a study that has not changed is quiet.
    """
    state = _hold(connection)
    now = max(clock(connection), state.time)
    numbered = connection.execute(_NUMBER, {"last_one": state.last, "now": now}).all()
    last = state.last + sum(count for count, _ in numbered)
    _disturb(connection, {study for _, study in numbered}, now + quiet_microseconds)
    last += _tell_quiet(connection, last, now)
    connection.execute(sa.update(feed).where(feed.c.id == _ROW).values(last=last, time=now))


def forget(connection: sa.Connection, microseconds: int) -> None:
    """Forget changes that are older than this."""
    state = _hold(connection)
    old = changes.c.time < clock(connection) - microseconds
    newest = connection.scalar(sa.select(sa.func.max(changes.c.first + changes.c.count - 1)).where(old))
    if newest is None:
        return
    connection.execute(sa.delete(changes).where(old))
    forgotten = max(state.forgotten, newest)
    connection.execute(sa.update(feed).where(feed.c.id == _ROW).values(forgotten=forgotten))


def _hold(connection: sa.Connection) -> FeedState:
    """Return how far the feed goes, for this transaction alone to change."""
    row: Any = connection.execute(_HELD).one_or_none()
    if row is None:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        first = insert(feed).values(id=_ROW, last=0, forgotten=0, time=0)
        connection.execute(first.on_conflict_do_nothing())
        row = connection.execute(_HELD).one()
    return FeedState(*row)


def _disturb(connection: sa.Connection, uids: Collection[str], due: int) -> None:
    """Let studies be quiet no sooner than at a moment."""
    for portion in portions(sorted(uids)):
        connection.execute(_SETTLED, {"studies": portion})
        connection.execute(
            sa.insert(restless), [{"study_instance_uid": study, "due": due} for study in portion]
        )


def _tell_quiet(connection: sa.Connection, last: int, now: int) -> int:
    """Tell of studies that are quiet now, and still here; return how many."""
    due: Sequence[str] = connection.scalars(_DUE, {"now": now}).all()
    if not due:
        return 0
    connection.execute(_SETTLED, {"studies": due})
    rows = [
        {"first": place, "count": 1, "time": now, "study_instance_uid": study, "tenant": tenant}
        for place, (study, tenant) in enumerate(connection.execute(_TENANTS, {"studies": due}), last + 1)
    ]
    if rows:
        connection.execute(sa.insert(changes), rows)
    return len(rows)
