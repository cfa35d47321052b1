"""Values of attributes that are asked for often, and of which revisions of series and studies they are."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_RowKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "filed_states",
        sa.Column("attribute", _Text, nullable=False),
        sa.Column("owner", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("attribute", "owner", name="pk_filed_states"),
    )
    op.create_table(
        "filed_values",
        sa.Column("id", _RowKey, nullable=False),
        sa.Column("attribute", _Text, nullable=False),
        sa.Column("owner", sa.BigInteger, nullable=False),
        sa.Column("text", _Text),
        sa.Column("number", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_filed_values"),
    )
    for column in ("text", "number"):
        op.create_index(
            f"ix_filed_values_attribute_{column}_owner", "filed_values", ["attribute", column, "owner"]
        )
    op.create_index("ix_filed_values_attribute_owner", "filed_values", ["attribute", "owner"])


def downgrade() -> None:
    op.drop_table("filed_values")
    op.drop_table("filed_states")
