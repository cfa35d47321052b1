"""Referring physicians are found by every component group of their name."""

from collections.abc import Sequence

from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_COLUMNS = ("referring_physician_name_ideographic", "referring_physician_name_phonetic")


def upgrade() -> None:
    for column in _COLUMNS:
        op.create_index(f"ix_studies_{column}", "studies", [column])


def downgrade() -> None:
    for column in _COLUMNS:
        op.drop_index(f"ix_studies_{column}", "studies")
