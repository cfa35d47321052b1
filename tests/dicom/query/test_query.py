import pytest

from service.dicom.query.levels import Level
from service.dicom.query.query import Query, SearchedResource, parse_query
from service.errors import BadRequest, InvalidKey, InvalidParameter
from tests.metadata import tag

STUDIES = SearchedResource(Level.STUDY)


def parse(*parameters: tuple[str, str], resource: SearchedResource = STUDIES) -> Query:
    return parse_query(parameters, resource, max_results=1000)


def test_a_key_is_given_by_keyword_or_by_tag_in_either_case() -> None:
    by_keyword, *by_tag = (parse((name, "A")).keys for name in ("StationName", "00081010", "00081010"))
    lower = parse(("0020000d", "1.2")).keys

    assert [by_keyword] == by_tag[:1]
    assert lower == parse(("StudyInstanceUID", "1.2")).keys


def test_a_key_inside_a_sequence_is_dotted() -> None:
    (key,) = parse(("RequestAttributesSequence.00401001", "R1")).keys

    assert key.path == (tag("RequestAttributesSequence"), tag("RequestedProcedureID"))
    assert key.level is Level.SERIES


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param([("PatientID", "A"), ("PatientID", "B")], id="by keyword"),
        pytest.param([("PatientID", "A"), ("00100020", "A")], id="by keyword and tag"),
        pytest.param([("limit", "1"), ("limit", "2")], id="limit"),
    ],
)
def test_a_key_given_twice_is_refused(parameters: list[tuple[str, str]]) -> None:
    with pytest.raises(BadRequest, match="expected once"):
        parse(*parameters)


@pytest.mark.parametrize("name", ["", "colour", "patientname", "0010001", "0010001G", "PatientID.", "accept"])
def test_an_unknown_parameter_is_ignored(name: str) -> None:
    query = parse((name, "x"))

    assert query.keys == ()
    assert query.fields == frozenset()


@pytest.mark.parametrize("value", ["", " ", "*", "**"])
def test_a_universal_key_matches_everything_and_is_returned(value: str) -> None:
    query = parse(("StudyDescription", value))

    assert query.keys == ()
    assert query.fields == {tag("StudyDescription")}


@pytest.mark.parametrize("keyword", ["SpecificCharacterSet", "TimezoneOffsetFromUTC"])
def test_what_tells_how_to_read_the_other_keys_is_no_key(keyword: str) -> None:
    assert parse((keyword, "ISO_IR 192")).keys == ()


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("StudyDate", "2024"),
        ("StudyDate", "20241301"),
        ("StudyDate", "-"),
        ("StudyDate", "20240101-20240102-20240103"),
        ("StudyTime", "2460"),
        ("StudyTime", "noon"),
        ("AcquisitionDateTime", "20240101x"),
        ("SeriesNumber", "one"),
        ("SeriesNumber", "1" * 100),
        ("PatientWeight", "NaN"),
        ("PatientWeight", "-"),
        ("PatientWeight", "*-*"),
        ("PatientWeight", "1-2-3"),
        ("PatientWeight", "light-2"),
        ("StudyInstanceUID", "1.2.x"),
        ("StudyInstanceUID", "1." * 40),
        ("PatientID", "A" * 2000),
        ("PatientID", "*" + "A" * 300),
        ("PatientID", "A\0"),
        ("PixelData", "A"),
        ("RequestAttributesSequence", "A"),
        ("ModalitiesInStudy", ",".join(f"A{number}*" for number in range(100))),
    ],
)
def test_a_value_that_is_not_of_its_vr_is_refused_without_being_repeated(keyword: str, value: str) -> None:
    with pytest.raises(InvalidKey) as refused:
        parse((keyword, value))

    assert keyword in refused.value.message
    assert value not in refused.value.message.removeprefix(keyword) or len(value) < 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "-1"),
        ("limit", "ten"),
        ("limit", "1.5"),
        ("offset", "-1"),
        ("offset", "١"),
        ("fuzzymatching", "yes"),
        ("emptyvaluematching", "TRUE"),
        ("multiplevaluematching", "1"),
        ("includefield", "NoSuchKeyword"),
        ("includefield", "0010"),
    ],
)
def test_an_invalid_option_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidParameter, match=name):
        parse((name, value))


@pytest.mark.parametrize("uid", ["", "..%2F", "1.2/3", "1." * 40, "1\0"])
def test_a_path_with_what_can_be_no_uid_is_refused(uid: str) -> None:
    with pytest.raises(InvalidParameter):
        SearchedResource(Level.SERIES, study=uid)


def test_more_keys_than_anybody_needs_are_refused() -> None:
    with pytest.raises(BadRequest, match="at most 100"):
        parse(*((f"0009{number:04X}", "A") for number in range(0x1000, 0x1065)))


@pytest.mark.parametrize(
    ("limit", "expected"), [("", 1000), ("7", 7), ("0", 0), ("5000", 1000), ("9" * 5000, 1000)]
)
def test_the_limit_is_the_clients_up_to_the_servers(limit: str, expected: int) -> None:
    assert parse(("limit", limit)).limit == expected


def test_an_offset_of_any_size_is_one_the_database_can_take() -> None:
    assert parse(("offset", "9" * 5000)).offset < 2**63


def test_fields_come_from_lists_and_repetitions_and_sequences() -> None:
    query = parse(
        ("includefield", "StudyDescription,00080060,"),
        ("includefield", "RequestAttributesSequence.ScheduledProcedureStepID"),
        ("includefield", ""),
    )

    assert query.fields == set(map(tag, ("StudyDescription", "Modality", "RequestAttributesSequence")))
    assert not query.all_fields


def test_all_fields_can_be_asked_for() -> None:
    assert parse(("includefield", "all")).all_fields


@pytest.mark.parametrize(
    ("resource", "levels"),
    [
        (SearchedResource(Level.STUDY), [Level.STUDY]),
        (SearchedResource(Level.SERIES, "1"), [Level.SERIES]),
        (SearchedResource(Level.SERIES), [Level.STUDY, Level.SERIES]),
        (SearchedResource(Level.INSTANCE, "1", "1.1"), [Level.INSTANCE]),
        (SearchedResource(Level.INSTANCE, "1"), [Level.SERIES, Level.INSTANCE]),
        (SearchedResource(Level.INSTANCE), [Level.STUDY, Level.SERIES, Level.INSTANCE]),
    ],
)
def test_a_resource_returns_the_levels_its_path_does_not_name(
    resource: SearchedResource, levels: list[Level]
) -> None:
    assert list(resource.levels) == levels
