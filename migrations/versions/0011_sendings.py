"""Studies that are to be sent to peers of DIMSE, and how far that has come."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_RowKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sendings",
        sa.Column("id", _RowKey, nullable=False),
        sa.Column("study_instance_uid", _Text, nullable=False),
        sa.Column("peer", _Text, nullable=False),
        sa.Column("state", _Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("instances", sa.Integer, nullable=False),
        sa.Column("completed", sa.Integer, nullable=False),
        sa.Column("warnings", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("rest", sa.LargeBinary),
        sa.Column("problem", _Text),
        sa.PrimaryKeyConstraint("id", name="pk_sendings"),
    )
    op.create_index("ix_sendings_study_instance_uid", "sendings", ["study_instance_uid"])
    op.create_index("ix_sendings_due", "sendings", ["due"])


def downgrade() -> None:
    op.drop_table("sendings")
