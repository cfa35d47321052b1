"""Studies belong to tenants, programs have keys, studies have links."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_SEARCHED = (
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
)
_UID = "study_instance_uid"
_Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_RowKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("studies", sa.Column("tenant", _Text))
    op.create_index("ix_studies_tenant_study_date_id", "studies", ["tenant", "study_date", "id"])
    _make_search_index(*_SEARCHED, "tenant", _UID)
    op.create_table(
        "labels",
        sa.Column(_UID, _Text, nullable=False),
        sa.Column("tenant", _Text, nullable=False),
        sa.PrimaryKeyConstraint(_UID, name="pk_labels"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", _RowKey, nullable=False),
        sa.Column("name", _Text, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("roles", _Text, nullable=False),
        sa.Column("tenant", _Text),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger),
        sa.Column("revoked", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
    )
    op.create_table(
        "links",
        sa.Column("id", _RowKey, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column(_UID, _Text, nullable=False),
        sa.Column("made_by", _Text, nullable=False),
        sa.Column("maker", _Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_links"),
        sa.UniqueConstraint("digest", name="uq_links_digest"),
    )
    op.create_index("ix_links_study_instance_uid", "links", [_UID])


def downgrade() -> None:
    op.drop_table("links")
    op.drop_table("api_keys")
    op.drop_table("labels")
    _make_search_index(*_SEARCHED, _UID)
    op.drop_index("ix_studies_tenant_study_date_id", "studies")
    op.drop_column("studies", "tenant")


def _make_search_index(*columns: str) -> None:
    """Make the index anew that has all that a study is matched by."""
    if op.get_context().dialect.name == "sqlite":
        op.drop_index("ix_studies_search", "studies")
        op.create_index("ix_studies_search", "studies", list(columns))
