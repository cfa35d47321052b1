"""Studies, series, instances and their documents."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_INDEXES = {
    "studies": [
        ["study_date", "id"],
        ["accession_number"],
        ["study_id"],
        ["study_description"],
        ["patient_id"],
        ["patient_birth_date"],
        ["patient_name"],
        ["patient_name_ideographic"],
        ["patient_name_phonetic"],
        ["referring_physician_name"],
    ],
    "series": [
        ["modality", "study"],
        ["series_instance_uid"],
        ["series_number"],
        ["series_description"],
        ["body_part_examined"],
        ["institution_name"],
        ["performed_procedure_step_start_date"],
    ],
    "request_attributes": [["series"], ["scheduled_procedure_step_id"], ["requested_procedure_id"]],
    "instances": [["sop_instance_uid"], ["sop_class_uid"], ["instance_number"]],
}


def upgrade() -> None:
    _create_studies()
    _create_series()
    _create_request_attributes()
    _create_instances()
    _create_documents()
    op.create_table("doomed", sa.Column("blob", _TEXT, nullable=False), _primary_key("doomed", "blob"))
    for table, indexes in _INDEXES.items():
        for columns in indexes:
            op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)


def downgrade() -> None:
    for table in ("doomed", "documents", "instances", "request_attributes", "series", "studies"):
        op.drop_table(table)


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, _TEXT) for name in names]


def _primary_key(table: str, column: str = "id") -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(column, name=f"pk_{table}")


def _belongs_to(parent: str, table: str, column: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=name, ondelete="CASCADE")


def _create_studies() -> None:
    op.create_table(
        "studies",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("study_instance_uid", _TEXT, nullable=False),
        sa.Column("study_date", _TEXT, nullable=False),
        *_texts("study_time", "accession_number", "study_id", "study_description"),
        *_texts("patient_id", "patient_birth_date", "patient_sex"),
        *_texts("patient_name", "patient_name_ideographic", "patient_name_phonetic"),
        *_texts(
            "referring_physician_name",
            "referring_physician_name_ideographic",
            "referring_physician_name_phonetic",
        ),
        sa.Column("number_of_series", sa.Integer, nullable=False),
        sa.Column("number_of_instances", sa.Integer, nullable=False),
        sa.Column("attributes", sa.LargeBinary, nullable=False),
        sa.Column("other_attributes", sa.LargeBinary, nullable=False),
        _primary_key("studies"),
        sa.UniqueConstraint("study_instance_uid", name="uq_studies_study_instance_uid"),
    )


def _create_series() -> None:
    op.create_table(
        "series",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("study", _KEY, nullable=False),
        sa.Column("series_instance_uid", _TEXT, nullable=False),
        *_texts("modality"),
        sa.Column("series_number", sa.BigInteger),
        *_texts("series_description", "series_date", "series_time", "body_part_examined", "laterality"),
        *_texts(
            "protocol_name", "institution_name", "station_name", "manufacturer", "manufacturer_model_name"
        ),
        *_texts("performed_procedure_step_start_date", "performed_procedure_step_start_time"),
        sa.Column("number_of_instances", sa.Integer, nullable=False),
        sa.Column("attributes", sa.LargeBinary, nullable=False),
        sa.Column("other_attributes", sa.LargeBinary, nullable=False),
        _primary_key("series"),
        _belongs_to("studies", "series", "study"),
        sa.UniqueConstraint("study", "series_instance_uid", name="uq_series_study_series_instance_uid"),
    )


def _create_request_attributes() -> None:
    op.create_table(
        "request_attributes",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("series", _KEY, nullable=False),
        *_texts("scheduled_procedure_step_id", "requested_procedure_id"),
        _primary_key("request_attributes"),
        _belongs_to("series", "request_attributes", "series"),
    )


def _create_instances() -> None:
    op.create_table(
        "instances",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("series", _KEY, nullable=False),
        sa.Column("sop_instance_uid", _TEXT, nullable=False),
        sa.Column("sop_class_uid", _TEXT, nullable=False),
        sa.Column("instance_number", sa.BigInteger),
        sa.Column("rows", sa.BigInteger),
        sa.Column("columns", sa.BigInteger),
        sa.Column("bits_allocated", sa.BigInteger),
        sa.Column("number_of_frames", sa.BigInteger),
        sa.Column("transfer_syntax_uid", _TEXT, nullable=False),
        sa.Column("part10", sa.Boolean, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("attributes", sa.LargeBinary, nullable=False),
        _primary_key("instances"),
        _belongs_to("series", "instances", "series"),
        sa.UniqueConstraint("series", "sop_instance_uid", name="uq_instances_series_sop_instance_uid"),
    )


def _create_documents() -> None:
    op.create_table(
        "documents",
        sa.Column("instance", _KEY, nullable=False, autoincrement=False),
        sa.Column("metadata", sa.LargeBinary, nullable=False),
        sa.Column("image", sa.LargeBinary),
        sa.Column("bulkdata", sa.LargeBinary),
        sa.Column("pixel_data", sa.LargeBinary),
        sa.Column("boundaries", sa.LargeBinary),
        _primary_key("documents", "instance"),
        _belongs_to("instances", "documents", "instance"),
    )
