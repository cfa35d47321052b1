"""Answers made of stored JSON: the same bytes as those that are made of what is parsed, for most matches."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.archive.index.queries.projection import parts_of, put_together
from service.archive.index.schema.stored_json import to_row
from service.dicom.dictionary import vr_of
from service.dicom.query.levels import COMPUTED, level_attributes, other_attributes, selected
from service.dimse.queries.answers import Answers
from service.dimse.queries.finding import Negotiated, query_of
from service.dimse.queries.identifier import Identifier, text_of
from service.dimse.queries.information_models import ROOTS, QueryLevel
from service.dimse.queries.patients import Patients
from tests.metadata import data_set, element, tag

PATIENT_ROOT, STUDY_ROOT = ROOTS
KEYS = {
    QueryLevel.PATIENT: "PatientID PatientBirthDate PatientSex OtherPatientIDs PatientComments StudyDate",
    QueryLevel.STUDY: "StudyDate AccessionNumber PatientName PatientID ModalitiesInStudy PatientWeight "
    "OtherPatientIDs TimezoneOffsetFromUTC SOPClassesInStudy InstanceAvailability",
    QueryLevel.SERIES: "Modality SeriesNumber SeriesDescription PatientName OperatorsName",
    QueryLevel.IMAGE: "SOPClassUID InstanceNumber ImageType Rows PatientName SeriesNumber",
}
SETS = ["", "ISO_IR 100", "ISO_IR 144", "ISO_IR 192", "GB18030", "\\ISO 2022 IR 87"]

words = st.text(
    st.sampled_from("aZ é山\\\"'{}[],:%") | st.characters(exclude_categories=["Cs", "Cc"]), max_size=9
)
names = st.dictionaries(st.sampled_from(["Alphabetic", "Ideographic", "Phonetic"]), words, max_size=3)
whole = st.integers(-(2**33), 2**33)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "PN": names,
    "IS": whole,
    "US": whole,
    "DS": whole.map(lambda number: number / 7) | st.floats(allow_nan=False, allow_infinity=False) | words,
}


def elements(vr: str) -> st.SearchStrategy[dict[str, Any]]:
    values = st.lists(VALUES.get(vr, words) | st.none(), max_size=2)
    return st.builds(lambda some: {"vr": vr, "Value": some} if some else {"vr": vr}, values)


ATTRIBUTES = sorted({tag(keyword) for keywords in KEYS.values() for keyword in keywords.split()})
data_sets = st.fixed_dictionaries({}, optional={name: elements(vr_of(name)) for name in ATTRIBUTES})


def answers_of(
    level: QueryLevel, asked_in: str, keywords: str = "", *, root: Any = STUDY_ROOT, implicit: bool = True
) -> tuple[Answers, Any]:
    keys = sorted(map(tag, (keywords or KEYS[level]).split()))
    attributes = {key: {"vr": vr_of(key)} for key in keys}
    identifier = Identifier(root, level, attributes, asked_in)
    query = query_of(identifier, Negotiated(relational=True), 10)
    return Answers(identifier, query, "50% OF IT", implicit=implicit), query


def contents_of(metadata: dict[str, Any], query: Any) -> list[bytes]:
    rows = []
    for part in parts_of(query):
        is_returned = part.column.name == "attributes"
        attributes = (level_attributes if is_returned else other_attributes)(metadata, part.level)
        computed = selected(metadata, COMPUTED[part.level]) if is_returned else {}
        rows.append(to_row(attributes | computed))
    return rows


def parsed(contents: list[bytes], query: Any) -> Any:
    return put_together(parts_of(query), [contents], query.resource.level)[0].parsed()


@pytest.mark.parametrize("root", ROOTS, ids=["patient root", "study root"])
@pytest.mark.parametrize("level", [QueryLevel.STUDY, QueryLevel.SERIES, QueryLevel.IMAGE])
@settings(max_examples=60)
@given(
    metadatas=st.lists(data_sets, min_size=1, max_size=3),
    asked_in=st.sampled_from(SETS),
    implicit=st.booleans(),
)
def test_answers_are_the_same_bytes_as_those_of_what_is_parsed(
    root: Any, level: QueryLevel, metadatas: list[dict[str, Any]], asked_in: str, implicit: bool
) -> None:
    answers, query = answers_of(level, asked_in, root=root, implicit=implicit)
    rows = [contents_of(metadata, query) for metadata in metadatas]

    assert answers.of_contents(rows) == [answers.of(parsed(row, query)) for row in rows]


NAMED = element("PN", {"Alphabetic": "A"})
WITH_A_BLANK = element("PN", {"Alphabetic": "A", "Phonetic": " "})
identities = st.fixed_dictionaries(
    {},
    optional={
        tag("PatientID"): st.sampled_from(
            [element("LO"), *(element("LO", each) for each in ("P", " P", "É", '"'))]
        ),
        tag("IssuerOfPatientID"): st.sampled_from(
            [element("LO"), element("LO", "H"), element("LO", "H", "I")]
        ),
        tag("PatientName"): st.sampled_from(
            [NAMED, WITH_A_BLANK, element("PN", {"Alphabetic": "A "}), element("PN")]
        ),
        tag("PatientBirthDate"): st.sampled_from([element("DA"), element("DA", "20000101")]),
        tag("PatientSex"): elements("CS"),
    },
)


@settings(max_examples=150)
@given(
    metadatas=st.lists(identities, max_size=8),
    asked_in=st.sampled_from(SETS),
    implicit=st.booleans(),
)
@example(
    metadatas=[{tag("PatientName"): NAMED}, {tag("PatientName"): WITH_A_BLANK}], asked_in="", implicit=True
)
def test_patients_are_those_of_what_is_parsed(
    metadatas: list[dict[str, Any]], asked_in: str, implicit: bool
) -> None:
    answers, query = answers_of(QueryLevel.PATIENT, asked_in, root=PATIENT_ROOT, implicit=implicit)
    rows = [contents_of(metadata, query) for metadata in metadatas]
    first: dict[tuple[str, ...], Any] = {}
    for row in rows:
        study = parsed(row, query)
        patient_id, issuer, name, birth_date = (
            text_of(study.get(tag(keyword), {}))
            for keyword in ("PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate")
        )
        first.setdefault((patient_id, issuer) if patient_id else ("", name, birth_date), study)

    seen = Patients()
    found = [*answers.of_patients(rows[:3], seen), *answers.of_patients(rows[3:], seen)]

    assert found == [answers.of(study) for study in first.values()]


@pytest.mark.parametrize("asked_in", SETS)
@pytest.mark.parametrize("level", list(QueryLevel))
def test_usual_matches_are_not_parsed(level: QueryLevel, asked_in: str) -> None:
    usual = data_set(
        StudyDate="20240131",
        PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう",
        PatientID="P1%",
        ModalitiesInStudy=["CT", "SR"],
        PatientWeight=70.5,
        SeriesNumber=3,
        ImageType=["ORIGINAL", "PRIMARY"],
        Rows=512,
    )
    answers, query = answers_of(level, asked_in, root=PATIENT_ROOT)
    content = contents_of(usual, query)

    assert answers._plain is not None
    assert answers._plain.of(answers._plain.read([content])) == [answers.of(parsed(content, query))]


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(data_set(PatientWeight=1234567890 / 7), id="a number with too many digits"),
        pytest.param(data_set(ModalitiesInStudy=["É", "CT"]), id="codes that are none"),
        pytest.param(data_set(PatientID='a "b"'), id="an escaped character"),
    ],
)
def test_odd_matches_are_answered_as_they_were(odd: dict[str, Any]) -> None:
    answers, query = answers_of(QueryLevel.STUDY, "ISO_IR 100")
    content = contents_of(odd, query)

    assert answers.of_contents([content]) == [answers.of(parsed(content, query))]
    assert answers._plain is not None
    assert answers._plain.of(answers._plain.read([content])) == [None]
