"""Storage commitments that are asked for and not reported yet: PS3.4 J.

Whoever claims one moves its `due` on, and is alone with it until then. Times are microseconds since 1970.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
import sqlalchemy as sa

from service.archive.index.events.numbering import clock
from service.archive.index.schema.tables import RowKey, Text, metadata
from service.archive.instance import Named

_SECOND = 1_000_000
_FIRST_PAUSE, _LONGEST_PAUSE, _GIVEN_UP = 5 * _SECOND, 3600 * _SECOND, 86_400 * _SECOND

commitments = sa.Table(
    "commitments",
    metadata,
    sa.Column("id", RowKey, primary_key=True),
    sa.Column("peer", Text, nullable=False),  # its name
    sa.Column("transaction_uid", Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),  # JSON: [SOP class, SOP instance] each
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("due", sa.BigInteger, nullable=False, index=True),
    sa.Column("failures", sa.Integer, nullable=False),
)

# Written once: building a statement costs more than running it.
_MINE = commitments.c.id == sa.bindparam("key"), commitments.c.due == sa.bindparam("claimed")
_DUE = sa.select(commitments.c.id).where(commitments.c.due <= sa.bindparam("now")).limit(1)
_CLAIM = (
    sa.update(commitments)
    .where(commitments.c.id == _DUE.scalar_subquery(), commitments.c.due <= sa.bindparam("now"))
    .values(due=sa.bindparam("until"))
    .returning(*commitments.c)
)


@dataclass(frozen=True, slots=True)
class Commitment:
    """One that a peer has asked for.

    Attributes:
        key: of its row.
        peer: who has asked, by name.
        transaction_uid: by which they know it.
        instances: that they ask about.
        claimed: what proves that it is the caller's.
        created: when they asked.
        failures: of reports, one after the other.
    """

    key: int
    peer: str
    transaction_uid: str
    instances: Sequence[Named]
    claimed: int
    created: int
    failures: int = 0


def add_commitment(
    connection: sa.Connection, peer: str, transaction_uid: str, instances: Sequence[Named]
) -> None:
    """Add a commitment, which is due."""
    now = clock(connection)
    values = {
        "peer": peer,
        "transaction_uid": transaction_uid,
        "content": orjson.dumps([list(name) for name in instances]),
        "created": now,
        "due": now,
        "failures": 0,
    }
    connection.execute(sa.insert(commitments).values(**values))


def claim_commitment(connection: sa.Connection, seconds: float) -> Commitment | None:
    """Return one that is due, which is the caller's to report for some seconds; None if there is none."""
    now = clock(connection)
    row = connection.execute(_CLAIM, {"now": now, "until": now + int(seconds * _SECOND)}).one_or_none()
    if row is None:
        return None
    instances = [Named(*names) for names in orjson.loads(row.content)]
    return Commitment(row.id, row.peer, row.transaction_uid, instances, row.due, row.created, row.failures)


def remove_commitment(connection: sa.Connection, commitment: Commitment) -> None:
    """Forget a commitment that has been reported, if it is still the caller's."""
    names = {"key": commitment.key, "claimed": commitment.claimed}
    connection.execute(sa.delete(commitments).where(*_MINE), names)


def postpone_commitment(connection: sa.Connection, commitment: Commitment) -> bool:
    """Note that a commitment could not be reported; tell whether it is given up, after a day."""
    now = clock(connection)
    if now - commitment.created >= _GIVEN_UP:
        remove_commitment(connection, commitment)
        return True
    pause = min(_FIRST_PAUSE * 2 ** min(commitment.failures, 20), _LONGEST_PAUSE)
    names = {"key": commitment.key, "claimed": commitment.claimed}
    values = {"due": now + pause, "failures": commitment.failures + 1}
    connection.execute(sa.update(commitments).where(*_MINE).values(values), names)
    return False
