"""Instances that come into series and studies: these are made with their first, and counted with each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from service.archive.index.owners.labels import labelled
from service.archive.index.schema import rows
from service.archive.index.schema.stored_json import StoredJson
from service.archive.index.schema.tables import series, studies
from service.archive.index.writes.parents import (
    COUNT_SERIES,
    COUNT_STUDY,
    COUNT_STUDY_AND_MODALITIES,
    insert_requests,
    listed,
    new_revision,
    series_values,
    study_values,
)
from service.dicom.instance import ParsedInstance
from service.dicom.query.columns import index_values
from service.dicom.query.levels import Level

# Written once: building a statement costs more than running it.
_INSERT_STUDY = sa.insert(studies).returning(studies.c.id)
_INSERT_SERIES = sa.insert(series).returning(series.c.id)


@dataclass(slots=True)
class Study:
    """What a study has: of its row, or of the one that it is to have.

    Attributes:
        key: of its row; None before it has one.
        tenant: whose it is.
        modalities: of its series.
        series: how many it has.
        instances: how many it has.
        attributes: DICOM JSON that searches answer with; empty before it has a row.
    """

    key: int | None
    tenant: str | None
    modalities: set[str]
    series: int
    instances: int
    attributes: bytes


@dataclass(slots=True)
class Series:
    """What a series has: of its row, or of the one that it is to have.

    Attributes:
        key: of its row; None before it has one.
        instances: how many it has.
        attributes: DICOM JSON that searches answer with; empty before it has a row.
    """

    key: int | None
    instances: int
    attributes: bytes


class Newcomers(NamedTuple):
    """Instances that a series is to have besides.

    Attributes:
        series: it.
        first: of them, which gives its attributes to a series and study that are made.
        number: of them.
        tenant: whose a study is that is made; None for whose it was before a reindex.
    """

    series: Series
    first: ParsedInstance
    number: int
    tenant: str | None


def add(connection: sa.Connection, study: Study, newcomers: Sequence[Newcomers]) -> None:
    """Count instances that are about to come into series of a study; what is not there yet is made."""
    _add_to_study(connection, study, newcomers)
    for arrivals in newcomers:
        uids, of_series = arrivals.first.uids, arrivals.series
        before, of_series.instances = of_series.instances, of_series.instances + arrivals.number
        if of_series.key is None:
            values = series_values(arrivals.first, of_series.instances) | {"study": study.key}
            of_series.key = connection.scalars(_INSERT_SERIES, values).one()
            insert_requests(connection, of_series.key, arrivals.first)
            continue
        row, count = of_series.attributes, of_series.instances
        values = {
            "key": of_series.key,
            "count": count,
            "new_revision": new_revision(),
            "row": rows.recounted(row, "NumberOfSeriesRelatedInstances", before, count)
            or rows.series_row(StoredJson(row).parsed(), uids.study, uids.series, count),
        }
        COUNT_SERIES.run(connection, values)


def _add_to_study(connection: sa.Connection, study: Study, newcomers: Sequence[Newcomers]) -> None:
    first = newcomers[0].first
    made = [arrivals.first for arrivals in newcomers if arrivals.series.key is None]
    modalities = study.modalities.union(filter(None, map(_modality, made)))
    are_others = modalities != study.modalities
    study.modalities = modalities
    study.series += len(made)
    before, study.instances = study.instances, study.instances + sum(each.number for each in newcomers)
    if study.key is None:
        tenant = labelled(connection, first.uids.study, newcomers[0].tenant)
        study.tenant = tenant
        values = study_values(first, study.modalities, study.series, study.instances) | {"tenant": tenant}
        study.key = connection.scalars(_INSERT_STUDY, values).one()
        return
    uid, row, count = first.uids.study, study.attributes, study.instances
    values = {
        "key": study.key,
        "series": study.series,
        "count": count,
        "new_revision": new_revision(),
        "row": (not made and rows.recounted(row, "NumberOfStudyRelatedInstances", before, count))
        or rows.study_row(StoredJson(row).parsed(), uid, modalities, study.series, count),
    }
    if are_others:
        values["modalities"] = listed(modalities)
    (COUNT_STUDY_AND_MODALITIES if are_others else COUNT_STUDY).run(connection, values)


def _modality(parsed: ParsedInstance) -> str | None:
    modality: str | None = index_values(parsed.metadata, Level.SERIES)["modality"]
    return modality
