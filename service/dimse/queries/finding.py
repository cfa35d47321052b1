"""C-FIND: an identifier → a Query of the index → matches, one after the other. PS3.4 C.4.1.

The index knows no patients: those of studies are answered, each Patient ID with its issuer once, with what
the newest of the matching studies says of the patient. Studies without a Patient ID make up a patient for
each name and birth date.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from service.archive.index.engine.database import Database
from service.archive.index.queries.matching_ids import matching_ids
from service.archive.index.queries.search import rows_of
from service.dicom.dictionary import tag_of, vr_of
from service.dicom.json.data_set import encoded
from service.dicom.query.fields import fields_of
from service.dicom.query.keys import Matching, keys_of, path_of
from service.dicom.query.levels import OF_PATIENT, SHOWN_WITH_STUDY, level_of, tag_in
from service.dicom.query.query import Query, SearchedResource, with_combined_ranges
from service.dicom.query.sorting import sort_keys_of
from service.dicom_json import Attributes, DicomJson
from service.dimse.queries.identifier import (
    FILE_SET_ID,
    FILE_SET_UID,
    INSTANCE_AVAILABILITY,
    LEVEL,
    NO_KEYS,
    RETRIEVE_AE_TITLE,
    Identifier,
    name_of,
    text_of,
)
from service.dimse.queries.information_models import QueryLevel
from service.scope import Scope

_NO_LIMIT = 2**62
_ROWS_AT_ONCE = 200
_MAX_LIST = 10_000  # UIDs

_PATIENT_ID, _ISSUER = tag_of("PatientID") or "", tag_of("IssuerOfPatientID") or ""
_NAME, _BIRTH_DATE = tag_of("PatientName") or "", tag_of("PatientBirthDate") or ""
_NEVER_RETURNED = frozenset(map(tag_of, ("RetrieveURL", "SOPClassesInStudy")))
_UNKNOWN = ""  # the name of what no answer has
_ANYWHERE = NO_KEYS - {FILE_SET_ID, FILE_SET_UID}


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What both sides agreed upon by extended negotiation. PS3.4 C.5.1.1.1.

    Attributes:
        relational: keys of any level may be sent, unique keys of levels above need not.
        combined: a date range and its time range are one.
        fuzzy: names may be matched by how their words begin.
    """

    relational: bool = False
    combined: bool = False
    fuzzy: bool = False


def query_of(identifier: Identifier, negotiated: Negotiated, limit: int) -> Query:
    """Return what an identifier looks for.

    Raises:
        InvalidKey: the value of a key is not of its VR.
    """
    values = dict(identifier.keys())
    resource = _resource(identifier, values)
    in_path = {QueryLevel.STUDY.unique_key} if resource.study else set()
    in_path |= {QueryLevel.SERIES.unique_key} if resource.series else set()
    paths = {name: path for name in values.keys() - in_path if (path := path_of(name))}
    matching = Matching(fuzzy=negotiated.fuzzy)
    keys = chain.from_iterable(keys_of(name, path, values[name], matching) for name, path in paths.items())
    ranges = {path for name, path in paths.items() if "-" in values[name]} if negotiated.combined else set()
    wanted = [*identifier.names().values(), *(level.unique_key for level in identifier.levels_above())]
    is_of_patients = identifier.level is QueryLevel.PATIENT
    if is_of_patients:
        wanted += [_ISSUER, _PATIENT_ID]
    return Query(
        resource,
        keys=with_combined_ranges(list(keys), ranges),
        fields=fields_of(wanted).tags,
        all_fields=False,
        limit=_NO_LIMIT if is_of_patients else limit,
        offset=0,
        sort_keys=sort_keys_of(["PatientID"], resource.level) if is_of_patients else (),
    )


def matches(index: Database, scope: Scope, query: Query, level: QueryLevel) -> Iterator[DicomJson]:
    """Yield the matches of a query within a scope, read a few at a time.

    Raises:
        ContentTooLarge: a key without an index would have to be compared with too many data sets.
        Unavailable: the index cannot be read.
    """
    ids = index.read_now(matching_ids, scope, query)
    try:
        portions = ids.portions(_ROWS_AT_ONCE)
        rows = (row.parsed() for portion in portions for row in index.read_now(rows_of, query, portion))
        yield from _patients(rows) if level is QueryLevel.PATIENT else rows
    finally:
        ids.close()


class Answers:
    """Makes of matches the identifiers of answers: what was asked for, empty where it is not known.

    Args:
        identifier: of the request.
        ae_title: where matches can be retrieved from.
        implicit: the answers' VRs are not written.
    """

    def __init__(self, identifier: Identifier, ae_title: str, *, implicit: bool) -> None:
        self._character_set = identifier.character_set
        self._implicit = implicit
        self._fields = _fields(identifier.attributes)
        self._unique = [level.unique_key for level in (*identifier.levels_above(), identifier.level)]
        self._always: DicomJson = {
            LEVEL: {"vr": "CS", "Value": [identifier.level.name]},
            RETRIEVE_AE_TITLE: {"vr": "AE", "Value": [ae_title]},
        }
        if INSTANCE_AVAILABILITY in identifier.attributes:
            self._always[INSTANCE_AVAILABILITY] = {"vr": "CS", "Value": ["ONLINE"]}

    def of(self, row: Attributes) -> bytes:
        """Return the answer that a match is."""
        attributes = {field.tag: field.of(row) for field in self._fields}
        for tag in self._unique:
            if tag not in attributes:
                attributes[tag] = row.get(tag) or {"vr": vr_of(tag)}
        attributes |= self._always
        return encoded(attributes, self._character_set, implicit=self._implicit)


@dataclass(frozen=True, slots=True)
class _Field:
    """An attribute that is wanted.

    Attributes:
        tag: of the request's.
        name: how it is named to the index.
        empty: what is answered where it is not known.
        inside: what is wanted of the items of a sequence; none for all.
    """

    tag: str
    name: str
    empty: DicomJson
    inside: "Sequence[_Field]"

    def of(self, row: Attributes) -> Any:
        """Return the element of an answer."""
        here = row.get(tag_in(row, self.name) if ":" in self.name else self.name)
        if here is None or (here["vr"] == "SQ") != (self.empty["vr"] == "SQ"):
            return self.empty
        if not self.inside:
            return here
        items = [{field.tag: field.of(item) for field in self.inside} for item in here.get("Value") or ()]
        return {"vr": "SQ", "Value": items}


def _fields(wanted: DicomJson) -> "Sequence[_Field]":
    return [
        _Field(tag, _name(wanted, tag), {"vr": element["vr"]}, _inside(element))
        for tag, element in wanted.items()
    ]


def _name(wanted: DicomJson, tag: str) -> str:
    return _UNKNOWN if tag in _NEVER_RETURNED else name_of(wanted, tag)


def _inside(element: DicomJson) -> "Sequence[_Field]":
    items = list(element.get("Value") or ()) if element["vr"] == "SQ" else []
    return _fields(items[0]) if items and items[0] else ()


def has_unsupported_keys(identifier: Identifier) -> bool:
    """Tell whether there are keys that answers of this level never have a value of."""
    return not all(_is_returned(tag, identifier.level) for tag in identifier.attributes)


def _is_returned(tag: str, level: QueryLevel) -> bool:
    if tag in _ANYWHERE:
        return True
    if tag in _NEVER_RETURNED or tag in NO_KEYS:
        return False
    if level is QueryLevel.PATIENT:
        return tag in OF_PATIENT
    return level_of(tag) <= level.searched or (level is QueryLevel.STUDY and tag in SHOWN_WITH_STUDY)


def _resource(identifier: Identifier, values: dict[str, str]) -> SearchedResource:
    """Return where to look: within one study or series, if just one is named."""
    level = identifier.level.searched
    study, series = (values.get(each.unique_key, "") for each in (QueryLevel.STUDY, QueryLevel.SERIES))
    if identifier.level <= QueryLevel.STUDY or not _is_one(study):
        return SearchedResource(level)
    if identifier.level is QueryLevel.SERIES or not _is_one(series):
        return SearchedResource(level, study)
    return SearchedResource(level, study, series)


def _is_one(uid: str) -> bool:
    return bool(uid) and len(uid) <= 64 and all(character in "0123456789." for character in uid)


def _patients(rows: Iterator[DicomJson]) -> Iterator[DicomJson]:
    """Yield the first row of each patient, of rows that come in the order of Patient IDs."""
    current, known = "", set[tuple[str, ...]]()
    for row in rows:
        patient_id, issuer, name, birth_date = (
            text_of(row.get(tag, {})) for tag in (_PATIENT_ID, _ISSUER, _NAME, _BIRTH_DATE)
        )
        if patient_id != current:
            current, known = patient_id, set()
        patient = (issuer,) if patient_id else (name, birth_date)
        if patient not in known:
            known.add(patient)
            yield row
