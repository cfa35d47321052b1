"""The values that metadata leave out, as the index knows them: plain functions of a connection."""

from typing import NamedTuple

import orjson
import sqlalchemy as sa

from service.archive.index.lookups.lookup import OF_INSTANCE, OF_SERIES, OF_STUDY, WITH_DOCUMENTS, names
from service.archive.index.schema.scoped import within
from service.archive.index.schema.tables import documents, instances
from service.archive.instance import Instance, Target
from service.dicom.json.writer import Bulkdata
from service.errors import BulkdataNotFound
from service.scope import Scope

PIXEL_DATA_PATHS = ("7FE00010", "7FE00008", "7FE00009")
"""Paths of the attributes that hold the pixels of an instance: integers, float, double float."""


class Held(NamedTuple):
    """Which bulk data an instance has.

    Attributes:
        pixel_data: whether it has pixel data of its own; an icon's are others.
        encapsulated: whether these are.
        others: whether it has any besides.
    """

    pixel_data: bool
    encapsulated: bool
    others: bool


_PLACES = (
    sa.select(documents.c.bulkdata)
    .select_from(WITH_DOCUMENTS)
    .where(OF_STUDY, OF_SERIES, OF_INSTANCE, instances.c.digest == sa.bindparam("digest"))
)
_HELD = (
    sa.select(instances.c.digest, documents.c.bulkdata, documents.c.boundaries.is_not(None))
    .select_from(WITH_DOCUMENTS)
    .where(OF_STUDY, documents.c.bulkdata.is_not(None))
)
_HELD_IN_SERIES = _HELD.where(OF_SERIES)
_HELD_IN_INSTANCE = _HELD_IN_SERIES.where(OF_INSTANCE)


def places_of(connection: sa.Connection, instance: Instance) -> dict[str, Bulkdata]:
    """Return path → place of all bulk data of an instance, in the order of the file.

    Empty also where its file is not the stored one any more.
    """
    text = connection.scalar(_PLACES, {**names(instance.uids), "digest": instance.digest})
    return {path: Bulkdata.from_row(row) for path, row in orjson.loads(text).items()} if text else {}


def bulkdata_of(connection: sa.Connection, instance: Instance, path: str) -> Bulkdata:
    """Return where a value lies that the metadata names by this path.

    Raises:
        BulkdataNotFound: the instance has none, or its file is not the stored one any more.
    """
    place = places_of(connection, instance).get(path)
    if place is None:
        raise BulkdataNotFound(path)
    return place


def held_by(connection: sa.Connection, scope: Scope, target: Target) -> dict[bytes, Held]:
    """Return which bulk data the instances of a target have: digest of the file → kinds of bulk data.

    Instances without any are left out.
    """
    query = _HELD_IN_INSTANCE
    if target.instance is None:
        query = _HELD if target.series is None else _HELD_IN_SERIES
    rows = connection.execute(within(query, scope), target._asdict())
    return {digest: _held(orjson.loads(text), encapsulated) for digest, text, encapsulated in rows}


def _held(paths: dict[str, object], encapsulated: bool) -> Held:
    pixel_data = sum(path in paths for path in PIXEL_DATA_PATHS)
    return Held(bool(pixel_data), encapsulated, len(paths) > pixel_data)
