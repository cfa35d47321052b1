"""How much the archive has: plain functions of a connection."""

from typing import NamedTuple

import sqlalchemy as sa

from service.archive.index.queries.selection import JOINED
from service.archive.index.schema.feed_tables import changes
from service.archive.index.schema.scoped import within
from service.archive.index.schema.tables import instances, series, studies
from service.dicom.query.levels import Level
from service.scope import Scope

_COUNTS = sa.select(
    sa.func.count(),
    sa.func.coalesce(sa.func.sum(studies.c.number_of_series), 0),
    sa.func.coalesce(sa.func.sum(studies.c.number_of_instances), 0),
).select_from(studies)
_BYTES = sa.select(sa.func.coalesce(sa.func.sum(instances.c.size), 0))
_BYTES_OF_STUDY = _BYTES.select_from(JOINED[Level.INSTANCE]).where(
    studies.c.study_instance_uid == sa.bindparam("study")
)
_BYTES_OF_SERIES = _BYTES_OF_STUDY.where(series.c.series_instance_uid == sa.bindparam("series"))
_WAITING = sa.select(sa.func.coalesce(sa.func.sum(changes.c.count), 0)).where(changes.c.first.is_(None))


class Sizes(NamedTuple):
    """How much there is."""

    studies: int
    series: int
    instances: int
    bytes: int


def sizes(connection: sa.Connection) -> Sizes:
    """Return how much the archive has; every row is looked at."""
    of_studies, of_series, of_instances = map(int, connection.execute(_COUNTS).one())
    return Sizes(of_studies, of_series, of_instances, int(connection.scalar(_BYTES) or 0))


def bytes_of(connection: sa.Connection, scope: Scope, study: str, series_uid: str | None = None) -> int:
    """Return how large all files of a study are, or of one series of it; 0 where there is none."""
    if series_uid is None:
        return int(connection.scalar(within(_BYTES_OF_STUDY, scope), {"study": study}) or 0)
    names = {"study": study, "series": series_uid}
    return int(connection.scalar(within(_BYTES_OF_SERIES, scope), names) or 0)


def unnumbered(connection: sa.Connection) -> int:
    """Return how many changes have no Sequence yet."""
    return int(connection.scalar(_WAITING) or 0)
