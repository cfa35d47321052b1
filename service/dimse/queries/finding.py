"""C-FIND: an identifier → a Query of the index → matches, one after the other. PS3.4 C.4.1.

The index knows no patients: those of studies are answered, each Patient ID with its issuer once, with what
the newest of the matching studies says of the patient. Studies without a Patient ID make up a patient for
each name and birth date.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from service.archive.index.engine.database import Database
from service.archive.index.queries.contents import Contents, first_contents
from service.archive.index.queries.projection import parts_of, put_together
from service.archive.index.queries.search import contents_of
from service.archive.index.schema.stored_json import StoredJson
from service.dicom.dictionary import tag_of
from service.dicom.query.fields import fields_of
from service.dicom.query.keys import Matching, keys_of, path_of
from service.dicom.query.levels import OF_PATIENT, SHOWN_WITH_STUDY, level_of
from service.dicom.query.query import Query, SearchedResource, with_combined_ranges
from service.dicom.query.sorting import sort_keys_of
from service.dicom_json import DicomJson
from service.dimse.queries.answers import NEVER_RETURNED, Answers
from service.dimse.queries.identifier import (
    FILE_SET_ID,
    FILE_SET_UID,
    NO_KEYS,
    Identifier,
    text_of,
)
from service.dimse.queries.information_models import QueryLevel
from service.scope import Scope

_NO_LIMIT = 2**62
_AT_ONCE = 250  # matches: after them it is asked whether more are wanted yet
_MAX_LIST = 10_000  # UIDs

_PATIENT_ID, _ISSUER = tag_of("PatientID") or "", tag_of("IssuerOfPatientID") or ""
_NAME, _BIRTH_DATE = tag_of("PatientName") or "", tag_of("PatientBirthDate") or ""
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


def found(
    index: Database, scope: Scope, query: Query, level: QueryLevel, answers: Answers
) -> Iterator[list[bytes]]:
    """Yield the answers that the matches of a query within a scope are, some at a time.

    Raises:
        ContentTooLarge: a key without an index would have to be compared with too many data sets.
        Unavailable: the index cannot be read.
    """
    if level is QueryLevel.PATIENT:
        rows = (row.parsed() for row in _studies(index, scope, query))
        encoded = map(answers.of, _patients(rows))
        yield from iter(lambda: list(islice(encoded, _AT_ONCE)), [])
        return
    for matches in _contents(index, scope, query):
        yield answers.of_contents(matches)


def _contents(index: Database, scope: Scope, query: Query) -> Iterator[Contents]:
    """Yield what matches are made of."""
    first, ids = index.read_now(first_contents, scope, query, _AT_ONCE)
    try:
        if first:
            yield first
        for portion in ids.portions(_AT_ONCE, after=_AT_ONCE) if ids else ():
            if contents := index.read_now(contents_of, query, portion):
                yield contents
    finally:
        if ids:
            ids.close()


def _studies(index: Database, scope: Scope, query: Query) -> Iterator[StoredJson]:
    for contents in _contents(index, scope, query):
        yield from put_together(parts_of(query), contents, query.resource.level)


def has_unsupported_keys(identifier: Identifier) -> bool:
    """Tell whether there are keys that answers of this level never have a value of."""
    return not all(_is_returned(tag, identifier.level) for tag in identifier.attributes)


def _is_returned(tag: str, level: QueryLevel) -> bool:
    if tag in _ANYWHERE:
        return True
    if tag in NEVER_RETURNED or tag in NO_KEYS:
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
