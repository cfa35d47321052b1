"""The archive as people look through it: the list of studies, and a series as a stack of pictures.

Studies come newest first, sorted by the query, or last added first, found by any word in them. A word may be
part of the patient's name or ID, of the description or the accession number, whatever its case, or be the
study's UID; the keys of a search apply besides. What a search finds is counted up to a bound, and all studies
by an index alone, so that a page costs little in an archive of any size.
"""

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from service.archive.index.queries.conditions import Condition
from service.archive.index.queries.search import Page
from service.archive.index.queries.selection import JOINED, in_path, order, where
from service.archive.index.schema.scoped import conditions_of, within
from service.archive.index.schema.stored_json import StoredJson
from service.archive.index.schema.tables import instances, series, studies
from service.dicom.query.levels import Level
from service.dicom.query.normal_forms import fold
from service.dicom.query.query import Query, SearchedResource
from service.errors import SeriesNotFound
from service.scope import Scope
from service.transfer_syntaxes import is_video

_NAME_COLUMNS = (
    studies.c.patient_name,
    studies.c.patient_name_ideographic,
    studies.c.patient_name_phonetic,
)
_TEXT_COLUMNS = (studies.c.patient_id, studies.c.study_description, studies.c.accession_number)
_MODALITY_AFTER = (
    sa.select(series.c.modality)
    .where(series.c.modality > sa.bindparam("before"))
    .order_by(series.c.modality)
    .limit(1)
)
_MODALITIES = (
    sa.select(series.c.modality)
    .distinct()
    .select_from(JOINED[Level.SERIES])
    .where(series.c.modality.is_not(None))
    .order_by(series.c.modality)
)
_STACK = sa.select(
    instances.c.sop_instance_uid,
    instances.c.transfer_syntax_uid,
    instances.c.rows,
    instances.c.number_of_frames,
).select_from(JOINED[Level.INSTANCE])


COUNTED_STUDIES = 10_000  # of those that match a search: more are not counted


class StackedInstance(NamedTuple):
    """An instance of a stack.

    Attributes:
        instance: its UID.
        frames: how many pictures it has; 0 for a video or what is no image.
    """

    instance: str
    frames: int


def list_studies(
    connection: sa.Connection, scope: Scope, query: Query, words: Iterable[str], *, last_first: bool = False
) -> Page:
    """Return the rows of the studies that match, from the query's offset on.

    Args:
        connection: to the index.
        scope: of who asks.
        query: of studies; its keys are those that have a column.
        words: all of which a study has to have.
        last_first: what was added last comes first, whatever the query is sorted by.

    Returns:
        At most the query's limit of rows; as remaining, 1 if there are more.
    """
    conditions = [*conditions_of(scope), *where(query.resource, query.keys), *map(_has_word, words)]
    terms = [studies.c.id.desc()] if last_first else order(query.resource, (), query.sort_keys)
    ids = sa.select(studies.c.id).where(*conditions).order_by(*terms)  # an index alone answers this
    page = ids.limit(query.limit + 1).offset(query.offset)
    rows = sa.select(studies.c.attributes).where(studies.c.id.in_(page)).order_by(*terms)
    texts = connection.scalars(rows).all()
    return Page(list(map(StoredJson, texts[: query.limit])), len(texts[query.limit :]))


def count_studies(connection: sa.Connection, scope: Scope, query: Query, words: Iterable[str]) -> int:
    """Return how many studies match; of a search that leaves some out, at most one more than are counted."""
    conditions = [*conditions_of(scope), *where(query.resource, query.keys), *map(_has_word, words)]
    ids = sa.select(studies.c.id).where(*conditions)
    matches = (ids.limit(COUNTED_STUDIES + 1) if conditions else ids).subquery()
    return int(connection.scalars(sa.select(sa.func.count()).select_from(matches)).one())


def modalities(connection: sa.Connection, scope: Scope) -> list[str]:
    """Return all modalities there are: one look into an index for each, however many series there are.

    Within a scope, all its series are looked through.
    """
    if not scope.is_everything:
        return list(connection.scalars(within(_MODALITIES, scope)))
    names: list[str] = []
    while name := connection.scalar(_MODALITY_AFTER, {"before": names[-1] if names else ""}):
        names.append(name)
    return names


def _has_word(word: str) -> Condition:
    lower = word.encode().lower().decode()  # ASCII alone, as both databases do it
    return sa.or_(
        studies.c.study_instance_uid == word,
        *(column.contains(fold(word), autoescape=True) for column in _NAME_COLUMNS),
        *(sa.func.lower(column).contains(lower, autoescape=True) for column in _TEXT_COLUMNS),
    )


def stack_of(connection: sa.Connection, scope: Scope, study: str, series: str) -> list[StackedInstance]:
    """Return the instances of a series in the order of their numbers.

    Raises:
        SeriesNotFound: it is not here.
    """
    resource = SearchedResource(Level.INSTANCE, study, series)
    rows = connection.execute(
        within(_STACK, scope).where(*in_path(resource)).order_by(*order(resource))
    ).all()
    if not rows:
        raise SeriesNotFound(series)
    return [StackedInstance(uid, _pictures(*image)) for uid, *image in rows]


def _pictures(transfer_syntax: str, rows: int | None, number_of_frames: int | None) -> int:
    if not rows or is_video(transfer_syntax):
        return 0
    return max(1, number_of_frames or 1)
