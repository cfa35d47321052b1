from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from service.dicom.query.levels import Level
from service.dicom.query.query import SearchedResource
from tests.archive.stored import INSTANCES, SERIES, STUDIES, find
from tests.metadata import entry, instance, store_entries, tag


def row(
    connection: sa.Connection, resource: SearchedResource, *parameters: tuple[str, str]
) -> dict[str, Any]:
    """Return the first row, having seen that its attributes are in ascending order."""
    first = find(connection, resource, *parameters).rows[0].parsed()
    assert list(first) == sorted(first)
    return first


def values(attributes: dict[str, Any], *keywords: str) -> list[Any]:
    return [attributes.get(tag(keyword), {}).get("Value") for keyword in keywords]


def test_a_study_comes_with_its_counts_and_modalities(index: sa.Connection) -> None:
    study = row(index, STUDIES, ("StudyInstanceUID", "1"))

    counts = ("NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances", "ModalitiesInStudy")
    assert values(study, *counts) == [[2], [3], ["CT", "SR"]]
    assert values(study, "InstanceAvailability", "PatientID") == [["ONLINE"], ["P_1%"]]
    assert study[tag("PatientSex")] == {"vr": "CS"}


def test_rows_are_served_with_the_base_url_of_who_asks(index: sa.Connection) -> None:
    (study,) = find(index, STUDIES, ("StudyInstanceUID", "1")).rows
    (instance_row,) = find(index, INSTANCES, ("SOPInstanceUID", "1.1.1"), ("includefield", "all")).rows

    url = orjson.loads(study.served("http://here"))[tag("RetrieveURL")]["Value"]
    assert url == ["http://here/studies/1"]
    assert b'"http://there/studies/1/series/1.1/instances/1.1.1"' in instance_row.served("http://there")


def test_a_flat_resource_brings_the_attributes_of_the_parents(index: sa.Connection) -> None:
    series = row(index, SERIES, ("SeriesInstanceUID", "1.1"))
    instance_row = row(index, INSTANCES, ("SOPInstanceUID", "1.1.1"))

    assert values(series, "PatientID", "Modality", "NumberOfSeriesRelatedInstances") == [
        ["P_1%"],
        ["CT"],
        [2],
    ]
    assert values(instance_row, "PatientID", "Modality", "InstanceNumber") == [["P_1%"], ["CT"], [2]]


def test_a_resource_inside_a_study_leaves_out_what_the_path_names(index: sa.Connection) -> None:
    series = row(index, SearchedResource(Level.SERIES, "1"))
    instance_row = row(index, SearchedResource(Level.INSTANCE, "1", "1.1"))

    assert values(series, "PatientID", "StudyInstanceUID") == [None, ["1"]]
    assert values(instance_row, "PatientID", "Modality", "SeriesInstanceUID") == [None, None, ["1.1"]]


@pytest.mark.parametrize(
    ("resource", "keyword", "expected"),
    [
        pytest.param(STUDIES, "PatientAge", ["045Y"], id="another attribute of the level"),
        pytest.param(STUDIES, "Modality", None, id="nothing of a level below"),
        pytest.param(STUDIES, "SOPInstanceUID", None, id="nothing of two levels below"),
        pytest.param(SearchedResource(Level.SERIES, "1"), "PatientID", ["P_1%"], id="of the level above"),
        pytest.param(SearchedResource(Level.SERIES, "1"), "PatientAge", ["045Y"], id="another one of it"),
        pytest.param(SearchedResource(Level.INSTANCE, "1", "1.1"), "KVP", [100], id="any one of an instance"),
        pytest.param(
            SearchedResource(Level.INSTANCE, "1", "1.1"), "Modality", ["CT"], id="of the series above"
        ),
    ],
)
def test_fields_can_be_asked_for(
    index: sa.Connection, resource: SearchedResource, keyword: str, expected: list[Any] | None
) -> None:
    assert values(row(index, resource, ("includefield", keyword)), keyword) == [expected]


def test_a_match_key_is_returned_too(index: sa.Connection) -> None:
    study = row(index, STUDIES, ("PatientAge", "045*"))
    instance_row = row(index, INSTANCES, ("KVP", "100"), ("PatientWeight", ""))

    assert values(study, "PatientAge") == [["045Y"]]
    assert values(instance_row, "KVP", "PatientWeight") == [[100], [70.5]]


def test_all_fields_are_those_of_the_level_and_above(index: sa.Connection) -> None:
    study = row(index, STUDIES, ("includefield", "all"))
    instance_row = row(index, SearchedResource(Level.INSTANCE, "1", "1.1"), ("includefield", "all"))

    assert values(study, "PatientAge", "Modality", "ModalitiesInStudy") == [["045Y"], None, ["CT", "SR"]]
    assert values(instance_row, "PatientAge", "KVP", "Modality") == [["045Y"], [100], ["CT"]]


@pytest.mark.parametrize(
    ("stored", "available"),
    [
        ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1"),
        ("1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1"),
        ("1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.1"),
        ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.90"),
    ],
)
def test_the_available_transfer_syntax_is_the_one_that_is_sent(
    connection: sa.Connection, stored: str, available: str
) -> None:
    store_entries(connection, [entry(instance("1.1.1"), stored)])

    assert values(row(connection, INSTANCES), "AvailableTransferSyntaxUID") == [[available]]
