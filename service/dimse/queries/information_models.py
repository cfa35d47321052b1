"""The information models that can be searched and retrieved, and their levels: PS3.4 C.3, C.6."""

from enum import IntEnum
from typing import NamedTuple

from service.dicom.dictionary import tag_of
from service.dicom.query.levels import Level


class QueryLevel(IntEnum):
    """A level of an information model; lower ones have higher numbers."""

    PATIENT = 0
    STUDY = 1
    SERIES = 2
    IMAGE = 3

    @property
    def unique_key(self) -> str:
        """The tag of its unique key."""
        return _UNIQUE_KEYS[self]

    @property
    def searched(self) -> Level:
        """The level of the index that is searched for it: patients are those of studies."""
        return _SEARCHED[self]


class Root(NamedTuple):
    """What an information model begins with.

    Attributes:
        name: as people say it.
        highest: its first level.
        find, move, get: the SOP classes of its services.
    """

    name: str
    highest: QueryLevel
    find: str
    move: str
    get: str


def _tag(keyword: str) -> str:
    return tag_of(keyword) or ""


_UNIQUE_KEYS = {
    QueryLevel.PATIENT: _tag("PatientID"),
    QueryLevel.STUDY: _tag("StudyInstanceUID"),
    QueryLevel.SERIES: _tag("SeriesInstanceUID"),
    QueryLevel.IMAGE: _tag("SOPInstanceUID"),
}
_SEARCHED = {
    QueryLevel.PATIENT: Level.STUDY,
    QueryLevel.STUDY: Level.STUDY,
    QueryLevel.SERIES: Level.SERIES,
    QueryLevel.IMAGE: Level.INSTANCE,
}
_CLASSES = "1.2.840.10008.5.1.4.1.2"

ROOTS = (
    Root("Patient Root", QueryLevel.PATIENT, f"{_CLASSES}.1.1", f"{_CLASSES}.1.2", f"{_CLASSES}.1.3"),
    Root("Study Root", QueryLevel.STUDY, f"{_CLASSES}.2.1", f"{_CLASSES}.2.2", f"{_CLASSES}.2.3"),
)
FIND_CLASSES = {root.find: root for root in ROOTS}
MOVE_CLASSES = {root.move: root for root in ROOTS}
GET_CLASSES = {root.get: root for root in ROOTS}
"""SOP class → the information model that it is a service of."""
