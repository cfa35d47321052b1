"""A page of a search costs what it holds, however much else there is."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

_STUDY_SEARCH = [
    "study_date",
    "id",
    "study_time",
    "patient_id",
    "patient_name",
    "patient_name_ideographic",
    "patient_name_phonetic",
    "patient_birth_date",
    "patient_sex",
    "accession_number",
    "study_id",
    "study_description",
    "referring_physician_name",
    "referring_physician_name_ideographic",
    "referring_physician_name_phonetic",
    "modalities",
    "study_instance_uid",
]
_WIDE = {
    "studies": ["attributes", "other_attributes"],
    "series": ["attributes", "other_attributes"],
    "instances": ["attributes"],
}
# Indexes that find what matches under one parent too, and find all in the order of the parents.
_UNDER_PARENT = (
    ("series", "study", ("series_number", "series_description", "body_part_examined", "institution_name")),
    ("instances", "series", ("sop_class_uid", "instance_number")),
)
_DATE = "performed_procedure_step_start_date"
_TIME = "performed_procedure_step_start_time"


def upgrade() -> None:
    op.add_column("studies", sa.Column("modalities", _TEXT))
    _gather_modalities()
    op.create_index("ix_series_step_date_study", "series", [_DATE, "study"])
    op.create_index("ix_series_step_time_study", "series", [_TIME, "study"])
    op.drop_index(f"ix_series_{_DATE}", "series")
    for table, parent, columns in _UNDER_PARENT:
        for column in columns:
            op.create_index(f"ix_{table}_{column}_{parent}", table, [column, parent])
            op.drop_index(f"ix_{table}_{column}", table)
    if op.get_context().dialect.name == "sqlite":
        op.create_index("ix_studies_search", "studies", _STUDY_SEARCH)
    else:
        _keep_rows_narrow()


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.drop_index("ix_studies_search", "studies")
    for table, parent, columns in _UNDER_PARENT:
        for column in columns:
            op.create_index(f"ix_{table}_{column}", table, [column])
            op.drop_index(f"ix_{table}_{column}_{parent}", table)
    op.create_index(f"ix_series_{_DATE}", "series", [_DATE])
    op.drop_index("ix_series_step_time_study", "series")
    op.drop_index("ix_series_step_date_study", "series")
    op.drop_column("studies", "modalities")


def _gather_modalities() -> None:
    connection = op.get_bind()
    series = sa.table("series", sa.column("study"), sa.column("modality"))
    studies = sa.table("studies", sa.column("id"), sa.column("modalities"))
    known: dict[int, set[str]] = {}
    for study, modality in connection.execute(sa.select(series.c.study, series.c.modality).distinct()):
        if modality:
            known.setdefault(study, set()).add(modality)
    values = [{"key": study, "all": "\\".join(["", *sorted(some), ""])} for study, some in known.items()]
    if values:
        statement = sa.update(studies).where(studies.c.id == sa.bindparam("key"))
        connection.execute(statement.values(modalities=sa.bindparam("all")), values)


def _keep_rows_narrow() -> None:
    """Let PostgreSQL keep what a search returns out of the rows that it looks through."""
    for table, columns in _WIDE.items():
        op.execute(f"ALTER TABLE {table} SET (toast_tuple_target = 256)")
        for column in columns:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL")
