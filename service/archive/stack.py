"""A series as a stack of pictures to scroll through."""

from typing import NamedTuple

import sqlalchemy as sa

from service.archive.index.selection import JOINED, in_path, order
from service.archive.index.tables import instances
from service.dicom.frame_scan import VIDEO_SYNTAXES
from service.dicom.query.levels import Level
from service.dicom.query.query import Resource
from service.errors import SeriesNotFound

_SLICES = sa.select(
    instances.c.sop_instance_uid,
    instances.c.transfer_syntax_uid,
    instances.c.rows,
    instances.c.number_of_frames,
).select_from(JOINED[Level.INSTANCE])


class Slice(NamedTuple):
    """An instance of a stack.

    Attributes:
        instance: its UID.
        frames: how many pictures it has; 0 for a video or what is no image.
    """

    instance: str
    frames: int


def stack_of(connection: sa.Connection, study: str, series: str) -> list[Slice]:
    """Return the instances of a series in the order of their numbers.

    Raises:
        SeriesNotFound: it is not here.
    """
    resource = Resource(Level.INSTANCE, study, series)
    found = connection.execute(_SLICES.where(*in_path(resource)).order_by(*order(resource))).all()
    if not found:
        raise SeriesNotFound(series)
    return [Slice(uid, _pictures(*image)) for uid, *image in found]


def _pictures(transfer_syntax: str, rows: int | None, number_of_frames: int | None) -> int:
    if not rows or transfer_syntax.startswith(VIDEO_SYNTAXES):
        return 0
    return max(1, number_of_frames or 1)
