import pytest

from service.web.pages.text import count_of, size, text_of

INSTANCE = {
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe^Jane"}]},
    "00080020": {"vr": "DA", "Value": ["20240131"]},
    "00080030": {"vr": "TM", "Value": ["081500"]},
    "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.2"]},
    "00280030": {"vr": "DS", "Value": [0.5, None, 0.25]},
    "00100020": {"vr": "LO"},
}


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("PatientName", "Doe, Jane"),
        ("StudyDate", "2024-01-31"),
        ("StudyTime", "08:15"),
        ("SOPClassUID", "CT Image Storage"),
        ("PixelSpacing", "0.5, 0.25"),
        ("PatientID", ""),
        ("PatientSex", ""),
    ],
)
def test_an_attribute_is_shown_as_people_write_it(keyword: str, text: str) -> None:
    assert text_of(INSTANCE, keyword) == text


def test_a_unit_stands_behind_a_value_and_never_alone() -> None:
    assert text_of(INSTANCE, "PixelSpacing", " mm") == "0.5, 0.25 mm"
    assert text_of(INSTANCE, "SliceThickness", " mm") == ""


@pytest.mark.parametrize(
    ("number_of_bytes", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1536, "1.5 kB"),
        (20 * 2**20, "20 MB"),
        (5000 * 2**30, "5000 GB"),
    ],
)
def test_a_size_has_a_unit_that_fits(number_of_bytes: int, text: str) -> None:
    assert size(number_of_bytes) == text


def test_one_is_counted_in_the_singular() -> None:
    assert [count_of(number, "study", "studies") for number in ("1", 2)] == ["1 study", "2 studies"]
