"""DICOMDIR: the directory of a File-set. PS3.3 F, PS3.10 8.6.

Patients, studies, series and instances are records of one sequence, each of which names by its place in the
file the next of its kind and the first one below. They are kept encoded, some hundred bytes each: their
sizes, and so all places, are known before the first is written.
"""

import struct
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import NAMESPACE_OID, uuid5

from pydicom.uid import MediaStorageDirectoryStorage

from service.dicom.encoding.elements import Malformed
from service.dicom.encoding.explicit import Value, encoded, file_head, header
from service.dicom.encoding.words import ITEM_TAG
from service.dicom.fileset.records import record_keys, record_type
from service.dicom.json.reader import data_set
from service.dicom_json import Attributes, DicomJson, text

_PATIENT_ID, _STUDY, _SERIES = "00100020", "0020000D", "0020000E"
_SOP_CLASS, _SOP_INSTANCE = "00080016", "00080018"
_LEVELS = {"PATIENT": _PATIENT_ID, "STUDY": _STUDY, "SERIES": _SERIES}
"""Directory Record Type → the attribute that tells two such records apart."""

_ITEM_HEADER = struct.Struct("<4sL")
_IN_USE, _CONSISTENT = struct.pack("<H", 0xFFFF), bytes(2)


@dataclass(slots=True, eq=False)
class Record:
    """A directory record.

    Attributes:
        content: its elements from Directory Record Type on.
        below: the records that it leads to.
    """

    content: bytes
    below: "dict[str, Record]" = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of its item."""
        return _ITEM_HEADER.size + len(_links(0, 0)) + len(self.content)


class Directory:
    """The records of a File-set, to which instances are added one by one."""

    def __init__(self) -> None:
        self._patients: dict[str, Record] = {}
        self._uids: list[str] = []

    def add(self, attributes: Attributes, file_id: Sequence[str], transfer_syntax: str) -> None:
        """Add an instance.

        Args:
            attributes: its DICOM JSON.
            file_id: folders and name of its file. PS3.10 8.2.
            transfer_syntax: of its file.
        """
        siblings = self._patients
        for kind, tag in _LEVELS.items():
            name = text(attributes, tag)
            if name not in siblings:
                siblings[name] = Record(_content(kind, attributes))
            siblings = siblings[name].below
        uid, kind = text(attributes, _SOP_INSTANCE), record_type(text(attributes, _SOP_CLASS))
        siblings[uid] = Record(_content(kind, attributes, _reference(attributes, file_id, transfer_syntax)))
        self._uids.append(uid)

    def file(self) -> bytes:
        """Return the file that is named DICOMDIR."""
        uid = f"2.25.{uuid5(NAMESPACE_OID, ' '.join(self._uids)).int}"
        patients = self._patients.values()
        length = sum(map(_length, patients))
        head = file_head(MediaStorageDirectoryStorage, uid)
        first = len(head) + len(_directory(0, 0, 0))
        last = first + sum(map(_length, [*patients][:-1]))
        return b"".join((head, _directory(first, last, length), *_written(patients, first)))


def _directory(first: int, last: int, length: int) -> bytes:
    """Return what stands before the records: where the first and last patient are, and how long all are."""
    return b"".join(
        (
            encoded(0x00041130, "CS", b""),
            encoded(0x00041200, "UL", struct.pack("<L", first)),
            encoded(0x00041202, "UL", struct.pack("<L", last)),
            encoded(0x00041212, "US", _CONSISTENT),
            header(0x00041220, "SQ", length),
        )
    )


def _written(records: Collection[Record], position: int) -> Iterator[bytes]:
    """Yield records and those below them, each followed by its own, from a position in the file on."""
    for number, record in enumerate(records, 1):
        below, end = position + record.size, position + _length(record)
        links = _links(end if number < len(records) else 0, below if record.below else 0)
        yield _ITEM_HEADER.pack(ITEM_TAG, record.size - _ITEM_HEADER.size) + links + record.content
        yield from _written(record.below.values(), below)
        position = end


def _length(record: Record) -> int:
    """Return the bytes of a record and of all those below it."""
    return record.size + sum(map(_length, record.below.values()))


def _links(following: int, below: int) -> bytes:
    """Return the elements that lead to other records; 0 leads nowhere."""
    return b"".join(
        (
            encoded(0x00041400, "UL", struct.pack("<L", following)),
            encoded(0x00041410, "US", _IN_USE),
            encoded(0x00041420, "UL", struct.pack("<L", below)),
        )
    )


def _reference(attributes: Attributes, file_id: Sequence[str], transfer_syntax: str) -> bytes:
    """Return the elements that lead to the instance's file."""
    return b"".join(
        (
            encoded(0x00041500, "CS", "\\".join(file_id).encode()),
            encoded(0x00041510, "UI", text(attributes, _SOP_CLASS).encode()),
            encoded(0x00041511, "UI", text(attributes, _SOP_INSTANCE).encode()),
            encoded(0x00041512, "UI", transfer_syntax.encode()),
        )
    )


def _content(kind: str, attributes: Attributes, reference: bytes = b"") -> bytes:
    """Return a record from its type on; without values where the instance has some that cannot be written."""
    private = encoded(0x00041432, "UI", text(attributes, _SOP_CLASS).encode()) if kind == "PRIVATE" else b""
    before = encoded(0x00041430, "CS", kind.encode()) + private + reference
    keys = record_keys(kind, attributes)
    try:
        return before + _joined(keys)
    except Malformed:
        return before + _joined({tag: {"vr": element["vr"]} for tag, element in keys.items()})


def _joined(keys: DicomJson) -> bytes:
    return b"".join(piece for piece in data_set(keys, _no_bulkdata) if isinstance(piece, bytes))


def _no_bulkdata(_: str) -> Value:
    raise Malformed("bulk data cannot be in a directory")
