"""What peers of DIMSE want to be told: whether instances are stored for good."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_RowKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "commitments",
        sa.Column("id", _RowKey, nullable=False),
        sa.Column("peer", _Text, nullable=False),
        sa.Column("transaction_uid", _Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_commitments"),
    )
    op.create_index("ix_commitments_due", "commitments", ["due"])


def downgrade() -> None:
    op.drop_table("commitments")
