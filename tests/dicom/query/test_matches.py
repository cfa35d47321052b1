from collections.abc import Mapping

import pytest

from service.dicom.query.levels import Level
from service.dicom.query.matches import matches
from service.dicom.query.query import SearchedResource, parse_query
from tests.metadata import data_set, element, tag


def accepts(data: Mapping[str, object], *parameters: tuple[str, str]) -> bool:
    return matches(data, parse_query(parameters, SearchedResource(Level.STUDY), 1000).keys)


@pytest.mark.parametrize(
    ("keyword", "value", "key", "expected"),
    [
        pytest.param("PatientID", "Abc", "Abc", True, id="single value"),
        pytest.param("PatientID", "Abc", "abc", False, id="case matters"),
        pytest.param("PatientID", "Abc", "Ab", False, id="the whole value"),
        pytest.param("PatientID", "Abc", "A*", True, id="star at the end"),
        pytest.param("PatientID", "Abc", "*c", True, id="star at the beginning"),
        pytest.param("PatientID", "Abc", "A*bc", True, id="star for nothing"),
        pytest.param("PatientID", "Abc", "A?c", True, id="question mark"),
        pytest.param("PatientID", "Abc", "Abc?", False, id="question mark for nothing"),
        pytest.param("PatientID", "ab_ab_c", "*ab*_c", True, id="the first occurrence is not the last"),
        pytest.param("PatientID", "A%c", "A%c", True, id="percent is no wild card"),
        pytest.param("PatientID", "Abc", "A%", False, id="percent stands for itself"),
        pytest.param("PatientID", "Abc", "A_c", False, id="nor is an underscore one"),
        pytest.param("PatientID", "A[b]c", "A[b]*", True, id="nor are brackets"),
        pytest.param("PatientID", None, "A", False, id="empty"),
        pytest.param("PatientName", "Müller^Jürgen", "MULLER^JURGEN", True, id="name without accents"),
        pytest.param("PatientName", "Smith^John", "smith^john^^", True, id="name with empty components"),
        pytest.param("PatientName", "Smith^John", "Smith", False, id="part of a name"),
        pytest.param("PatientName", "Smith^John", "Smith*", True, id="beginning of a name"),
        pytest.param("PatientName", "Smith", "Smith^*", True, id="name that ends before the star"),
        pytest.param("PatientName", "Smithers", "Smith^*", False, id="name that goes on before the star"),
        pytest.param("PatientName", "Wang^X=王^小东", "王^小东", True, id="ideographic group"),
        pytest.param("PatientName", "Wang^X=王^小东", "wang^x=王*", True, id="both groups"),
        pytest.param("PatientName", "Wang^X=王^小东", "wang^x=李*", False, id="one group differs"),
        pytest.param("PatientName", "Wang^X=王^小东", "=王*", True, id="second group only"),
        pytest.param("StudyDate", "20240131", "20240131", True, id="date"),
        pytest.param("StudyDate", "20240131", "2024.01.31", True, id="date of ACR-NEMA"),
        pytest.param("StudyDate", "20240131", "20240101-20240131", True, id="range, end included"),
        pytest.param("StudyDate", "20240131", "20240131-", True, id="open end, begin included"),
        pytest.param("StudyDate", "20240131", "-20240130", False, id="open begin"),
        pytest.param("StudyDate", None, "-20240130", False, id="no date is in no range"),
        pytest.param("StudyTime", "081530", "0815", True, id="minute"),
        pytest.param("StudyTime", "081530", "08", True, id="hour"),
        pytest.param("StudyTime", "081530", "081530.000000", True, id="fraction of zero"),
        pytest.param("StudyTime", "081530.25", "081530.3-", False, id="fractions compare as time"),
        pytest.param("StudyTime", "081530", "07-0815", True, id="the end of a range is all of its minute"),
        pytest.param("AcquisitionDateTime", "20240131081530.5", "202401", True, id="date-time of a month"),
        pytest.param("AcquisitionDateTime", "202401310815+0100", "202401-202402", True, id="with offset"),
        pytest.param("AcquisitionDateTime", "20240131081530", "-2023", False, id="date-time range"),
        pytest.param("SeriesNumber", 7, "007", True, id="integers compare as numbers"),
        pytest.param("PatientWeight", 70.5, "70.50", True, id="decimals compare as numbers"),
        pytest.param("PatientWeight", "7.05E1", "70.5", True, id="decimals kept as text too"),
        pytest.param("SliceThickness", 2, "0-2", True, id="range of numbers, end included"),
        pytest.param("SliceThickness", 2.01, "0-2", False, id="beyond a range of numbers"),
        pytest.param("SliceLocation", -3, "-5--1.5", True, id="range of negative numbers"),
        pytest.param("SliceLocation", -3, "-3", True, id="a minus sign alone opens no range"),
        pytest.param("SliceLocation", -30, "-3", False, id="a negative number is a number"),
        pytest.param("SliceLocation", -30, "*--3", True, id="open begin"),
        pytest.param("SliceLocation", 1e9, "3-", True, id="open end"),
        pytest.param("SliceLocation", 3, "2 - *", True, id="open end with a star"),
        pytest.param("RepetitionTime", 0.002, "1e-3-3e-3", True, id="range with exponents"),
        pytest.param("Rows", 512, "500-600", True, id="range of unsigned integers"),
        pytest.param("Rows", None, "0-600", False, id="no number is in no range"),
        pytest.param("SliceThickness", "thick", "1", False, id="what is no number equals none"),
        pytest.param("SOPClassUID", "1.2.3", "1.2.4,1.2.3", True, id="UID list with comma"),
        pytest.param("SOPClassUID", "1.2.3", "1.2.4\\1.2.3", True, id="UID list with backslash"),
        pytest.param("ModalitiesInStudy", ["CT", "SR"], "MR,SR", True, id="any of the modalities"),
        pytest.param("ImageType", ["ORIGINAL", "PRIMARY"], "PRIMARY", True, id="any of the values"),
        pytest.param("PatientAge", "045Y", "045Y", True, id="age"),
    ],
)
def test_a_value_matches_by_its_vr(keyword: str, value: object, key: str, expected: bool) -> None:
    assert accepts(data_set(**{keyword: value}), (keyword, key)) is expected


def test_a_date_range_and_a_time_range_are_one_range() -> None:
    parameters = ("StudyDate", "20240101-20240103"), ("StudyTime", "1200-0800")

    inside = [("20240101", "1300"), ("20240102", "0300"), ("20240103", "0759")]
    outside = [("20240101", "1159"), ("20240103", "0801"), ("20240104", "0300")]

    assert all(accepts(data_set(StudyDate=date, StudyTime=time), *parameters) for date, time in inside)
    assert not any(accepts(data_set(StudyDate=date, StudyTime=time), *parameters) for date, time in outside)


def test_a_date_range_and_a_single_time_stay_two_keys() -> None:
    parameters = ("StudyDate", "20240101-20240103"), ("StudyTime", "12")

    assert accepts(data_set(StudyDate="20240102", StudyTime="1230"), *parameters)
    assert not accepts(data_set(StudyDate="20240102", StudyTime="1330"), *parameters)


@pytest.mark.parametrize(
    ("words", "expected"),
    [("smi", True), ("jo smi", True), ("SMI^J", True), ("mith", False), ("smi x", False), ("*smi*", True)],
)
def test_fuzzy_matching_finds_names_by_the_beginnings_of_their_words(words: str, expected: bool) -> None:
    name = data_set(PatientName="Smith-Jones^John^Ann")

    assert accepts(name, ("PatientName", words), ("fuzzymatching", "true")) is expected


def test_fuzzy_matching_reads_every_component_group() -> None:
    name = data_set(PatientName="Yamada^Tarou=山田^太郎")

    assert accepts(name, ("PatientName", "太郎 yama"), ("fuzzymatching", "true"))


def test_an_empty_value_can_be_asked_for() -> None:
    parameters = ("AccessionNumber", '""'), ("emptyvaluematching", "true")

    assert accepts(data_set(), *parameters)
    assert accepts(data_set(AccessionNumber=None), *parameters)
    assert not accepts(data_set(AccessionNumber="A"), *parameters)


def test_several_values_can_be_asked_for_together() -> None:
    parameters = ("ModalitiesInStudy", "CT\\SR"), ("multiplevaluematching", "true")

    assert accepts(data_set(ModalitiesInStudy=["CT", "SR"]), *parameters)
    assert not accepts(data_set(ModalitiesInStudy=["CT"]), *parameters)


def test_keys_inside_a_sequence_match_within_one_item() -> None:
    first = data_set(ScheduledProcedureStepID="S1", RequestedProcedureID="R1")
    second = data_set(ScheduledProcedureStepID="S2", RequestedProcedureID="R2")
    data = {tag("RequestAttributesSequence"): element("SQ", first, second)}
    step, procedure = (
        f"RequestAttributesSequence.{keyword}"
        for keyword in ("ScheduledProcedureStepID", "RequestedProcedureID")
    )

    assert accepts(data, (step, "S2"), (procedure, "R2"))
    assert not accepts(data, (step, "S1"), (procedure, "R2"))


def test_a_private_attribute_matches_by_the_vr_it_is_stored_with() -> None:
    data = {"00091001": {"vr": "LO", "Value": ["lung"]}, "00091002": {"vr": "DS", "Value": [3]}}

    assert accepts(data, ("00091001", "lu*"), ("00091002", "3"))


def test_a_pattern_of_many_stars_is_no_trap() -> None:
    data = data_set(PatientID="a" * 2000)

    assert not accepts(data, ("PatientID", "*a" * 120 + "*b"))
