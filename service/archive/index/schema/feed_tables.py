"""Tables of what has changed, and of who is told: the change feed, and webhooks.

A row of `changes` is what one transaction did to one study. It is written in that transaction, without a
place in the feed. Whoever reads the feed first gives all rows that are there by then the next Sequences, one
after the other: so a change that is committed late comes late, and never before one that was read already.
"""

import sqlalchemy as sa

from service.archive.index.schema.tables import RowKey, Text, metadata

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("id", RowKey, primary_key=True),
    sa.Column("first", sa.BigInteger, index=True),  # Sequence of its first change; NULL: it has none yet
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("time", sa.BigInteger, index=True),  # microseconds since 1970, ascending with `first`
    sa.Column("study_instance_uid", Text, nullable=False),
    sa.Column("tenant", Text),  # whose the study was
    sa.Column("content", sa.LargeBinary),  # JSON: [series, instance, action, version] each; NULL: it is quiet
)

feed = sa.Table(
    "feed",
    metadata,
    sa.Column("id", RowKey, primary_key=True),  # a single row: who holds it gives out Sequences
    sa.Column("last", sa.BigInteger, nullable=False),  # Sequence that was given out last
    sa.Column("forgotten", sa.BigInteger, nullable=False),  # the last one that is not kept any more
    sa.Column("time", sa.BigInteger, nullable=False),
)

restless = sa.Table(
    "restless",
    metadata,
    sa.Column("study_instance_uid", Text, primary_key=True),  # it has changed, and is not quiet yet
    sa.Column("due", sa.BigInteger, nullable=False, index=True),
)

webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("id", RowKey, primary_key=True),
    sa.Column("name", Text, nullable=False, unique=True),
    sa.Column("url", Text, nullable=False),
    sa.Column("secret", Text, nullable=False),
    sa.Column("tenant", Text),  # whose studies it is told of; NULL: of all
    sa.Column("created", sa.BigInteger, nullable=False),  # microseconds since 1970, as all times here
    sa.Column("position", sa.BigInteger, nullable=False),  # Sequence up to which it has been told
    sa.Column("due", sa.BigInteger, nullable=False),  # until then it is somebody's, or has to wait
    sa.Column("failures", sa.Integer, nullable=False),  # one after the other
    sa.Column("failing_since", sa.BigInteger),
    sa.Column("problem", Text),  # of the last failure
    sa.Column("stopped", sa.BigInteger),  # nothing is tried any more
)

FEED_TABLES = frozenset({changes, feed, restless, webhooks})
"""None of them can be made again from the files."""
