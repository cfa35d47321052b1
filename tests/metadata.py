"""Small data sets as DICOM JSON, and their way into an index without a file."""

import hashlib
from collections.abc import Iterable
from typing import Any

import orjson
import sqlalchemy as sa

from service.archive.index.owners.labels import NOBODY
from service.archive.index.writes.changes import enter
from service.archive.index.writes.entry import IndexEntry, entry_of
from service.archive.instance import new_version
from service.dicom.dictionary import tag_of, vr_of
from service.dicom.instance import ParsedInstance, Uids

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"


def tag(keyword: str) -> str:
    number = tag_of(keyword)
    assert number, f"{keyword} is no keyword"
    return number


def element(vr: str, *values: Any) -> dict[str, Any]:
    return {"vr": vr, "Value": list(values)} if values else {"vr": vr}


def data_set(**attributes: Any) -> dict[str, Any]:
    """Return DICOM JSON, given keywords: one value, a list of them, or None for an empty attribute."""
    elements = {}
    for keyword, value in attributes.items():
        vr = vr_of(tag(keyword))
        values = [] if value is None else value if isinstance(value, list) else [value]
        elements[tag(keyword)] = element(vr, *(_name(item) if vr == "PN" else item for item in values))
    return dict(sorted(elements.items()))


def _name(value: str) -> dict[str, str]:
    groups = zip(("Alphabetic", "Ideographic", "Phonetic"), value.split("="), strict=False)
    return {group: part for group, part in groups if part}


def instance(uid: str, **attributes: Any) -> dict[str, Any]:
    """Return the metadata of an instance, its UIDs given as study.series.instance: 1.2.3 is of series 1.2."""
    study, series, _ = uid.split(".")
    uids = {"StudyInstanceUID": study, "SeriesInstanceUID": f"{study}.{series}", "SOPInstanceUID": uid}
    return data_set(**({"SOPClassUID": CT} | uids | attributes))


def entry(metadata: dict[str, Any], transfer_syntax: str = EXPLICIT_VR_LITTLE_ENDIAN) -> IndexEntry:
    study, series, uid, sop_class = (
        metadata[tag(keyword)]["Value"][0]
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
    )
    uids = Uids(study, series, uid)
    parsed = ParsedInstance(uids, sop_class, transfer_syntax, True, metadata, {}, None, None, "")
    return entry_of(parsed, 1, hashlib.sha256(orjson.dumps(metadata)).digest(), new_version())


def store(connection: sa.Connection, *instances: dict[str, Any]) -> None:
    store_entries(connection, map(entry, instances))


def store_entries(connection: sa.Connection, entries: Iterable[IndexEntry]) -> None:
    enter(connection, list(entries), replace=True, owner=NOBODY)
