"""The rows of studies and series: made with their first instance, counted, gone with their last."""

import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from service.archive.index import rows
from service.archive.index.labels import forget, labelled
from service.archive.index.stored_json import StoredJson
from service.archive.index.tables import request_attributes, series, studies
from service.dicom.instance import ParsedInstance, Uids
from service.dicom.query.columns import index_values, request_items
from service.dicom.query.levels import Level, level_attributes

# Written once: building a statement costs more than running it.
_STUDY_KEY = sa.select(studies.c.id).where(studies.c.study_instance_uid == sa.bindparam("study"))
_SERIES_KEY = sa.select(series.c.id).where(
    series.c.study == sa.bindparam("study"), series.c.series_instance_uid == sa.bindparam("series")
)
_SERIES_ROW = (
    sa.select(series.c.id, series.c.number_of_instances, series.c.attributes)
    .join(studies, series.c.study == studies.c.id)
    .where(
        studies.c.study_instance_uid == sa.bindparam("study"),
        series.c.series_instance_uid == sa.bindparam("series"),
    )
)
_COUNT_SERIES = (
    sa.update(series)
    .where(series.c.id == sa.bindparam("key"))
    .values(
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
_COUNT_STUDY = (
    sa.update(studies)
    .where(studies.c.id == sa.bindparam("key"))
    .values(
        modalities=sa.bindparam("modalities"),
        number_of_series=sa.bindparam("series"),
        number_of_instances=sa.bindparam("count"),
        revision=sa.bindparam("new_revision"),
        attributes=sa.bindparam("row"),
    )
)


class SeriesUids(NamedTuple):
    """The identity of a series."""

    study: str
    series: str


def series_uids(uids: Uids) -> SeriesUids:
    """Return the identity of an instance's series."""
    return SeriesUids(uids.study, uids.series)


def series_keys(
    connection: sa.Connection, parsed: Sequence[ParsedInstance], tenant: str | None
) -> dict[SeriesUids, int]:
    """Return the keys of the instances' series, which are made where they are not there yet.

    Args:
        connection: in a writing transaction.
        parsed: the instances.
        tenant: whose the studies are that are made; None for the one they had before a reindex.
    """
    firsts: dict[SeriesUids, ParsedInstance] = {}
    for instance in parsed:
        firsts.setdefault(series_uids(instance.uids), instance)
    return {uids: _series_key(connection, uids, instance, tenant) for uids, instance in firsts.items()}


def add(connection: sa.Connection, counts: "Counter[SeriesUids]") -> None:
    """Count instances that have been added to their series."""
    for uids, count in counts.items():
        _add_to_series(connection, uids, count)
    _describe_studies(connection, {uids.study for uids in counts})


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
    connection.execute(sa.update(series).where(series.c.id == key).values(_series_values(parsed, count)))
    connection.execute(sa.update(studies).where(of_study).values(_study_values(parsed)))
    connection.execute(sa.delete(request_attributes).where(request_attributes.c.series == key))
    _insert_requests(connection, key, parsed)
    _describe_studies(connection, {parsed.uids.study})


def _series_key(
    connection: sa.Connection, uids: SeriesUids, parsed: ParsedInstance, tenant: str | None
) -> int:
    study_key = connection.scalar(_STUDY_KEY, {"study": uids.study})
    if study_key is None:
        values = _study_values(parsed) | {
            "number_of_series": 0,
            "number_of_instances": 0,
            "tenant": labelled(connection, uids.study, tenant),
        }
        study_key = connection.scalars(sa.insert(studies).returning(studies.c.id), [values]).one()
    key = connection.scalar(_SERIES_KEY, {"study": study_key, "series": uids.series})
    if key is None:
        values = _series_values(parsed, 0) | {"study": study_key, "number_of_instances": 0}
        key = connection.scalars(sa.insert(series).returning(series.c.id), [values]).one()
        _insert_requests(connection, key, parsed)
    return int(key)


def _study_values(parsed: ParsedInstance) -> dict[str, Any]:
    """Return the columns of a study; its row is completed by `_describe_studies`."""
    return {
        **index_values(parsed.metadata, Level.STUDY),
        "study_instance_uid": parsed.uids.study,
        "attributes": rows.study_row(
            level_attributes(parsed.metadata, Level.STUDY), parsed.uids.study, (), 0, 0
        ),
        "other_attributes": rows.other_row(parsed.metadata, Level.STUDY),
    }


def _series_values(parsed: ParsedInstance, count: int) -> dict[str, Any]:
    uids = parsed.uids
    attributes = level_attributes(parsed.metadata, Level.SERIES)
    return {
        **index_values(parsed.metadata, Level.SERIES),
        "series_instance_uid": uids.series,
        "revision": _new_revision(),
        "attributes": rows.series_row(attributes, uids.study, uids.series, count),
        "other_attributes": rows.other_row(parsed.metadata, Level.SERIES),
    }


def _insert_requests(connection: sa.Connection, key: int, parsed: ParsedInstance) -> None:
    items = [{"series": key, **item} for item in request_items(parsed.metadata)]
    if items:
        connection.execute(sa.insert(request_attributes), items)


def _add_to_series(connection: sa.Connection, uids: SeriesUids, count: int) -> None:
    key, previous_count, row = connection.execute(_SERIES_ROW, uids._asdict()).one()
    values = {
        "key": key,
        "count": previous_count + count,
        "new_revision": _new_revision(),
        "row": rows.series_row(StoredJson(row).parsed(), uids.study, uids.series, previous_count + count),
    }
    connection.execute(_COUNT_SERIES, values)


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
            "modalities": "\\".join(["", *sorted(modalities), ""]) if modalities else None,
            "series": len(members),
            "count": count,
            "new_revision": _new_revision(),
            "row": rows.study_row(StoredJson(row).parsed(), uid, modalities, len(members), count),
        }
        connection.execute(_COUNT_STUDY, values)


def _new_revision() -> int:
    """Return a number that no earlier state has: a study may go, and come again under the same UID."""
    return secrets.randbits(63)
