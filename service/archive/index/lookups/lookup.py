"""Looking up what is stored: plain functions of a connection."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from service.archive.index.schema.scoped import within
from service.archive.index.schema.stored_json import StoredJson
from service.archive.index.schema.tables import documents, instances, series, studies
from service.archive.instance import Instance, Located
from service.dicom.frames import from_row
from service.dicom.instance import Uids
from service.errors import InstanceNotFound, SeriesNotFound, StudyNotFound, Unavailable
from service.scope import Scope
from service.transfer_syntaxes import VIDEO_PREFIXES

COLUMNS = (
    instances.c.id,
    studies.c.study_instance_uid,
    series.c.series_instance_uid,
    instances.c.sop_instance_uid,
    instances.c.sop_class_uid,
    instances.c.transfer_syntax_uid,
    instances.c.part10,
    instances.c.size,
    instances.c.digest,
    instances.c.version,
)
WITH_PARENTS = instances.join(series, instances.c.series == series.c.id).join(
    studies, series.c.study == studies.c.id
)


def instance_of(row: Iterable[Any]) -> Instance:
    """Return the instance of a row."""
    key, study, of_series, sop_instance, *rest = row
    return Instance(key, Uids(study, of_series, sop_instance), *rest)


def names(uids: Uids) -> dict[str, str]:
    """Return the UIDs under the names that OF_STUDY, OF_SERIES and OF_INSTANCE give them."""
    return {"study": uids.study, "series": uids.series, "instance": uids.instance}


OF_STUDY = studies.c.study_instance_uid == sa.bindparam("study")
OF_SERIES = series.c.series_instance_uid == sa.bindparam("series")
OF_INSTANCE = instances.c.sop_instance_uid == sa.bindparam("instance")
BY_NUMBER = (
    series.c.series_number.asc().nulls_last(),
    series.c.id,
    instances.c.instance_number.asc().nulls_last(),
    instances.c.id,
)
WITH_DOCUMENTS = WITH_PARENTS.join(documents, documents.c.instance == instances.c.id)

_VIDEOS = sa.or_(*map(instances.c.transfer_syntax_uid.startswith, VIDEO_PREFIXES))

# Written once: building a statement costs more than running it.
_STUDY = sa.select(studies.c.id).where(OF_STUDY)
_FIND = sa.select(*COLUMNS).select_from(WITH_PARENTS).where(OF_STUDY, OF_SERIES, OF_INSTANCE)
_LOCATE_SERIES = (
    sa.select(*COLUMNS, documents.c.pixel_data, documents.c.boundaries, documents.c.image)
    .select_from(WITH_DOCUMENTS)
    .where(OF_STUDY, OF_SERIES)
)
_LOCATE = (
    sa.select(studies.c.tenant, *_LOCATE_SERIES.selected_columns)
    .select_from(WITH_DOCUMENTS)
    .where(OF_STUDY, OF_SERIES, OF_INSTANCE)
)
_STANDINGS = (
    sa.select(instances.c.id, instances.c.digest, instances.c.version, studies.c.tenant)
    .select_from(WITH_PARENTS)
    .where(instances.c.id.in_(sa.bindparam("keys", expanding=True)))
)
_LOCATE_ALL = _LOCATE_SERIES.order_by(*BY_NUMBER)
_ALL_OF_STUDY = sa.select(*COLUMNS).select_from(WITH_PARENTS).where(OF_STUDY).order_by(*BY_NUMBER)
_ALL_OF_SERIES = _ALL_OF_STUDY.where(OF_SERIES)
_PIXELS = sa.func.coalesce(instances.c.rows, 0) * sa.func.coalesce(instances.c.columns, 0)
_PICTURES_OF_STUDY = (
    sa.select(*COLUMNS, _PIXELS * sa.func.coalesce(instances.c.number_of_frames, 1), instances.c.attributes)
    .select_from(WITH_DOCUMENTS)
    .where(OF_STUDY, documents.c.pixel_data.is_not(None), ~_VIDEOS)
    .order_by(*BY_NUMBER)
)
_PICTURES_OF_SERIES = _PICTURES_OF_STUDY.where(OF_SERIES)


class Standing(NamedTuple):
    """What may become of a row.

    Attributes:
        digest: of the file that it has now, which tells the instance too: its UIDs are in the file.
        version: of that file's name.
        tenant: whose study it is of.
    """

    digest: bytes
    version: str | None
    tenant: str | None


class Pictured(NamedTuple):
    """An instance with pixels that are no video.

    Attributes:
        instance: it.
        pixels: of all its frames.
        row: that a search answers with.
    """

    instance: Instance
    pixels: int
    row: StoredJson


def find(connection: sa.Connection, scope: Scope, uids: Uids) -> Instance:
    """Return the instance with these UIDs.

    Raises:
        InstanceNotFound: it is not here, not under this Study and Series, or outside the scope.
    """
    row = connection.execute(within(_FIND, scope), names(uids)).one_or_none()
    if row is None:
        raise InstanceNotFound(uids.instance)
    return instance_of(row)


def admits(connection: sa.Connection, scope: Scope, study: str) -> bool:
    """Tell whether a study is here, within the scope."""
    return connection.execute(within(_STUDY, scope), {"study": study}).first() is not None


def locate(connection: sa.Connection, uids: Uids) -> tuple[Located, str | None]:
    """Return the instance with these UIDs, where its frames lie, and the tenant whose study it is of.

    Raises:
        InstanceNotFound: it is not here, or not under this Study and Series.
    """
    row = connection.execute(_LOCATE, names(uids)).one_or_none()
    if row is None:
        raise InstanceNotFound(uids.instance)
    tenant, *located = row
    return _located(located), tenant


def standings(connection: sa.Connection, keys: Collection[int]) -> dict[int, Standing]:
    """Return the standing of those of these rows that are here; a key may be another's by now."""
    return {key: Standing(*row) for key, *row in connection.execute(_STANDINGS, {"keys": list(keys)})}


def locate_all(connection: sa.Connection, scope: Scope, study: str, of_series: str) -> list[Located]:
    """Return the instances of a series and where their frames lie, in the order of their numbers.

    Raises:
        SeriesNotFound: it is not here, or outside the scope.
    """
    rows = connection.execute(within(_LOCATE_ALL, scope), {"study": study, "series": of_series}).all()
    if not rows:
        raise SeriesNotFound(of_series)
    return [_located(row) for row in rows]


def _located(row: Iterable[Any]) -> Located:
    *instance, numbers, boundaries, image = row
    frames = from_row(numbers, boundaries) if numbers is not None else None
    return Located(instance_of(instance), frames, image)


def find_all(
    connection: sa.Connection, scope: Scope, study: str, of_series: str | None = None
) -> list[Instance]:
    """Return the instances of a study or of one of its series, in the order of their numbers.

    Raises:
        StudyNotFound, SeriesNotFound: it is not here, or outside the scope.
    """
    query = _ALL_OF_STUDY if of_series is None else _ALL_OF_SERIES
    rows = connection.execute(within(query, scope), {"study": study, "series": of_series}).all()
    if not rows:
        raise StudyNotFound(study) if of_series is None else SeriesNotFound(of_series)
    return [instance_of(row) for row in rows]


def find_pictures(
    connection: sa.Connection, scope: Scope, study: str, of_series: str | None = None
) -> list[Pictured]:
    """Return those instances of a study or series that have pixels and are no video, in order; maybe none."""
    query = _PICTURES_OF_STUDY if of_series is None else _PICTURES_OF_SERIES
    rows = connection.execute(within(query, scope), {"study": study, "series": of_series})
    return [Pictured(instance_of(instance), pixels, StoredJson(row)) for *instance, pixels, row in rows]


def stored_files(connection: sa.Connection) -> list[tuple[str, int, bytes]]:
    """Return where the file of every stored instance lies, its size in bytes and its SHA-256."""
    rows = connection.execute(sa.select(*COLUMNS).select_from(WITH_PARENTS).order_by(instances.c.id))
    return [(instance.blob, instance.size, instance.digest) for instance in map(instance_of, rows)]


def number_of_instances(connection: sa.Connection) -> int:
    """Return how many instances the index knows."""
    return connection.scalar(sa.select(sa.func.count()).select_from(instances)) or 0


def has_instances(connection: sa.Connection) -> bool:
    """Tell whether the index knows any instance."""
    return connection.execute(sa.select(instances.c.id).limit(1)).first() is not None


def check_tables(connection: sa.Connection) -> None:
    """Return if the index has its tables.

    Raises:
        Unavailable: it has none.
    """
    try:
        connection.execute(sa.select(studies.c.id).limit(1))
    except sa.exc.ProgrammingError as error:
        raise Unavailable("the index has no tables yet: run migrate") from error
