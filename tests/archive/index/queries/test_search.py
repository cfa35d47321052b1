from collections.abc import Iterable

import pytest
import sqlalchemy as sa

from service.archive.index.queries import unindexed
from service.archive.index.queries.search import Page
from service.dicom.query.levels import Level
from service.dicom.query.matches import matches
from service.dicom.query.query import SearchedResource, parse_query
from service.errors import ContentTooLarge
from tests.archive.stored import INSTANCES, SERIES, STORED, STUDIES, UIDS, find, hits, uids
from tests.metadata import CT, MR, entry, instance, store, store_entries, tag

KEYS = [
    ("PatientID", "P21"),
    ("PatientID", "P*"),
    ("PatientID", "P_1*"),
    ("PatientID", "?2?"),
    ("PatientID", "*%"),
    ("AccessionNumber", "A*"),
    ("StudyID", "S*"),
    ("PatientName", "muller*"),
    ("PatientName", "*JÜRGEN"),
    ("PatientName", "山田^太郎"),
    ("PatientName", "yamada*=山*"),
    ("PatientName", "*=山*"),
    ("PatientName", "yamada=山*"),
    ("PatientName", "===x"),
    ("ReferringPhysicianName", "smith*"),
    ("StudyDate", "20240131"),
    ("StudyDate", "-20240131"),
    ("StudyDate", "20240103-"),
    ("StudyTime", "08"),
    ("StudyTime", "2000-"),
    ("StudyTime", "-2230"),
    ("StudyDescription", "CT*"),
    ("PatientAge", "045Y"),
    ("PatientWeight", "70.50"),
    ("StudyInstanceUID", "1,3"),
    ("StudyInstanceUID", "2\\3"),
    ("Modality", "CT"),
    ("Modality", "C?,SR"),
    ("SeriesNumber", "2"),
    ("SeriesNumber", "1e99"),
    ("SeriesNumber", "2.5"),
    ("SeriesNumber", "1.5-2.5"),
    ("SeriesNumber", "2-"),
    ("SeriesNumber", "*-1"),
    ("SeriesNumber", "1.2-1.8"),
    ("SeriesNumber", "-1e99-1e99"),
    ("SeriesNumber", "1e99-"),
    ("SeriesNumber", "*--1e99"),
    ("InstanceNumber", "2-9"),
    ("Rows", "1-600"),
    ("KVP", "100-110.5"),
    ("SeriesDescription", "T1*"),
    ("BodyPartExamined", "HEAD"),
    ("RequestAttributesSequence.ScheduledProcedureStepID", "S2"),
    ("RequestAttributesSequence.RequestedProcedureID", "R*"),
    ("SOPClassUID", CT),
    ("SOPInstanceUID", "1.1.*"),
    ("InstanceNumber", "1"),
    ("Rows", "512"),
    ("KVP", "100"),
    ("ImageType", "PRIMARY"),
    ("00091001", "x"),
    ("0009xx01:ACME", "x"),
    ("0009xx01:OTHER", "x"),
]
OPTIONS: list[tuple[tuple[str, str], ...]] = [
    (),
    (("fuzzymatching", "true"), ("PatientName", "ta yam")),
    (("fuzzymatching", "true"), ("ReferringPhysicianName", "jo")),
    (("fuzzymatching", "true"), ("PatientName", "*uller*")),
    (("emptyvaluematching", "true"), ("StudyDescription", '""')),
    (("emptyvaluematching", "true"), ("PatientName", '""')),
    (("emptyvaluematching", "true"), ("StudyDate", '""')),
    (("emptyvaluematching", "true"), ("InstanceNumber", '""')),
    (("StudyDate", "20240101-20240131"), ("StudyTime", "2230-08")),
    (("StudyDate", "20240101-20240131"), ("StudyTime", "-0816")),
    (("PatientID", "P*"), ("KVP", "120")),
    (("Modality", "CT"), ("KVP", "100"), ("InstanceNumber", "2")),
    (
        ("RequestAttributesSequence.ScheduledProcedureStepID", "S1"),
        ("RequestAttributesSequence.RequestedProcedureID", "R2"),
    ),
]


def by_reference(level: Level, *parameters: tuple[str, str]) -> set[str]:
    """Say which entities have an instance whose metadata matches: a search without an index."""
    keys = parse_query(parameters, STUDIES, 1000).keys
    return {metadata[tag(UIDS[level])]["Value"][0] for metadata in STORED if matches(metadata, keys)}


def test_every_key_finds_on_every_level_what_the_reference_finds(index: sa.Connection) -> None:
    for parameters in [*((key,) for key in KEYS), *OPTIONS]:
        for resource in (STUDIES, SERIES, INSTANCES):
            expected = by_reference(resource.level, *parameters)

            assert set(hits(index, resource, *parameters)) == expected, (resource, parameters)


def test_case_matters_except_in_names(index: sa.Connection) -> None:
    assert hits(index, STUDIES, ("PatientID", "p*")) == ["2"]
    assert hits(index, STUDIES, ("PatientName", "MULLER*")) == ["1"]


def test_modalities_in_study_matches_any_modality_of_the_study(index: sa.Connection) -> None:
    assert hits(index, STUDIES, ("ModalitiesInStudy", "SR")) == ["1"]
    assert hits(index, STUDIES, ("ModalitiesInStudy", "MR,SR")) == ["1", "2"]
    assert hits(index, STUDIES, ("ModalitiesInStudy", "\\")) == []
    assert set(hits(index, SERIES, ("ModalitiesInStudy", "SR"))) == {"1.1", "1.2"}
    assert hits(index, STUDIES, ("ModalitiesInStudy", "CT\\SR"), ("multiplevaluematching", "true")) == ["1"]
    assert hits(index, STUDIES, ("ModalitiesInStudy", "SR"), ("SeriesNumber", "2")) == ["1"]


def test_sop_classes_in_study_matches_any_class_of_the_study(index: sa.Connection) -> None:
    assert hits(index, STUDIES, ("SOPClassesInStudy", MR)) == ["1"]


def test_keys_below_a_study_have_to_be_of_the_same_series(index: sa.Connection) -> None:
    assert hits(index, STUDIES, ("Modality", "SR"), ("SeriesNumber", "1")) == ["1"]
    assert hits(index, STUDIES, ("Modality", "SR"), ("SeriesNumber", "2")) == []


def test_counts_can_be_keys(index: sa.Connection) -> None:
    assert hits(index, STUDIES, ("NumberOfStudyRelatedInstances", "3")) == ["1"]
    assert hits(index, SERIES, ("NumberOfSeriesRelatedInstances", "2")) == ["1.1"]


def test_the_available_transfer_syntax_can_be_a_key(connection: sa.Connection) -> None:
    store_entries(connection, [entry(instance("1.1.1"), "1.2.840.10008.1.2.4.80"), entry(instance("2.1.1"))])

    assert hits(connection, INSTANCES, ("AvailableTransferSyntaxUID", "1.2.840.10008.1.2.4.80")) == ["1.1.1"]


def test_studies_come_newest_first_and_those_without_a_date_last(index: sa.Connection) -> None:
    assert hits(index, STUDIES) == ["1", "2", "3"]


def test_series_and_instances_of_a_study_come_by_number(index: sa.Connection) -> None:
    assert hits(index, SearchedResource(Level.SERIES, "1")) == ["1.2", "1.1"]
    assert hits(index, SearchedResource(Level.INSTANCE, "1")) == ["1.2.1", "1.1.2", "1.1.1"]
    assert hits(index, SearchedResource(Level.INSTANCE, "1", "1.1")) == ["1.1.2", "1.1.1"]


@pytest.mark.parametrize(
    "resource",
    [
        SearchedResource(Level.SERIES, "9"),
        SearchedResource(Level.INSTANCE, "9"),
        SearchedResource(Level.INSTANCE, "1", "2.1"),
    ],
)
def test_what_the_path_names_and_is_not_here_has_nothing(
    index: sa.Connection, resource: SearchedResource
) -> None:
    assert find(index, resource) == Page([], 0)


@pytest.mark.parametrize(
    "key", [(), (("KVP", "120"),), (("Modality", "CT"),)], ids=["none", "document", "column"]
)
def test_pages_fit_together_and_tell_what_remains(
    connection: sa.Connection, key: Iterable[tuple[str, str]]
) -> None:
    store(connection, *(instance(f"1.1.{number}", Modality="CT", KVP=120) for number in range(1, 12)))
    all_of_them = hits(connection, INSTANCES, *key)

    pages = [
        find(connection, INSTANCES, *key, ("limit", "4"), ("offset", str(start))) for start in (0, 4, 8, 12)
    ]

    assert [uid for page in pages for uid in uids(page, Level.INSTANCE)] == all_of_them
    assert [page.remaining for page in pages] == [7, 3, 0, 0]


def test_a_limit_of_zero_only_counts(index: sa.Connection) -> None:
    assert find(index, STUDIES, ("limit", "0")) == Page([], 3)


def test_an_offset_of_any_size_is_beyond_the_end(index: sa.Connection) -> None:
    assert find(index, STUDIES, ("offset", "9" * 40)) == Page([], 0)


@pytest.mark.parametrize(
    "value", ["'", '"; DROP TABLE studies; --', "%", "_", "\\", "\\\\%", "[a]", "😀", "\ufffe"]
)
def test_characters_with_a_meaning_elsewhere_have_none_here(index: sa.Connection, value: str) -> None:
    for keyword in ("PatientID", "PatientName", "StudyDescription", "PatientComments", "ImageComments"):
        assert hits(index, STUDIES, (keyword, value)) == []
        assert hits(index, STUDIES, (keyword, f"*{value}*x")) == []


@pytest.fixture
def few_documents(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(unindexed, "MAX_DOCUMENTS", 3)
    return 3


def test_a_key_without_index_has_to_come_with_one_that_narrows(
    index: sa.Connection, few_documents: int
) -> None:
    with pytest.raises(ContentTooLarge, match=f"more than {few_documents}"):
        find(index, INSTANCES, ("KVP", "100"))

    assert hits(index, INSTANCES, ("KVP", "100"), ("PatientID", "P_1%")) == ["1.1.2"]
