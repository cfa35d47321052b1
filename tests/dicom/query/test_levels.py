import pytest

from service.dicom.dictionary import tag_of
from service.dicom.query.columns import COLUMNS, REQUEST_COLUMNS, index_values, request_items
from service.dicom.query.levels import Level, level_attributes, level_of, other_attributes
from tests.metadata import data_set, element, instance, tag


def test_required_attributes_that_are_missing_come_empty_and_in_order() -> None:
    study = level_attributes(instance("1.1.1", PatientID="P"), Level.STUDY)

    assert study[tag("PatientName")] == {"vr": "PN"}
    assert study[tag("PatientID")] == {"vr": "LO", "Value": ["P"]}
    assert list(study) == sorted(study)


def test_usual_attributes_come_only_where_they_are_known() -> None:
    without = level_attributes(instance("1.1.1"), Level.STUDY)
    having = level_attributes(instance("1.1.1", StudyDescription="Thorax"), Level.STUDY)

    assert tag("StudyDescription") not in without
    assert having[tag("StudyDescription")] == {"vr": "LO", "Value": ["Thorax"]}


def test_modalities_in_study_is_absent_rather_than_empty() -> None:
    assert tag("ModalitiesInStudy") not in level_attributes(instance("1.1.1"), Level.STUDY)


@pytest.mark.parametrize(
    ("keyword", "level"),
    [
        ("PatientAge", Level.STUDY),
        ("StudyInstanceUID", Level.STUDY),
        ("ModalitiesInStudy", Level.STUDY),
        ("Modality", Level.SERIES),
        ("FrameOfReferenceUID", Level.SERIES),
        ("RequestAttributesSequence", Level.SERIES),
        ("NumberOfSeriesRelatedInstances", Level.SERIES),
        ("SOPClassUID", Level.INSTANCE),
        ("KVP", Level.INSTANCE),
    ],
)
def test_each_attribute_belongs_to_the_highest_level_that_has_it(keyword: str, level: Level) -> None:
    assert level_of(tag(keyword)) is level


def test_a_private_attribute_belongs_to_the_instance() -> None:
    assert level_of("00091001") is Level.INSTANCE


def test_the_other_attributes_are_the_rest_of_the_level_and_nothing_of_the_next() -> None:
    metadata = instance("1.1.1", PatientID="P", PatientAge="045Y", Modality="CT", KVP=120)

    assert list(other_attributes(metadata, Level.STUDY)) == [tag("PatientAge")]


@pytest.mark.parametrize(
    ("keyword", "value", "column", "expected"),
    [
        pytest.param("StudyDate", "20240131", "study_date", "20240131", id="a date"),
        pytest.param("StudyDate", "2024.01.31", "study_date", "20240131", id="a date of ACR-NEMA"),
        pytest.param("StudyDate", "31/01/24", "study_date", "", id="no date"),
        pytest.param("StudyDate", None, "study_date", "", id="an empty date"),
        pytest.param("PatientBirthDate", "19001350", "patient_birth_date", None, id="month 13"),
        pytest.param("StudyTime", "08", "study_time", "080000.000000", id="an hour"),
        pytest.param("StudyTime", "08:15:30", "study_time", "081530.000000", id="a time of ACR-NEMA"),
        pytest.param("StudyTime", "081530.5", "study_time", "081530.500000", id="a fraction"),
        pytest.param("StudyTime", "2515", "study_time", None, id="hour 25"),
        pytest.param("PatientID", " P1 ", "patient_id", "P1", id="padding"),
        pytest.param("PatientID", "P\0", "patient_id", "P", id="NUL, which PostgreSQL refuses"),
        pytest.param("PatientID", "P" * 2000, "patient_id", "P" * 512, id="too long for an index"),
        pytest.param("PatientID", ["A", "B"], "patient_id", "A", id="several values"),
        pytest.param("PatientID", {"not": "text"}, "patient_id", None, id="no text at all"),
        pytest.param("PatientName", "MÜLLER^Jürgen^^", "patient_name", "muller^jurgen", id="accents"),
        pytest.param("PatientName", "Groß ^ Ann", "patient_name", "gross^ann", id="spaces and sharp s"),
        pytest.param("PatientName", "A=山田^太郎", "patient_name_ideographic", "山田^太郎", id="ideographic"),
        pytest.param("PatientName", "A==がんだ", "patient_name_phonetic", "がんだ", id="phonetic"),
    ],
)
def test_a_study_column_holds_the_normal_form(
    keyword: str, value: object, column: str, expected: object
) -> None:
    metadata = data_set(**{keyword: value})

    assert index_values(metadata, Level.STUDY)[column] == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, 3), ("3", 3), ("1A", None), (2**63, None), ("-5", -5), (1.5, None), (True, None), ("NaN", None)],
)
def test_an_integer_column_holds_whole_numbers_of_64_bits(value: object, expected: int | None) -> None:
    metadata = data_set(InstanceNumber=value)

    assert index_values(metadata, Level.INSTANCE)["instance_number"] == expected


@pytest.mark.parametrize(
    "odd", [None, [], {}, "text", {"vr": "LO", "Value": "text"}, {"vr": "LO", "Value": [[]]}]
)
def test_values_of_a_wrong_shape_have_no_columns_and_do_no_harm(odd: object) -> None:
    metadata = {tag("PatientID"): odd, tag("PatientName"): odd, tag("RequestAttributesSequence"): odd}

    assert index_values(metadata, Level.STUDY)["patient_id"] is None
    assert request_items(metadata) == []


def test_each_item_of_request_attributes_becomes_a_row_unless_it_says_nothing() -> None:
    items = [
        data_set(ScheduledProcedureStepID="S1", RequestedProcedureID="R1"),
        data_set(RequestedProcedureID="R2"),
        data_set(),
    ]

    rows = request_items({tag("RequestAttributesSequence"): element("SQ", *items)})

    assert rows == [
        {"scheduled_procedure_step_id": "S1", "requested_procedure_id": "R1"},
        {"scheduled_procedure_step_id": None, "requested_procedure_id": "R2"},
    ]


@pytest.mark.parametrize(
    "keywords",
    [
        "StudyDate StudyTime AccessionNumber StudyInstanceUID StudyID",
        "ReferringPhysicianName PatientName PatientID",
        "Modality SeriesInstanceUID SeriesNumber",
        "PerformedProcedureStepStartDate PerformedProcedureStepStartTime",
        "SOPClassUID SOPInstanceUID InstanceNumber",
    ],
)
def test_every_key_that_the_standard_requires_has_a_column(keywords: str) -> None:
    assert all((tag_of(keyword),) in COLUMNS for keyword in keywords.split())


def test_the_required_keys_inside_request_attributes_have_columns() -> None:
    sequence = tag("RequestAttributesSequence")

    assert set(REQUEST_COLUMNS) == {
        (sequence, tag("ScheduledProcedureStepID")),
        (sequence, tag("RequestedProcedureID")),
    }
