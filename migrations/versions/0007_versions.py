"""Names of files are never used twice, and a store learns what others have taken for left over meanwhile."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("instances", sa.Column("version", _Text))
    op.create_table(
        "strays",
        sa.Column("blob", _Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("blob", name="pk_strays"),
    )


def downgrade() -> None:
    op.drop_table("strays")
    op.drop_column("instances", "version")
