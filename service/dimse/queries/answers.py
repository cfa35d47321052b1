"""Matches → the identifiers of answers: what was asked for, and where it is. PS3.4 C.4.1.1.3."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from service.archive.index.queries.projection import parts_of, put_together
from service.dicom.dictionary import tag_of, vr_of
from service.dicom.json.data_set import encoded
from service.dicom.query.levels import tag_in
from service.dicom.query.query import Query
from service.dicom_json import Attributes, DicomJson
from service.dimse.queries.identifier import (
    INSTANCE_AVAILABILITY,
    LEVEL,
    RETRIEVE_AE_TITLE,
    Identifier,
    name_of,
)
from service.dimse.queries.information_models import QueryLevel
from service.dimse.queries.patients import TELLING, Patients
from service.dimse.queries.plain_answers import PlainAnswers, Values, Wanted, plain_answers

NEVER_RETURNED = frozenset(map(tag_of, ("RetrieveURL", "SOPClassesInStudy")))
_UNKNOWN = ""  # the name of what no answer has


class Answers:
    """Makes of matches the identifiers of answers: what was asked for, empty where it is not known.

    Args:
        identifier: of the request.
        query: that the matches are of.
        ae_title: where matches can be retrieved from.
        implicit: the answers' VRs are not written.
    """

    def __init__(self, identifier: Identifier, query: Query, ae_title: str, *, implicit: bool) -> None:
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
        self._level = query.resource.level
        self._parts = parts_of(query)
        self._beside = TELLING if identifier.level is QueryLevel.PATIENT else ()
        self._plain = self._plain_answers()

    def of_contents(self, rows: Sequence[Sequence[bytes]]) -> list[bytes]:
        """Return the answers that matches are, of each given what the index holds of it."""
        return self._made(rows, self._read(rows))

    def of_patients(self, rows: Sequence[Sequence[bytes]], seen: Patients) -> list[bytes]:
        """Return the answers that studies are whose patients have not been seen before."""
        new = [
            (row, values)
            for row, values in zip(rows, self._read(rows), strict=True)
            if self._is_of_new_patient(row, values, seen)
        ]
        return self._made([row for row, _ in new], [values for _, values in new])

    def _read(self, rows: Sequence[Sequence[bytes]]) -> Sequence[Values | None]:
        return self._plain.read(rows) if self._plain else [None] * len(rows)

    def _made(self, rows: Sequence[Sequence[bytes]], read: Sequence[Values | None]) -> list[bytes]:
        answers = self._plain.of(read) if self._plain else [None] * len(rows)
        return [
            self.of(self._parsed(row)) if answer is None else answer
            for answer, row in zip(answers, rows, strict=True)
        ]

    def _is_of_new_patient(self, row: Sequence[bytes], values: Values | None, seen: Patients) -> bool:
        if values is None or self._plain is None:
            return seen.is_new(self._parsed(row))
        return seen.is_new_raw(self._plain.beside(values))

    def _parsed(self, row: Sequence[bytes]) -> DicomJson:
        return put_together(self._parts, [row], self._level)[0].parsed()

    def _plain_answers(self) -> PlainAnswers | None:
        """Return what makes most answers faster; None if something is wanted that it has not."""
        if any(field.name not in (field.tag, _UNKNOWN) or field.inside for field in self._fields):
            return None
        vrs = {tag: vr_of(tag) for tag in self._unique} | {
            field.tag: field.empty["vr"] for field in self._fields
        }
        never = frozenset(field.tag for field in self._fields if field.name == _UNKNOWN)
        always = tuple((tag, element["vr"], *element["Value"]) for tag, element in self._always.items())
        wanted = Wanted(tuple(vrs.items()), never, always, self._character_set, self._beside)
        return plain_answers(tuple(self._parts), wanted, implicit=self._implicit)

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
    return _UNKNOWN if tag in NEVER_RETURNED else name_of(wanted, tag)


def _inside(element: DicomJson) -> "Sequence[_Field]":
    items = list(element.get("Value") or ()) if element["vr"] == "SQ" else []
    return _fields(items[0]) if items and items[0] else ()
