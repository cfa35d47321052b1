"""Who did what is kept, and what others are to be told of it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_RowKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", _RowKey, nullable=False),
        sa.Column("event", _Text, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("who", _Text, nullable=False),
        sa.Column("action", _Text, nullable=False),
        sa.Column("study_instance_uid", _Text),
        sa.Column("words", _Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
        sa.UniqueConstraint("event", name="uq_audit_events_event"),
    )
    op.create_index("ix_audit_events_time_id", "audit_events", ["time", "id"])
    op.create_index("ix_audit_events_study_instance_uid", "audit_events", ["study_instance_uid"])
    op.create_table(
        "audit_outbox",
        sa.Column("event", _Text, nullable=False),
        sa.Column("sink", _Text, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("event", "sink", name="pk_audit_outbox"),
    )
    op.create_index("ix_audit_outbox_sink_due", "audit_outbox", ["sink", "due"])


def downgrade() -> None:
    op.drop_table("audit_outbox")
    op.drop_table("audit_events")
