"""The index: studies, series, instances, and one wide document per instance.

Rows are narrow, the triple of UIDs is the identity of an instance, integer keys join the levels.
Every attribute that can be matched quickly is a column. `attributes` is what a search returns of the
level, as DICOM JSON written once (see `stored_json`); `other_attributes` is the rest of it, for
`includefield`. `revision` is another number whenever an instance comes, goes or is replaced.

Text is compared byte by byte on both databases (PostgreSQL: collation "C"), dates are kept as
YYYYMMDD and times as HHMMSS.FFFFFF, so that matching and ordering mean the same on both.
"""

from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
RowKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Rows are wide: an index that holds their ids finds them without a look. On SQLite all indexes do.
_WITH_ID: dict[str, Any] = {"postgresql_include": ["id"]}


def _text(name: str, *, index: bool = False) -> sa.Column[str]:
    return sa.Column(name, Text, index=index)


# All that a study is matched by, newest last: what no other index finds is looked for here, not in wide rows.
# SQLite only: PostgreSQL limits the size of an index row, and keeps the widest values elsewhere.
STUDY_SEARCH = (
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
    "tenant",
    "study_instance_uid",
)

studies = sa.Table(
    "studies",
    metadata,
    sa.Column("id", RowKey, primary_key=True),
    sa.Column("study_instance_uid", Text, nullable=False, unique=True),
    sa.Column("study_date", Text, nullable=False),  # "" when unknown: NULL sorts differently on the two
    _text("study_time"),
    _text("accession_number", index=True),
    _text("study_id", index=True),
    _text("study_description", index=True),
    _text("patient_id", index=True),
    _text("patient_birth_date", index=True),
    _text("patient_sex"),
    _text("patient_name", index=True),  # folded; the other component groups follow
    _text("patient_name_ideographic", index=True),
    _text("patient_name_phonetic", index=True),
    _text("referring_physician_name", index=True),
    _text("referring_physician_name_ideographic", index=True),
    _text("referring_physician_name_phonetic", index=True),
    _text("modalities"),  # of its series, each between two backslashes; NULL without any
    _text("tenant"),  # whose it is; NULL: nobody's, for those alone who see everything
    sa.Column("number_of_series", sa.Integer, nullable=False),
    sa.Column("number_of_instances", sa.Integer, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("attributes", sa.LargeBinary, nullable=False),
    sa.Column("other_attributes", sa.LargeBinary, nullable=False),
    sa.Index("ix_studies_study_date_id", "study_date", "id"),
    sa.Index("ix_studies_tenant_study_date_id", "tenant", "study_date", "id"),
    sa.Index("ix_studies_search", *STUDY_SEARCH).ddl_if(dialect="sqlite"),
    sa.Index("ix_studies_study_time", "study_time").ddl_if(dialect="postgresql"),
    sa.Index(
        "ix_studies_modalities", sa.text("string_to_array(modalities, '\\')"), postgresql_using="gin"
    ).ddl_if(dialect="postgresql"),
)

series = sa.Table(
    "series",
    metadata,
    sa.Column("id", RowKey, primary_key=True),
    sa.Column("study", RowKey, sa.ForeignKey("studies.id", ondelete="CASCADE"), nullable=False),
    sa.Column("series_instance_uid", Text, nullable=False, index=True),
    _text("modality"),
    sa.Column("series_number", sa.BigInteger),
    _text("series_description"),
    _text("series_date"),
    _text("series_time"),
    _text("body_part_examined"),
    _text("laterality"),
    _text("protocol_name"),
    _text("institution_name"),
    _text("station_name"),
    _text("manufacturer"),
    _text("manufacturer_model_name"),
    _text("performed_procedure_step_start_date"),
    _text("performed_procedure_step_start_time"),
    sa.Column("number_of_instances", sa.Integer, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("attributes", sa.LargeBinary, nullable=False),
    sa.Column("other_attributes", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("study", "series_instance_uid"),
    sa.Index("ix_series_study_id", "study", "id"),
    sa.Index("ix_series_modality_study", "modality", "study"),
    sa.Index("ix_series_series_number_study", "series_number", "study"),
    sa.Index("ix_series_series_description_study", "series_description", "study"),
    sa.Index("ix_series_body_part_examined_study", "body_part_examined", "study"),
    sa.Index("ix_series_institution_name_study", "institution_name", "study"),
    sa.Index("ix_series_step_date_study", "performed_procedure_step_start_date", "study"),
    sa.Index("ix_series_step_time_study", "performed_procedure_step_start_time", "study"),
)

request_attributes = sa.Table(
    "request_attributes",
    metadata,
    sa.Column("id", RowKey, primary_key=True),
    sa.Column("series", RowKey, sa.ForeignKey("series.id", ondelete="CASCADE"), nullable=False, index=True),
    _text("scheduled_procedure_step_id", index=True),
    _text("requested_procedure_id", index=True),
)

instances = sa.Table(
    "instances",
    metadata,
    sa.Column("id", RowKey, primary_key=True),
    sa.Column("series", RowKey, sa.ForeignKey("series.id", ondelete="CASCADE"), nullable=False),
    sa.Column("sop_instance_uid", Text, nullable=False, index=True),
    sa.Column("sop_class_uid", Text, nullable=False),
    sa.Column("instance_number", sa.BigInteger),
    sa.Column("rows", sa.BigInteger),
    sa.Column("columns", sa.BigInteger),
    sa.Column("bits_allocated", sa.BigInteger),
    sa.Column("number_of_frames", sa.BigInteger),
    sa.Column("transfer_syntax_uid", Text, nullable=False),
    sa.Column("part10", sa.Boolean, nullable=False),  # the file has its preamble and group 0002
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),  # of the file: archive/digests
    _text("version"),  # what ends the file's name; NULL: nothing, as it was once
    sa.Column("attributes", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("series", "sop_instance_uid", **_WITH_ID),
    sa.Index("ix_instances_sop_class_uid_series", "sop_class_uid", "series", **_WITH_ID),
    sa.Index("ix_instances_instance_number_series", "instance_number", "series", **_WITH_ID),
)

documents = sa.Table(
    "documents",
    metadata,
    sa.Column(
        "instance",
        RowKey,
        sa.ForeignKey("instances.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("metadata", sa.LargeBinary, nullable=False),  # DICOM JSON object, deflated
    sa.Column("image", sa.LargeBinary),  # what rendering needs: DICOM JSON with its tables inline, deflated
    sa.Column("bulkdata", sa.LargeBinary),  # JSON: attribute path → [offset, length, vr]
    sa.Column("pixel_data", sa.LargeBinary),  # JSON: how the frames lie, see dicom.frames
    sa.Column("boundaries", sa.LargeBinary),  # encapsulated frames: uint64 per frame + 1
)

# What files do not tell, for when the index is made again from them.
labels = sa.Table(
    "labels",
    metadata,
    sa.Column("study_instance_uid", Text, primary_key=True),
    sa.Column("tenant", Text, nullable=False),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", RowKey, primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),  # SHA-256 of the key
    sa.Column("roles", Text, nullable=False),  # separated by commas
    sa.Column("tenant", Text),
    sa.Column("created", sa.BigInteger, nullable=False),  # seconds since 1970, as all times here
    sa.Column("expires", sa.BigInteger),
    sa.Column("revoked", sa.BigInteger),
)

links = sa.Table(
    "links",
    metadata,
    sa.Column("id", RowKey, primary_key=True),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),  # SHA-256 of the secret
    sa.Column("study_instance_uid", Text, nullable=False, index=True),
    sa.Column("made_by", Text, nullable=False),
    sa.Column("maker", Text, nullable=False),  # whom no other name is like
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False),
)

doomed = sa.Table(
    "doomed",
    metadata,
    sa.Column("blob", Text, primary_key=True),  # files whose rows are gone, still to be removed
)

# Files that were taken for left over: a store that is still under way learns here that its file is gone.
strays = sa.Table(
    "strays",
    metadata,
    sa.Column("blob", Text, primary_key=True),
    sa.Column("since", sa.BigInteger, nullable=False),  # seconds since 1970
)

# The audit, where it is kept in the index: the only rows here that tell of people who asked.
audit_events = sa.Table(
    "audit_events",
    metadata,
    sa.Column("id", RowKey, primary_key=True),
    sa.Column("event", Text, nullable=False, unique=True),
    sa.Column("time", sa.BigInteger, nullable=False),  # milliseconds since 1970
    sa.Column("who", Text, nullable=False),  # folded, as `words` are: of the patient and the study
    sa.Column("action", Text, nullable=False),
    _text("study_instance_uid", index=True),
    sa.Column("words", Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),  # the event, as a line of JSON
    sa.Index("ix_audit_events_time_id", "time", "id"),
)

# Messages of the audit that have not reached yet whom they are for: written with what they tell of.
audit_outbox = sa.Table(
    "audit_outbox",
    metadata,
    sa.Column("event", Text, primary_key=True),
    sa.Column("sink", Text, primary_key=True),  # as the setting names it
    sa.Column("due", sa.BigInteger, nullable=False),  # milliseconds since 1970: until then it is somebody's
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Index("ix_audit_outbox_sink_due", "sink", "due"),
)

NOT_OF_FILES = frozenset({api_keys, audit_events, audit_outbox, doomed, labels, links, strays})
"""Tables that cannot be made again from the files."""
