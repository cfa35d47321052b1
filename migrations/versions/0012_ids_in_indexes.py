"""Rows below a study, a series or a key are found by their indexes alone, without a look at wide rows."""

from collections.abc import Sequence

from alembic import op

revision = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_index("ix_series_study_id", "series", ["study", "id"])
    _index_instances("INCLUDE (id)")


def downgrade() -> None:
    _index_instances("")
    op.drop_index("ix_series_study_id", "series")


def _index_instances(included: str) -> None:
    """Make the indexes of instances again; those of SQLite hold the id in any case."""
    if op.get_context().dialect.name != "postgresql":
        return
    for column in ("sop_class_uid", "instance_number"):
        name = f"ix_instances_{column}_series"
        op.execute(f"DROP INDEX {name}")
        op.execute(f"CREATE INDEX {name} ON instances ({column}, series) {included}")
    unique = "uq_instances_series_sop_instance_uid"
    op.execute(
        f"ALTER TABLE instances DROP CONSTRAINT {unique}, "
        f"ADD CONSTRAINT {unique} UNIQUE (series, sop_instance_uid) {included}"
    )
