"""Looking up what is stored: plain functions of a connection."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from isal import isal_zlib

from service.archive.blobs import blob_key
from service.archive.tables import documents, instances, series, studies
from service.dicom.frames import FrameTable, from_row
from service.dicom.instance import Uids
from service.dicom.json_model import Bulkdata, DicomJson
from service.errors import BulkdataNotFound, InstanceNotFound, SeriesNotFound, StudyNotFound


@dataclass(frozen=True, slots=True)
class Instance:
    """One stored instance, as much of it as finding its bytes takes.

    Attributes:
        key: of its row.
        uids: its identity.
        sop_class_uid: (0008,0016).
        transfer_syntax: UID of the stored encoding.
        conformant: the stored file is a Part 10 file as it is.
        size: of the stored file in bytes.
        digest: SHA-256 of the stored file.
    """

    key: int
    uids: Uids
    sop_class_uid: str
    transfer_syntax: str
    conformant: bool
    size: int
    digest: bytes

    @property
    def blob(self) -> str:
        """Where the stored file lies."""
        return blob_key(self.uids.study, self.uids.series, self.uids.instance, self.digest)


_COLUMNS = (
    instances.c.id,
    studies.c.study_instance_uid,
    series.c.series_instance_uid,
    instances.c.sop_instance_uid,
    instances.c.sop_class_uid,
    instances.c.transfer_syntax_uid,
    instances.c.part10,
    instances.c.size,
    instances.c.digest,
)
_JOINED = instances.join(series, instances.c.series == series.c.id).join(
    studies, series.c.study == studies.c.id
)


def _instance(row: sa.Row[*tuple[Any, ...]]) -> Instance:
    key, study, of_series, sop_instance, *rest = row
    return Instance(key, Uids(study, of_series, sop_instance), *rest)


_BY_UIDS = (
    sa.select(*_COLUMNS)
    .select_from(_JOINED)
    .where(
        studies.c.study_instance_uid == sa.bindparam("study"),
        series.c.series_instance_uid == sa.bindparam("series"),
        instances.c.sop_instance_uid == sa.bindparam("instance"),
    )
)


def find(connection: sa.Connection, uids: Uids) -> Instance:
    """Return the instance with these UIDs.

    Raises:
        InstanceNotFound: it is not here, or not under this Study and Series.
    """
    names = {"study": uids.study, "series": uids.series, "instance": uids.instance}
    row = connection.execute(_BY_UIDS, names).one_or_none()
    if row is None:
        raise InstanceNotFound(uids.instance)
    return _instance(row)


def find_all(connection: sa.Connection, study: str, of_series: str | None = None) -> list[Instance]:
    """Return the instances of a study or of one of its series, in the order of their numbers.

    Raises:
        StudyNotFound, SeriesNotFound: it is not here.
    """
    query = sa.select(*_COLUMNS).select_from(_JOINED).where(studies.c.study_instance_uid == study)
    if of_series is not None:
        query = query.where(series.c.series_instance_uid == of_series)
    ordered = query.order_by(series.c.series_number, series.c.id, instances.c.instance_number, instances.c.id)
    found = [_instance(row) for row in connection.execute(ordered)]
    if not found:
        raise StudyNotFound(study) if of_series is None else SeriesNotFound(of_series)
    return found


def stored_files(connection: sa.Connection) -> list[tuple[str, int, bytes]]:
    """Return of every stored instance where its file lies, its size in bytes and its SHA-256."""
    found = connection.execute(sa.select(*_COLUMNS).select_from(_JOINED).order_by(instances.c.id))
    return [(one.blob, one.size, one.digest) for one in map(_instance, found)]


def metadata_of(connection: sa.Connection, keys: Sequence[int]) -> list[bytes]:
    """Return the DICOM JSON objects of instances, in the order of the keys; gone ones are left out.

    The byte SUBSTITUTE stands in them for the service's base URL.
    """
    query = sa.select(documents.c.instance, documents.c.metadata).where(documents.c.instance.in_(keys))
    found = dict(connection.execute(query).tuples().all())
    return [isal_zlib.decompress(found[key]) for key in keys if key in found]


def frames_of(connection: sa.Connection, key: int) -> FrameTable | None:
    """Return where an instance's frames lie; None if it has no pixels."""
    query = sa.select(documents.c.pixel_data, documents.c.boundaries).where(documents.c.instance == key)
    row = connection.execute(query).one_or_none()
    return from_row(row[0], row[1]) if row and row[0] is not None else None


def image_of(connection: sa.Connection, key: int) -> DicomJson:
    """Return what rendering needs of an instance, as DICOM JSON; empty if it has no pixels."""
    image = connection.scalar(sa.select(documents.c.image).where(documents.c.instance == key))
    return orjson.loads(isal_zlib.decompress(image)) if image else {}


def bulkdata_of(connection: sa.Connection, key: int, path: str) -> Bulkdata:
    """Return where a value lies that the metadata names by this path.

    Raises:
        BulkdataNotFound: the instance has none.
    """
    text = connection.scalar(sa.select(documents.c.bulkdata).where(documents.c.instance == key))
    place = orjson.loads(text).get(path) if text else None
    if place is None:
        raise BulkdataNotFound(path)
    return Bulkdata(*place)
