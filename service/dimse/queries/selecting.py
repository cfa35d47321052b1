"""C-MOVE and C-GET: an identifier → the instances to be sent. PS3.4 C.4.2.1, C.4.3.1.

Unique keys alone select: those of the levels above, and one or several of the level of the request.
"""

from service.archive.index.engine.database import Database
from service.archive.index.lookups.named import with_keys
from service.archive.index.queries.matching_ids import matching_ids
from service.archive.instance import Instance
from service.dicom.dictionary import keyword_of
from service.dicom.query.keys import Matching, keys_of
from service.dicom.query.levels import Level
from service.dicom.query.query import Query, SearchedResource
from service.dimse.network.failures import TOO_MANY_MATCHES, Failure
from service.dimse.network.statuses import DOES_NOT_MATCH_SOP_CLASS
from service.dimse.queries.identifier import Identifier, check_unique_keys
from service.dimse.queries.information_models import QueryLevel
from service.scope import Scope

MAX_SUBOPERATIONS = 65_535  # that a response can count

_AT_ONCE = 500


def instances_of(
    index: Database, scope: Scope, identifier: Identifier, *, relational: bool
) -> list[Instance]:
    """Return the instances that a retrieve is about, those of a study one after the other.

    Raises:
        Failure: a unique key is missing, or they are more than can be counted.
        InvalidKey: a UID that is none.
    """
    ids = index.read_now(matching_ids, scope, selecting(identifier, relational=relational))
    try:
        if ids.count > MAX_SUBOPERATIONS:
            raise Failure(TOO_MANY_MATCHES, f"more than {MAX_SUBOPERATIONS} instances")
        return [
            instance for portion in ids.portions(_AT_ONCE) for instance in index.read_now(with_keys, portion)
        ]
    finally:
        ids.close()


def selecting(identifier: Identifier, *, relational: bool) -> Query:
    """Return the search for the instances that a retrieve is about.

    Raises:
        Failure: a unique key is missing, or has wild cards.
        InvalidKey: a UID that is none.
    """
    if not relational:
        check_unique_keys(identifier)
    values = {level: identifier.text(level.unique_key) for level in QueryLevel if level <= identifier.level}
    own = values[identifier.level]
    if not own or "*" in own or "?" in own:
        keyword = keyword_of(identifier.level.unique_key)
        raise Failure(DOES_NOT_MATCH_SOP_CLASS, f"{keyword}: a value is missing at this level")
    study = values.get(QueryLevel.STUDY, "")
    resource = SearchedResource(Level.INSTANCE, study if _is_one(study) else None)
    keys = [
        key
        for level, value in values.items()
        if value and not (level is QueryLevel.STUDY and resource.study)
        for key in keys_of(keyword_of(level.unique_key), (level.unique_key,), value, Matching())
    ]
    return Query(resource, tuple(keys), frozenset(), False, MAX_SUBOPERATIONS + 1, 0)


def _is_one(uid: str) -> bool:
    return bool(uid) and "\\" not in uid and "," not in uid and not set(uid) - set("0123456789.")
