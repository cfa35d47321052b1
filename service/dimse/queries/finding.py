"""C-FIND: an identifier → a Query of the index → matches, one after the other. PS3.4 C.4.1.

The index knows no patients: those of studies are answered, each Patient ID with its issuer once, with what
the newest of the matching studies says of the patient. Studies without a Patient ID make up a patient for
each name and birth date.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from service.archive.index.engine.database import Database
from service.archive.index.queries.conditions import is_indexed
from service.archive.index.queries.contents import Contents, first_contents
from service.archive.index.queries.search import contents_of
from service.dicom.query.fields import fields_of
from service.dicom.query.keys import Matching, keys_of, path_of
from service.dicom.query.levels import OF_PATIENT, SHOWN_WITH_STUDY, level_of
from service.dicom.query.query import Query, SearchedResource, with_combined_ranges
from service.dicom.query.sorting import sort_keys_of
from service.dimse.queries.answers import NEVER_RETURNED, Answers
from service.dimse.queries.identifier import FILE_SET_ID, FILE_SET_UID, NO_KEYS, Identifier
from service.dimse.queries.information_models import QueryLevel
from service.dimse.queries.patients import ISSUER, PATIENT_ID, Patients
from service.scope import Scope

_AT_ONCE = 250  # matches: after them it is asked whether more are wanted yet
_STUDIES_OF_A_PATIENT = 10  # as many as most have
_NO_LIMIT = 2**56

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
        wanted += [ISSUER, PATIENT_ID]
    return Query(
        resource,
        keys=with_combined_ranges(list(keys), ranges),
        fields=fields_of(wanted).tags,
        all_fields=False,
        limit=limit,
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
        seen = Patients()
        for studies in _studies_of_patients(index, scope, query):
            yield answers.of_patients(studies, seen)
        return
    for matches in _contents(index, scope, query):
        yield answers.of_contents(matches)


def _contents(index: Database, scope: Scope, query: Query) -> Generator[Contents, None, int]:
    """Yield what matches are made of, and return how many there are."""
    first, ids = index.read_now(first_contents, scope, query, _AT_ONCE)
    try:
        if first:
            yield first
        for portion in ids.portions(_AT_ONCE, after=_AT_ONCE) if ids else ():
            if contents := index.read_now(contents_of, query, portion):
                yield contents
        return ids.count if ids else len(first)
    finally:
        if ids:
            ids.close()


def _studies_of_patients(index: Database, scope: Scope, query: Query) -> Iterator[Contents]:
    """Yield studies, among which are those of as many patients as are wanted, or else all that match.

    Nobody knows how many studies these patients have. So it is begun with some, and begun again with more if
    they do not suffice: an index has them in the order of their patients, and all of them take far longer.
    """
    number = query.limit if all(map(is_indexed, query.keys)) else _NO_LIMIT
    while True:
        number *= _STUDIES_OF_A_PATIENT
        if (yield from _contents(index, scope, replace(query, limit=number))) < number:
            return


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
