"""Studies that are to be sent to peers, and how far that has come.

Whoever claims one moves its `due` on, and is alone with it until then. Times are microseconds since 1970.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import sqlalchemy as sa

from service.archive.index.events.numbering import clock
from service.archive.index.schema.tables import RowKey, Text, metadata

WAITING, SENDING, SENT, FAILED = "waiting", "sending", "sent", "failed"
"""States of a sending."""

_SECOND = 1_000_000
_FIRST_PAUSE, _LONGEST_PAUSE, _GIVEN_UP = 5 * _SECOND, 3600 * _SECOND, 86_400 * _SECOND
_KEPT = 30 * 86_400 * _SECOND  # that are finished
_MOST_SHOWN = 100

sendings = sa.Table(
    "sendings",
    metadata,
    sa.Column("id", RowKey, primary_key=True),
    sa.Column("study_instance_uid", Text, nullable=False, index=True),
    sa.Column("peer", Text, nullable=False),  # its name
    sa.Column("state", Text, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
    sa.Column("due", sa.BigInteger, index=True),  # NULL: it is finished
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("instances", sa.Integer, nullable=False),
    sa.Column("completed", sa.Integer, nullable=False),
    sa.Column("warnings", sa.Integer, nullable=False),
    sa.Column("failed", sa.Integer, nullable=False),
    sa.Column("rest", sa.LargeBinary),  # JSON: SOP Instance UIDs that are to be sent; NULL: all
    sa.Column("problem", Text),
)

# Written once: building a statement costs more than running it.
_MINE = sendings.c.id == sa.bindparam("key"), sendings.c.due == sa.bindparam("claimed")
_DUE = sa.select(sendings.c.id).where(sendings.c.due <= sa.bindparam("now")).limit(1)
_CLAIM = (
    sa.update(sendings)
    .where(sendings.c.id == _DUE.scalar_subquery(), sendings.c.due <= sa.bindparam("now"))
    .values(due=sa.bindparam("until"), state=SENDING)
    .returning(*sendings.c)
)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many instances went, and how.

    Attributes:
        instances: that there were.
        completed: that the peer has.
        warnings: of these, those of which it warned.
        failed: that it will not have.
    """

    instances: int = 0
    completed: int = 0
    warnings: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Sending:
    """A study that is to be sent to a peer, or was.

    Attributes:
        key: of its row.
        study: its UID.
        peer: to whom, by name.
        state: one of those above.
        created: when it was asked for.
        changed: when something was noted of it.
        due: when it is tried; to whoever has claimed it, the proof that it is theirs; None for no more.
        failures: that made it wait, one after the other.
        tally: of its instances.
        rest: SOP Instance UIDs that are still to be sent; None for all.
        problem: the last one.
    """

    key: int
    study: str
    peer: str
    state: str
    created: int
    changed: int
    due: int | None
    failures: int
    tally: Tally
    rest: frozenset[str] | None
    problem: str | None


def add_sending(connection: sa.Connection, study: str, peer: str, lease: float = 0) -> Sending:
    """Add a sending, which is due; with a lease in seconds it is the caller's for so long."""
    now = clock(connection)
    connection.execute(sa.delete(sendings).where(sendings.c.due.is_(None), sendings.c.changed < now - _KEPT))
    values = {
        "study_instance_uid": study,
        "peer": peer,
        "state": SENDING if lease else WAITING,
        "created": now,
        "changed": now,
        "due": now + int(lease * _SECOND),
        **dict.fromkeys(("failures", "instances", "completed", "warnings", "failed"), 0),
    }
    return _sending(connection.execute(sa.insert(sendings).values(values).returning(*sendings.c)).one())


def sendings_of(connection: sa.Connection, study: str) -> list[Sending]:
    """Return those of a study that are kept, newest first."""
    of_study = sa.select(sendings).where(sendings.c.study_instance_uid == study)
    rows = connection.execute(of_study.order_by(sendings.c.id.desc()).limit(_MOST_SHOWN))
    return list(map(_sending, rows))


def any_due(connection: sa.Connection) -> bool:
    """Tell whether one is due, without writing anything."""
    return connection.execute(_DUE, {"now": clock(connection)}).first() is not None


def claim_sending(connection: sa.Connection, seconds: float) -> Sending | None:
    """Return one that is due, which is the caller's for some seconds; None if there is none."""
    now = clock(connection)
    row = connection.execute(_CLAIM, {"now": now, "until": now + int(seconds * _SECOND)}).one_or_none()
    return None if row is None else _sending(row)


def note_progress(connection: sa.Connection, sending: Sending, tally: Tally, seconds: float) -> Sending:
    """Note how far a sending has come, and keep it for some seconds more."""
    now = clock(connection)
    until = now + int(seconds * _SECOND)
    if not _change(connection, sending, tally, due=until, changed=now):
        return sending
    return replace(sending, due=until, tally=tally)


def finish_sending(
    connection: sa.Connection, sending: Sending, tally: Tally, problem: str | None = None
) -> None:
    """Note that a sending is over: it failed if any of its instances did, or for a problem of its own."""
    state = FAILED if tally.failed or problem else SENT
    _change(
        connection,
        sending,
        tally,
        due=None,
        changed=clock(connection),
        state=state,
        rest=None,
        problem=problem,
    )


def postpone_sending(
    connection: sa.Connection, sending: Sending, tally: Tally, rest: Collection[str] | None, problem: str
) -> None:
    """Note that a sending has to be tried again, or that it is given up, after a day.

    Args:
        connection: to the index.
        sending: that is the caller's.
        tally: of its instances.
        rest: SOP Instance UIDs of those that are to be sent again; None for all.
        problem: why.
    """
    now = clock(connection)
    if now - sending.created >= _GIVEN_UP:
        finish_sending(connection, sending, tally, problem)
        return
    pause = min(_FIRST_PAUSE * 2 ** min(sending.failures, 20), _LONGEST_PAUSE)
    _change(
        connection,
        sending,
        tally,
        due=now + pause,
        changed=now,
        state=WAITING,
        failures=sending.failures + 1,
        rest=None if rest is None else orjson.dumps(sorted(rest)),
        problem=problem,
    )


def _change(connection: sa.Connection, sending: Sending, tally: Tally, **values: object) -> bool:
    counts = {
        "instances": tally.instances,
        "completed": tally.completed,
        "warnings": tally.warnings,
        "failed": tally.failed,
    }
    statement = sa.update(sendings).where(*_MINE).values({**counts, **values})
    return connection.execute(statement, {"key": sending.key, "claimed": sending.due}).rowcount == 1


def _sending(row: Sequence[Any]) -> Sending:
    key, study, peer, state, created, changed, due, failures, *counts, rest, problem = row
    names = None if rest is None else frozenset(orjson.loads(rest))
    return Sending(key, study, peer, state, created, changed, due, failures, Tally(*counts), names, problem)
