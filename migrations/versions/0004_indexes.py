"""Keys that every study had to be looked at for are found by an index."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_NAMES = ("referring_physician_name_ideographic", "referring_physician_name_phonetic")


def upgrade() -> None:
    for column in _NAMES:
        op.create_index(f"ix_studies_{column}", "studies", [column])
    if op.get_context().dialect.name == "postgresql":
        listed = sa.text("string_to_array(modalities, '\\')")
        op.create_index("ix_studies_modalities", "studies", [listed], postgresql_using="gin")
        op.create_index("ix_studies_study_time", "studies", ["study_time"])


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.drop_index("ix_studies_study_time", "studies")
        op.drop_index("ix_studies_modalities", "studies")
    for column in _NAMES:
        op.drop_index(f"ix_studies_{column}", "studies")
