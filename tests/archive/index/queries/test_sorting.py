"""`orderby`: the same order on both databases, missing values last, and pages that fit together."""

from typing import Any

import pytest
import sqlalchemy as sa

from service.dicom.query.levels import Level
from service.dicom.query.query import SearchedResource
from tests.archive.stored import INSTANCES, SERIES, STORED, STUDIES, find, hits, uids
from tests.metadata import instance, store

STUDY_ONE = SearchedResource(Level.INSTANCE, "1")


@pytest.fixture
def index(connection: sa.Connection) -> sa.Connection:
    store(connection, *STORED)
    return connection


@pytest.mark.parametrize(
    ("resource", "order", "expected"),
    [
        pytest.param(STUDIES, "StudyDate", ["2", "1", "3"], id="oldest first, without a date last"),
        pytest.param(STUDIES, "-StudyDate", ["1", "2", "3"], id="newest first, without a date last"),
        pytest.param(STUDIES, "00080030", ["1", "2", "3"], id="by tag"),
        pytest.param(STUDIES, "-StudyTime", ["2", "1", "3"], id="descending, without a time last"),
        pytest.param(STUDIES, "PatientID", ["3", "1", "2"], id="text, byte by byte"),
        pytest.param(STUDIES, "-PatientName", ["2", "1", "3"], id="names"),
        pytest.param(STUDIES, "-NumberOfStudyRelatedInstances", ["1", "2", "3"], id="counts, newest first"),
        pytest.param(STUDIES, "ModalitiesInStudy", ["3", "1", "2"], id="modalities"),
        pytest.param(
            SERIES, "Modality,-SeriesInstanceUID", ["3.1", "1.1", "2.1", "1.2"], id="two attributes"
        ),
        pytest.param(SERIES, "StudyDate,SeriesNumber", ["2.1", "1.2", "1.1", "3.1"], id="a level above"),
        pytest.param(STUDY_ONE, "InstanceNumber", ["1.1.2", "1.1.1", "1.2.1"], id="numbers within a study"),
        pytest.param(STUDY_ONE, "-InstanceNumber", ["1.1.1", "1.1.2", "1.2.1"], id="descending numbers"),
    ],
)
def test_matches_are_sorted_by_what_is_asked_for(
    index: sa.Connection, resource: SearchedResource, order: str, expected: list[str]
) -> None:
    assert hits(index, resource, ("orderby", order)) == expected


def test_names_sort_without_regard_to_case_and_accents(connection: sa.Connection) -> None:
    names = ["zoe", "Émile", "adam", "Dora"]
    store(connection, *(instance(f"{number}.1.1", PatientName=name) for number, name in enumerate(names, 1)))

    assert hits(connection, STUDIES, ("orderby", "PatientName")) == ["3", "4", "2", "1"]


def test_numbers_sort_as_numbers(connection: sa.Connection) -> None:
    store(connection, *(instance(f"1.{number}.1", SeriesNumber=number) for number in (10, 9, 2, 111)))

    assert hits(connection, SERIES, ("orderby", "-SeriesNumber")) == ["1.111", "1.10", "1.9", "1.2"]


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param([], id="no key"),
        pytest.param([("KVP", "120")], id="a key without a column"),
        pytest.param([("Modality", "CT")], id="a key of the series"),
        pytest.param([("SOPClassUID", "*.2")], id="a key of the instance"),
        pytest.param([("StudyInstanceUID", "1,2")], id="a UID"),
    ],
)
@pytest.mark.parametrize("order", ["StudyDate", "-StudyDate,Modality", "-InstanceNumber", "Rows"])
def test_pages_of_a_sorted_search_fit_together(
    connection: sa.Connection, keys: list[tuple[str, str]], order: str
) -> None:
    shared: dict[str, Any] = {"Modality": "CT", "KVP": 120}
    store(
        connection,
        *(instance(f"1.1.{number}", InstanceNumber=number % 3, **shared) for number in range(1, 7)),
        *(instance(f"2.1.{number}", StudyDate="20240101", **shared) for number in range(1, 6)),
    )
    query = [*keys, ("orderby", order)]
    whole = hits(connection, INSTANCES, *query)

    pages = [
        find(connection, INSTANCES, *query, ("limit", "3"), ("offset", str(start)))
        for start in range(0, 12, 3)
    ]

    assert len(whole) == len(set(whole)) == 11
    assert [uid for page in pages for uid in uids(page, Level.INSTANCE)] == whole
    assert [page.remaining for page in pages] == [8, 5, 2, 0]
