"""DICOM JSON as text: what is written comes back, and of a long object a part is read without the rest."""

from typing import Any

import orjson
import pytest

from service.json_text import LATER_FROM, Later, later, later_items, read, written

NAME = {"vr": "PN", "Value": [{"Alphabetic": "Doe^\n,\tJane"}]}
ITEM = {"00100010": NAME, "00081140": {"vr": "SQ", "Value": [{}, {"00081150": {"vr": "UI"}}]}}
ITEMS = [ITEM | {"00200013": {"vr": "IS", "Value": [number]}} for number in range(5000)]
LONG: dict[str, Any] = {
    "00081190": {"vr": "UR"},
    "00100010": NAME,
    "00280010": {"vr": "US", "Value": [3]},
    "00404073": {"vr": "DS", "Value": [number / 8 for number in range(5000)]},
    "00420011": {"vr": "OB", "InlineBinary": "AAAA" * LATER_FROM},
    "52009230": {"vr": "SQ", "Value": ITEMS},
}


@pytest.mark.parametrize("attributes", [{}, {"00100010": NAME}, LONG], ids=["empty", "short", "long"])
def test_what_is_written_is_json_and_comes_back(attributes: dict[str, Any]) -> None:
    text = written(attributes)

    assert orjson.loads(text) == attributes
    assert read(text) == attributes
    assert written(read(text)) == text


def test_items_of_a_long_object_are_read_one_by_one() -> None:
    items = read(written(LONG))["52009230"]["Value"]

    assert isinstance(items, Later)
    assert len(items) == len(ITEMS)
    assert items[17] == ITEMS[17]
    assert items[-1] == ITEMS[-1]
    assert items[3:5] == ITEMS[3:5]


def test_long_values_are_read_when_they_are_looked_at() -> None:
    values = read(written(LONG))["00404073"]["Value"]

    assert isinstance(values, Later)
    assert (len(values), values[8], values[:2]) == (5000, 1.0, [0.0, 0.125])


def test_values_kept_as_text_are_written_as_any_others() -> None:
    kept = LONG | {
        "00404073": {"vr": "DS", "Value": later(LONG["00404073"]["Value"])},
        "52009230": {"vr": "SQ", "Value": later_items(ITEMS)},
    }

    assert written(kept) == written(LONG)


def test_sequences_kept_as_text_within_items_do_not_part_the_items_around_them() -> None:
    inner = later_items([{}, {}])
    items = [{"00081140": {"vr": "SQ", "Value": inner}}] * 9000

    text = written(LONG | {"52009230": {"vr": "SQ", "Value": items}})

    assert len(read(text)["52009230"]["Value"]) == 9000
