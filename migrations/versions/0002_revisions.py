"""Studies and series say by a number that something in them has changed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TABLES = ("studies", "series")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("revision", sa.BigInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "revision")
