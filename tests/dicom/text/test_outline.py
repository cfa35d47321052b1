from typing import Any

import pytest

from service.dicom.text.outline import MAX_LINES, AttributeLine, outline


def _lines(attributes: dict[str, Any], text: str = "") -> list[AttributeLine]:
    return list(outline(attributes, text).lines)


def _element(vr: str, *values: Any) -> dict[str, Any]:
    return {"vr": vr, "Value": list(values)}


ITEM = {"00080100": _element("SH", "T-04000"), "00080104": _element("LO", "Breast")}
INSTANCE = {
    "00080016": _element("UI", "1.2.840.10008.5.1.4.1.1.2"),
    "00082218": _element("SQ", ITEM, {}),
    "00100010": _element("PN", {"Alphabetic": "Doe^Jane", "Ideographic": "土井"}),
    "00280030": _element("DS", 0.5, 0.5),
}


@pytest.mark.parametrize(
    ("tag", "element", "value"),
    [
        pytest.param(
            "00280030", _element("DS", 0.5, None, 2), r"0.5\\2", id="several values, one of them empty"
        ),
        pytest.param("00100020", {"vr": "LO"}, "", id="an empty one"),
        pytest.param("00100010", INSTANCE["00100010"], "Doe^Jane=土井", id="a name"),
        pytest.param(
            "00080016", INSTANCE["00080016"], "1.2.840.10008.5.1.4.1.1.2 CT Image Storage", id="a known UID"
        ),
        pytest.param("0020000D", _element("UI", "1.2.3"), "1.2.3", id="another UID"),
        pytest.param("00280009", _element("AT", "00181063"), "(0018,1063)", id="a tag"),
        pytest.param("00420011", {"vr": "OB", "InlineBinary": "AAECAw=="}, "4 bytes", id="binary"),
        pytest.param("00082218", _element("SQ", ITEM), "1 item", id="a sequence"),
        pytest.param(
            "00204000", _element("LT", "a" * 300), "a" * 240 + "… (300 characters)", id="a long text"
        ),
        pytest.param("00281201", _element("US", *range(900)), None, id="many numbers"),
    ],
)
def test_a_value_is_written_as_people_read_it(tag: str, element: dict[str, Any], value: str | None) -> None:
    (line,) = _lines({tag: element})

    if value is None:
        assert line.value.endswith("… (900 values)")
        assert len(line.value) < 300
    else:
        assert line.value == value


def test_a_line_has_tag_vr_and_keyword() -> None:
    (line,) = _lines({"00280030": _element("DS", 1)})

    assert (line.tag, line.vr, line.keyword) == ("(0028,0030)", "DS", "PixelSpacing")


def test_bulk_data_are_named_and_not_shown() -> None:
    (line,) = _lines({"7FE00010": {"vr": "OW", "BulkDataURI": "/bulkdata/7FE00010"}})

    assert (line.value, line.bulkdata) == ("", "/bulkdata/7FE00010")


def test_a_private_attribute_is_named_after_its_creator() -> None:
    creator, known, unknown = _lines(
        {
            "00190010": _element("LO", "SIEMENS MR HEADER"),
            "0019100C": _element("IS", 1000),
            "001910FF": _element("LO", "x"),
        }
    )

    assert creator.keyword == "PrivateCreator"
    assert known.keyword == "SIEMENS MR HEADER: B_value"
    assert unknown.keyword == "SIEMENS MR HEADER"


def test_the_items_of_a_sequence_are_lines_of_their_own() -> None:
    sequence = _lines(INSTANCE)[1]

    assert [[line.keyword for line in item] for item in sequence.items] == [["CodeValue", "CodeMeaning"], []]


@pytest.mark.parametrize("text", ["pixelspacing", "00280030", "0028,0030", "DS", "0.5"])
def test_a_line_is_found_by_each_of_its_columns(text: str) -> None:
    assert [line.keyword for line in _lines(INSTANCE, text)] == ["PixelSpacing"]


def test_what_is_found_in_an_item_comes_with_the_way_to_it() -> None:
    (sequence,) = _lines(INSTANCE, "breast")

    assert sequence.keyword == "AnatomicRegionSequence"
    assert [[line.value for line in item] for item in sequence.items] == [["Breast"], []]


def test_a_sequence_that_is_found_keeps_its_items() -> None:
    (sequence,) = _lines(INSTANCE, "AnatomicRegion")

    assert len(sequence.items[0]) == 2


def test_of_very_many_attributes_the_first_ones_are_there() -> None:
    item = {"00080100": _element("SH", "x")}

    cut = outline({"00081115": _element("SQ", *[item] * MAX_LINES), "00100020": _element("LO", "7")})

    (sequence,) = cut.lines
    assert len(sequence.items) == MAX_LINES
    assert cut.is_cut
    assert not outline(INSTANCE).is_cut
