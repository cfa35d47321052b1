"""The rows of studies and series: what is in them, and how they go with their last instance."""

import secrets
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from service.archive.index.engine.prepared import Prepared
from service.archive.index.owners.labels import forget
from service.archive.index.schema import rows
from service.archive.index.schema.stored_json import StoredJson
from service.archive.index.schema.tables import request_attributes, series, studies
from service.dicom.instance import ParsedInstance, Uids
from service.dicom.query.columns import index_values, request_items
from service.dicom.query.levels import Level, level_attributes

# Written once: building a statement costs more than running it.
_SERIES_ROW = (
    sa.select(series.c.id, series.c.number_of_instances, series.c.attributes)
    .join(studies, series.c.study == studies.c.id)
    .where(
        studies.c.study_instance_uid == sa.bindparam("study"),
        series.c.series_instance_uid == sa.bindparam("series"),
    )
)
COUNT_SERIES = Prepared(
    sa.update(series)
    .where(series.c.id == sa.bindparam("key"))
    .values(
        number_of_instances=sa.bindparam("count"),
        revision=sa.bindparam("new_revision"),
        attributes=sa.bindparam("row"),
    )
)
_COUNT_STUDY = (
    sa.update(studies)
    .where(studies.c.id == sa.bindparam("key"))
    .values(
        number_of_series=sa.bindparam("series"),
        number_of_instances=sa.bindparam("count"),
        revision=sa.bindparam("new_revision"),
        attributes=sa.bindparam("row"),
    )
)
_STUDY_ROW = sa.select(studies.c.id, studies.c.attributes).where(
    studies.c.study_instance_uid == sa.bindparam("study")
)
_SERIES_OF_STUDY = sa.select(series.c.modality, series.c.number_of_instances).where(
    series.c.study == sa.bindparam("key")
)
COUNT_STUDY = Prepared(_COUNT_STUDY)
COUNT_STUDY_AND_MODALITIES = Prepared(_COUNT_STUDY.values(modalities=sa.bindparam("modalities")))


class SeriesUids(NamedTuple):
    """The identity of a series."""

    study: str
    series: str


def series_uids(uids: Uids) -> SeriesUids:
    """Return the identity of an instance's series."""
    return SeriesUids(uids.study, uids.series)


def modalities_of(text: str | None) -> set[str]:
    """Return the modalities that a row lists."""
    return set(filter(None, (text or "").split("\\")))


def listed(modalities: Collection[str]) -> str | None:
    """Return modalities as a row lists them."""
    return "\\".join(["", *sorted(modalities), ""]) if modalities else None


def subtract(connection: sa.Connection, counts: "Counter[SeriesUids]") -> None:
    """Count instances that have been removed; empty series and studies go."""
    for uids, count in counts.items():
        _add_to_series(connection, uids, -count)
    of_study = sa.select(studies.c.id).where(
        studies.c.study_instance_uid.in_({uids.study for uids in counts})
    )
    empty = sa.select(series.c.id).where(series.c.number_of_instances == 0, series.c.study.in_(of_study))
    keys = connection.scalars(empty).all()
    connection.execute(sa.delete(request_attributes).where(request_attributes.c.series.in_(keys)))
    connection.execute(sa.delete(series).where(series.c.id.in_(keys)))
    _describe_studies(connection, {uids.study for uids in counts})


def describe_again(connection: sa.Connection, parsed: ParsedInstance) -> None:
    """Let a study and series take their attributes from this instance."""
    of_study = studies.c.study_instance_uid == parsed.uids.study
    study_key = connection.scalars(sa.select(studies.c.id).where(of_study)).one()
    of_series = series.c.series_instance_uid == parsed.uids.series, series.c.study == study_key
    row = sa.select(series.c.id, series.c.number_of_instances).where(*of_series)
    key, count = connection.execute(row).one()
    connection.execute(sa.update(series).where(series.c.id == key).values(series_values(parsed, count)))
    values = study_values(parsed, (), 0, 0)  # completed below
    connection.execute(sa.update(studies).where(of_study).values(values))
    connection.execute(sa.delete(request_attributes).where(request_attributes.c.series == key))
    insert_requests(connection, key, parsed)
    _describe_studies(connection, {parsed.uids.study})


def study_values(
    parsed: ParsedInstance, modalities: Collection[str], number_of_series: int, number_of_instances: int
) -> dict[str, Any]:
    """Return the columns of a study that takes its attributes from an instance."""
    uid = parsed.uids.study
    attributes = level_attributes(parsed.metadata, Level.STUDY)
    return {
        **index_values(parsed.metadata, Level.STUDY),
        "study_instance_uid": uid,
        "modalities": listed(modalities),
        "number_of_series": number_of_series,
        "number_of_instances": number_of_instances,
        "revision": new_revision(),
        "attributes": rows.study_row(attributes, uid, modalities, number_of_series, number_of_instances),
        "other_attributes": rows.other_row(parsed.metadata, Level.STUDY),
    }


def series_values(parsed: ParsedInstance, count: int) -> dict[str, Any]:
    """Return the columns of a series that takes its attributes from an instance."""
    uids = parsed.uids
    attributes = level_attributes(parsed.metadata, Level.SERIES)
    return {
        **index_values(parsed.metadata, Level.SERIES),
        "series_instance_uid": uids.series,
        "number_of_instances": count,
        "revision": new_revision(),
        "attributes": rows.series_row(attributes, uids.study, uids.series, count),
        "other_attributes": rows.other_row(parsed.metadata, Level.SERIES),
    }


def insert_requests(connection: sa.Connection, key: int, parsed: ParsedInstance) -> None:
    """Write the requests that a series was made for, as an instance tells them."""
    items = [{"series": key, **item} for item in request_items(parsed.metadata)]
    if items:
        connection.execute(sa.insert(request_attributes), items)


def _add_to_series(connection: sa.Connection, uids: SeriesUids, count: int) -> None:
    key, previous_count, row = connection.execute(_SERIES_ROW, uids._asdict()).one()
    values = {
        "key": key,
        "count": previous_count + count,
        "new_revision": new_revision(),
        "row": rows.series_row(StoredJson(row).parsed(), uids.study, uids.series, previous_count + count),
    }
    COUNT_SERIES.run(connection, values)


def _describe_studies(connection: sa.Connection, uids: Iterable[str]) -> None:
    """Bring counts and modalities of studies up to those of their series; studies without any go."""
    for uid in sorted(uids):
        key, row = connection.execute(_STUDY_ROW, {"study": uid}).one()
        members = connection.execute(_SERIES_OF_STUDY, {"key": key}).all()
        if not members:
            connection.execute(sa.delete(studies).where(studies.c.id == key))
            forget(connection, uid)
            continue
        modalities = {modality for modality, _ in members if modality}
        count = sum(instances for _, instances in members)
        values = {
            "key": key,
            "modalities": listed(modalities),
            "series": len(members),
            "count": count,
            "new_revision": new_revision(),
            "row": rows.study_row(StoredJson(row).parsed(), uid, modalities, len(members), count),
        }
        COUNT_STUDY_AND_MODALITIES.run(connection, values)


def new_revision() -> int:
    """Return a number that no earlier state has: a study may go, and come again under the same UID."""
    return secrets.randbits(63)
