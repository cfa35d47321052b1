"""What has changed, and who is told of it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_RowKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "changes",
        sa.Column("id", _RowKey, nullable=False),
        sa.Column("first", sa.BigInteger),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("time", sa.BigInteger),
        sa.Column("study_instance_uid", _Text, nullable=False),
        sa.Column("tenant", _Text),
        sa.Column("content", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
    )
    op.create_index("ix_changes_first", "changes", ["first"])
    op.create_index("ix_changes_time", "changes", ["time"])
    op.create_table(
        "feed",
        sa.Column("id", _RowKey, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("forgotten", sa.BigInteger, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feed"),
    )
    op.execute("INSERT INTO feed (id, last, forgotten, time) VALUES (1, 0, 0, 0)")
    op.create_table(
        "restless",
        sa.Column("study_instance_uid", _Text, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("study_instance_uid", name="pk_restless"),
    )
    op.create_index("ix_restless_due", "restless", ["due"])
    op.create_table(
        "webhooks",
        sa.Column("id", _RowKey, nullable=False),
        sa.Column("name", _Text, nullable=False),
        sa.Column("url", _Text, nullable=False),
        sa.Column("secret", _Text, nullable=False),
        sa.Column("tenant", _Text),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_since", sa.BigInteger),
        sa.Column("problem", _Text),
        sa.Column("stopped", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
        sa.UniqueConstraint("name", name="uq_webhooks_name"),
    )


def downgrade() -> None:
    for table in ("webhooks", "restless", "feed", "changes"):
        op.drop_table(table)
