from typing import Any

import pytest

from service.dicom_json import first_value, integer, items, number, text


@pytest.mark.parametrize(
    ("attributes", "value"),
    [
        pytest.param({"00100020": {"vr": "LO", "Value": ["A", "B"]}}, "A", id="several"),
        pytest.param({"00100020": {"vr": "LO", "Value": [None, "B"]}}, None, id="the first one empty"),
        pytest.param({"00100020": {"vr": "LO", "Value": []}}, None, id="none"),
        pytest.param({"00100020": {"vr": "LO"}}, None, id="an empty attribute"),
        pytest.param({"00100020": {"vr": "LO", "Value": "A"}}, None, id="no array"),
        pytest.param({"00100020": "A"}, None, id="no attribute"),
        pytest.param({}, None, id="not there"),
    ],
)
def test_the_first_value_is_what_can_be_used_or_nothing(attributes: dict[str, Any], value: object) -> None:
    assert first_value(attributes, "00100020") == value
    assert text(attributes, "00100020") == (value or "")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, 3), ("3", 3), (3.7, 3.7), ("A", None), (None, None), ("nan", None), ({}, None)],
)
def test_a_number_may_be_written_as_text(value: object, expected: float | None) -> None:
    attributes = {"00280010": {"vr": "US", "Value": [value]}}

    assert number(attributes, "00280010") == expected
    assert integer(attributes, "00280010") == (None if expected is None else int(expected))


def test_text_loses_its_padding() -> None:
    assert text({"00080018": {"vr": "UI", "Value": [" 1.2.3\0"]}}, "00080018") == "1.2.3"


def test_items_keep_their_places() -> None:
    item = {"00080100": {"vr": "SH", "Value": ["A"]}}

    assert items({"00400275": {"vr": "SQ", "Value": [None, item]}}, "00400275") == [{}, item]
