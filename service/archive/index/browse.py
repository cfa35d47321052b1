"""The list of studies as people look through it: newest first, found by any word in it.

A word may be part of the patient's name or ID, of the description or the accession number, whatever its
case, or be the study's UID; the keys of a search apply besides. Nothing is counted, so that a page costs the
same in an archive of any size.
"""

from collections.abc import Iterable

import sqlalchemy as sa

from service.archive.index.conditions import Condition
from service.archive.index.search import Page
from service.archive.index.selection import order, where
from service.archive.index.tables import series, studies
from service.dicom.query.normal_forms import fold
from service.dicom.query.query import Query

_NAMES = (
    studies.c.patient_name,
    studies.c.patient_name_ideographic,
    studies.c.patient_name_phonetic,
)
_TEXTS = (studies.c.patient_id, studies.c.study_description, studies.c.accession_number)
_MODALITY_AFTER = (
    sa.select(series.c.modality)
    .where(series.c.modality > sa.bindparam("before"))
    .order_by(series.c.modality)
    .limit(1)
)


def list_studies(connection: sa.Connection, query: Query, words: Iterable[str]) -> Page:
    """Return the rows of the studies that match, from the query's offset on.

    Args:
        connection: to the index.
        query: of studies; its keys are those that have a column.
        words: all of which a study has to have.

    Returns:
        At most the query's limit of rows; as remaining, 1 if there are more.
    """
    conditions = [*where(query.resource, query.keys), *map(_has_word, words)]
    newest_first = order(query.resource)
    ids = sa.select(studies.c.id).where(*conditions).order_by(*newest_first)  # an index alone answers this
    page = ids.limit(query.limit + 1).offset(query.offset)
    rows = sa.select(studies.c.attributes).where(studies.c.id.in_(page)).order_by(*newest_first)
    found = connection.scalars(rows).all()
    return Page(list(found[: query.limit]), len(found[query.limit :]))


def modalities(connection: sa.Connection) -> list[str]:
    """Return all modalities there are: one look into an index for each, however many series there are."""
    found: list[str] = []
    while modality := connection.scalar(_MODALITY_AFTER, {"before": found[-1] if found else ""}):
        found.append(modality)
    return found


def _has_word(word: str) -> Condition:
    lower = word.encode().lower().decode()  # ASCII alone, as both databases do it
    return sa.or_(
        studies.c.study_instance_uid == word,
        *(column.contains(fold(word), autoescape=True) for column in _NAMES),
        *(sa.func.lower(column).contains(lower, autoescape=True) for column in _TEXTS),
    )
