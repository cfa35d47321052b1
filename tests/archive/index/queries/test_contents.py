"""What matches are made of: the rows that QIDO-RS has, in its order, read at once or by their ids."""

import pytest
import sqlalchemy as sa

from service.archive.index.queries.contents import Contents, first_contents
from service.archive.index.queries.projection import parts_of, put_together
from service.archive.index.queries.search import contents_of, search
from service.dicom.query.levels import Level
from service.dicom.query.query import Query, SearchedResource, parse_query
from service.dicom_json import DicomJson
from service.scope import EVERYTHING, Scope
from tests.archive.stored import INSTANCES, SERIES, STUDIES

SERIES_OF_A_STUDY = SearchedResource(Level.SERIES, "1")
INSTANCES_OF_A_SERIES = SearchedResource(Level.INSTANCE, "1", "1.1")
AT_ONCE = [
    pytest.param(STUDIES, {}, id="all studies"),
    pytest.param(STUDIES, {"PatientID": "P_1%"}, id="a Patient ID"),
    pytest.param(STUDIES, {"PatientID": "P21", "StudyDate": "20240101-20241231"}, id="two keys"),
    pytest.param(STUDIES, {"StudyInstanceUID": "1", "orderby": "StudyDate"}, id="in the order of dates"),
    pytest.param(STUDIES, {"AccessionNumber": "A1"}, id="an Accession Number that is not there"),
    pytest.param(STUDIES, {"StudyDate": "20240131"}, id="a date"),
    pytest.param(STUDIES, {"StudyDate": "20240101-20240131"}, id="a range of dates"),
    pytest.param(STUDIES, {"StudyInstanceUID": "2"}, id="a UID"),
    pytest.param(STUDIES, {"StudyInstanceUID": "1,2"}, id="UIDs"),
    pytest.param(STUDIES, {"StudyInstanceUID": "1", "includefield": "PatientAge"}, id="what is kept beside"),
    pytest.param(SERIES, {"SeriesInstanceUID": "1.2"}, id="a series by its UID"),
    pytest.param(SERIES_OF_A_STUDY, {}, id="the series of a study"),
    pytest.param(SERIES_OF_A_STUDY, {"Modality": "CT", "SeriesNumber": "2"}, id="series by their attributes"),
    pytest.param(SERIES_OF_A_STUDY, {"SeriesNumber": "2.5"}, id="a number that no column can have"),
    pytest.param(SERIES_OF_A_STUDY, {"Modality": "C*"}, id="series by a wild card"),
    pytest.param(INSTANCES, {"SOPInstanceUID": "1.1.2"}, id="an instance by its UID"),
    pytest.param(INSTANCES_OF_A_SERIES, {}, id="the instances of a series"),
    pytest.param(INSTANCES_OF_A_SERIES, {"InstanceNumber": "1"}, id="an instance by its number"),
]


@pytest.mark.parametrize(("resource", "parameters"), AT_ONCE)
def test_matches_that_are_read_at_once_are_those_of_qido(
    index: sa.Connection, resource: SearchedResource, parameters: dict[str, str]
) -> None:
    query = parse_query([*parameters.items()], resource, 100)

    contents, ids = first_contents(index, EVERYTHING, query, 100)

    assert ids is None
    assert rows(contents, query) == found_by_qido(index, query)


@pytest.mark.parametrize(
    ("resource", "parameters"),
    [
        pytest.param(STUDIES, {"PatientID": "P*"}, id="a wild card"),
        pytest.param(
            STUDIES, {"StudyDate": "20240101-20240131", "orderby": "-PatientID"}, id="in another order"
        ),
        pytest.param(STUDIES, {"StudyDate": "20240101-"}, id="a range without an end"),
        pytest.param(STUDIES, {"Modality": "CT"}, id="a key of a lower level"),
        pytest.param(SERIES, {"PatientID": "P_1%"}, id="a key of a higher level"),
        pytest.param(SERIES, {}, id="all series"),
        pytest.param(STUDIES, {"PatientWeight": "70.5"}, id="a key without an index"),
    ],
)
def test_other_matches_come_with_their_ids(
    index: sa.Connection, resource: SearchedResource, parameters: dict[str, str]
) -> None:
    query = parse_query([*parameters.items()], resource, 100)

    contents, ids = first_contents(index, EVERYTHING, query, 100)

    assert ids is not None
    ids.close()
    assert rows(contents, query) == found_by_qido(index, query)
    assert contents


@pytest.mark.parametrize(
    "parameters", [{}, {"StudyInstanceUID": "1,2,3"}, {"StudyDate": "20240101-20240131"}]
)
def test_of_many_matches_the_first_come_with_the_ids_of_all(
    index: sa.Connection, parameters: dict[str, str]
) -> None:
    query = parse_query([*parameters.items()], STUDIES, 100)

    contents, ids = first_contents(index, EVERYTHING, query, 1)

    assert ids is not None
    with_others = [*contents]
    for portion in ids.portions(1, after=1):
        with_others += contents_of(index, query, portion)
    ids.close()
    assert len(contents) == 1
    assert rows(with_others, query) == found_by_qido(index, query)


def test_nothing_outside_the_scope_is_read(index: sa.Connection) -> None:
    query = parse_query([("StudyInstanceUID", "1")], STUDIES, 100)

    nothing, _ = first_contents(index, Scope(frozenset(), frozenset(["2"])), query, 100)
    something, _ = first_contents(index, Scope(frozenset(), frozenset(["1"])), query, 100)

    assert not nothing
    assert len(something) == 1


def rows(contents: Contents, query: Query) -> list[DicomJson]:
    return [row.parsed() for row in put_together(parts_of(query), contents, query.resource.level)]


def found_by_qido(connection: sa.Connection, query: Query) -> list[DicomJson]:
    return [row.parsed() for row in search(connection, EVERYTHING, query).rows]
