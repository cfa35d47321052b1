"""What there is of what is brought: of a series, one statement tells all that is to be known.

Its study, itself, those of the instances that are stored, and whether any file has been taken for left over.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from service.archive.index.engine.dialects import IsAmong, list_parameter
from service.archive.index.engine.prepared import Prepared
from service.archive.index.schema.tables import instances, series, strays, studies
from service.archive.index.writes.entry import IndexEntry
from service.archive.index.writes.newcomers import Series, Study
from service.archive.index.writes.parents import SeriesUids, modalities_of, series_uids
from service.archive.instance import blob_key
from service.dicom.instance import Uids

_ONE = sa.select(sa.literal_column("1").label("one")).subquery()


# Written once: building a statement costs more than running it.
_LOOK_UP = Prepared(
    sa.select(
        sa.exists().where(IsAmong(strays.c.blob, sa.bindparam("blobs"))),
        studies.c.id,
        studies.c.tenant,
        studies.c.modalities,
        studies.c.number_of_series,
        studies.c.number_of_instances,
        studies.c.attributes,
        series.c.id,
        series.c.number_of_instances,
        series.c.attributes,
        instances.c.sop_instance_uid,
        instances.c.id,
        instances.c.digest,
        instances.c.version,
    ).select_from(
        _ONE.outerjoin(studies, studies.c.study_instance_uid == sa.bindparam("study"))
        .outerjoin(
            series,
            (series.c.study == studies.c.id) & (series.c.series_instance_uid == sa.bindparam("series")),
        )
        .outerjoin(
            instances,
            (instances.c.series == series.c.id)
            & IsAmong(instances.c.sop_instance_uid, sa.bindparam("instances")),
        )
    )
)


class FileVanished(Exception):
    """A file is not there any more: it was taken for left over, or its instance deleted or replaced."""


class StoredFile(NamedTuple):
    """The row and the file of an instance that is stored already."""

    key: int
    digest: bytes
    blob: str


class Arrivals(NamedTuple):
    """What is brought to one series, and what is there.

    Attributes:
        entries: that are brought; all different.
        study: theirs.
        series: theirs.
        stored: those of the instances that are stored already.
    """

    entries: Sequence[IndexEntry]
    study: Study
    series: Series
    stored: Mapping[Uids, StoredFile]


def look_up(
    connection: sa.Connection, entries: Sequence[IndexEntry], *, beware_of_strays: bool
) -> list[Arrivals]:
    """Look up what is there of the series of some entries, which are all of one study.

    Raises:
        FileVanished: a file has been taken for left over.
    """
    of_series: dict[SeriesUids, list[IndexEntry]] = {}
    for entry in entries:
        of_series.setdefault(series_uids(entry.parsed.uids), []).append(entry)
    arrivals: list[Arrivals] = []
    for uids, members in of_series.items():
        wanted = [entry.parsed.uids.instance for entry in members]
        blobs = [entry.blob for entry in members if beware_of_strays and entry.brings_its_file]
        rows = _LOOK_UP.rows(
            connection,
            {
                "study": uids.study,
                "series": uids.series,
                "instances": list_parameter(connection, wanted),
                "blobs": list_parameter(connection, blobs),
            },
        )
        are_strays, key, tenant, modalities, *counts = rows[0][:7]
        if are_strays:
            raise FileVanished
        study = (
            arrivals[0].study if arrivals else Study(key, tenant, modalities_of(modalities), *_known(counts))
        )
        in_series = Series(rows[0][7], *_known(rows[0][8:10]))
        stored = dict(_stored(uids, row[10:]) for row in rows if row[10] is not None)
        arrivals.append(Arrivals(members, study, in_series, stored))
    return arrivals


def _known(counts: Sequence[Any]) -> list[Any]:
    """Return counts and attributes of a row, or those of one that is not there yet."""
    *numbers, attributes = counts
    return [*(number or 0 for number in numbers), attributes or b""]


def _stored(uids: SeriesUids, row: Sequence[Any]) -> tuple[Uids, StoredFile]:
    instance, key, digest, version = row
    blob = blob_key(uids.study, uids.series, instance, digest, version)
    return Uids(uids.study, uids.series, instance), StoredFile(key, digest, blob)
