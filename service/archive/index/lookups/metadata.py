"""The metadata that were written when instances arrived: plain functions of a connection."""

from collections.abc import Collection, Sequence
from dataclasses import asdict

import sqlalchemy as sa

from service.archive.index.lookups.lookup import BY_NUMBER, OF_INSTANCE, OF_SERIES, OF_STUDY, WITH_DOCUMENTS
from service.archive.index.schema.scoped import within
from service.archive.index.schema.stored_json import StoredJson
from service.archive.index.schema.tables import documents, instances, series, studies
from service.archive.instance import Instance, Target
from service.dicom_json import DicomJson
from service.errors import InstanceGone
from service.scope import EVERYTHING, Scope

# Written once: building a statement costs more than running it.
_METADATA_OF_STUDY = (
    sa.select(instances.c.digest, documents.c.metadata)
    .select_from(WITH_DOCUMENTS)
    .where(OF_STUDY)
    .order_by(*BY_NUMBER)
    .limit(sa.bindparam("limit"))
)
_METADATA_OF_SERIES = _METADATA_OF_STUDY.where(OF_SERIES)
_METADATA_OF_INSTANCE = _METADATA_OF_SERIES.where(OF_INSTANCE)
_REVISION_OF_STUDY = sa.select(studies.c.revision, studies.c.number_of_instances).where(OF_STUDY)
_REVISIONS = (
    sa.select(studies.c.study_instance_uid, series.c.series_instance_uid, series.c.revision, studies.c.tenant)
    .select_from(series.join(studies, series.c.study == studies.c.id))
    .where(series.c.series_instance_uid.in_(sa.bindparam("series", expanding=True)))
)
_REVISION_OF_SERIES = (
    sa.select(series.c.revision, series.c.number_of_instances)
    .select_from(series.join(studies, series.c.study == studies.c.id))
    .where(OF_STUDY, OF_SERIES)
)


def first_metadata(
    connection: sa.Connection, scope: Scope, target: Target, limit: int
) -> list[tuple[bytes, StoredJson]]:
    """Return digest and metadata of a target's first instances, in the order of their numbers.

    Raises:
        StudyNotFound, SeriesNotFound, InstanceNotFound: the target is not here.
    """
    query = _METADATA_OF_INSTANCE
    if target.instance is None:
        query = _METADATA_OF_STUDY if target.series is None else _METADATA_OF_SERIES
    rows = connection.execute(within(query, scope), {**target._asdict(), "limit": limit}).all()
    if not rows:
        raise target.not_found()
    return [(digest, StoredJson(text, deflated=True)) for digest, text in rows]


def revision_of(connection: sa.Connection, scope: Scope, target: Target) -> tuple[int, int]:
    """Return what changes whenever the target does, a study or a series, and how many instances it has.

    Raises:
        StudyNotFound, SeriesNotFound: it is not here.
    """
    query = _REVISION_OF_STUDY if target.series is None else _REVISION_OF_SERIES
    row = connection.execute(within(query, scope), target._asdict()).one_or_none()
    if row is None:
        raise target.not_found()
    revision, number_of_instances = row
    return revision, number_of_instances


def revisions_of(
    connection: sa.Connection, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], tuple[int, str | None]]:
    """Return the revision of series, and whose study each is of, by the UIDs of study and series.

    Those that are not here are left out.
    """
    rows = connection.execute(_REVISIONS, {"series": [series_uid for _, series_uid in keys]})
    return {(study, uid): (revision, tenant) for study, uid, revision, tenant in rows if (study, uid) in keys}


def metadata_of(connection: sa.Connection, keys: Sequence[int]) -> list[StoredJson]:
    """Return metadata as `first_metadata` does, in the order of the keys; gone instances are left out."""
    texts = metadata_by_key(connection, keys)
    return [texts[key] for key in keys if key in texts]


def metadata_by_key(connection: sa.Connection, keys: Collection[int]) -> dict[int, StoredJson]:
    """Return the metadata of those of these instances that are here."""
    if not keys:
        return {}
    query = sa.select(documents.c.instance, documents.c.metadata).where(documents.c.instance.in_(keys))
    return {key: StoredJson(text, deflated=True) for key, text in connection.execute(query)}


def attributes_of(connection: sa.Connection, instance: Instance) -> DicomJson:
    """Return the metadata of an instance, in which a mark stands for the base URL of Bulkdata URIs.

    It is looked up by its UIDs: the key of a row that is gone may be another's by now.

    Raises:
        InstanceNotFound: it was deleted or replaced meanwhile.
    """
    [(digest, metadata)] = first_metadata(connection, EVERYTHING, Target(**asdict(instance.uids)), 1)
    if digest != instance.digest:
        raise InstanceGone(instance.uids.instance)
    return metadata.parsed()
