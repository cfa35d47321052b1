"""Tables of attributes that are asked for often: which values a series or study has of them.

A row of `filed_states` says for which revision of its owner the values were filed. They hold as long as the
owner is of that revision, whoever has changed it: of an owner that is not, nothing is known.
"""

import sqlalchemy as sa

from service.archive.index.schema.tables import RowKey, Text, metadata

filed_states = sa.Table(
    "filed_states",
    metadata,
    sa.Column("attribute", Text, primary_key=True),
    sa.Column("owner", sa.BigInteger, primary_key=True, autoincrement=False),  # id of a study or series
    sa.Column("revision", sa.BigInteger, nullable=False),
)

filed_values = sa.Table(
    "filed_values",
    metadata,
    sa.Column("id", RowKey, primary_key=True),
    sa.Column("attribute", Text, nullable=False),
    sa.Column("owner", sa.BigInteger, nullable=False),
    sa.Column("text", Text),
    sa.Column("number", sa.Double),  # neither: it may have any value
    sa.Index(None, "attribute", "text", "owner"),
    sa.Index(None, "attribute", "number", "owner"),
    sa.Index(None, "attribute", "owner"),
)
