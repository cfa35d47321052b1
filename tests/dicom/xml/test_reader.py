from pathlib import Path
from typing import Any

import pytest

from service.dicom.encoding.elements import MAX_DEPTH
from service.dicom.xml.reader import read_xml
from service.dicom.xml.writer import write_xml
from service.dicom_json import DicomJson
from tests.dicom.converted import converted, metadata, model_of
from tests.dicom.every_vr import every_vr
from tests.dicom.native import attribute, document, nested, values
from tests.dicom.packaged import READABLE


def in_one_way(data_set: DicomJson) -> DicomJson:
    """Return DICOM JSON without what means nothing: carets at the end of names, values that are all null."""
    return {tag: _in_one_way(element) for tag, element in data_set.items()}


def _in_one_way(element: DicomJson) -> DicomJson:
    values = [_value(element["vr"], value) for value in element.get("Value", ())]
    if any(value is not None for value in values):
        return {"vr": element["vr"], "Value": values}
    return {key: value for key, value in element.items() if key != "Value"}


def _value(vr: str, value: Any) -> Any:
    if vr == "SQ":
        return in_one_way(value)
    if vr == "PN" and value is not None:
        return {group: text for group, component in value.items() if (text := component.rstrip("^"))} or None
    return value


def test_a_value_of_every_vr_comes_back() -> None:
    data_set = metadata(every_vr())

    assert read_xml(write_xml(data_set)) == data_set


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_every_file_s_metadata_come_back(path: Path) -> None:
    data_set = in_one_way(converted(model_of(path.read_bytes())))

    assert in_one_way(read_xml(write_xml(data_set))) == data_set


def test_what_others_write_is_understood() -> None:
    attributes = read_xml(
        b"""<?xml version="1.0" encoding="utf-8" standalone="yes"?>
        <!-- of another program -->
        <NativeDicomModel>
          <DicomAttribute tag="0020000d" vr="UI" keyword="StudyInstanceUID">
            <Value number="1">1.2.3 </Value>
          </DicomAttribute>
          <DicomAttribute tag="00100010" vr="PN">
            <PersonName number="1">
              <Alphabetic><FamilyName><![CDATA[A&B]]></FamilyName><NameSuffix>Jr</NameSuffix></Alphabetic>
            </PersonName>
          </DicomAttribute>
          <DicomAttribute tag="00280010"><Value> 512 </Value></DicomAttribute>
          <DicomAttribute tag="00282000" vr="OB"><InlineBinary>AQID
            BA==</InlineBinary></DicomAttribute>
        </NativeDicomModel>"""
    )

    assert attributes == {
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "A&B^^^^Jr"}]},
        "0020000D": {"vr": "UI", "Value": ["1.2.3"]},
        "00280010": {"vr": "US", "Value": [512]},
        "00282000": {"vr": "OB", "InlineBinary": "AQIDBA=="},
    }
    assert list(attributes) == sorted(attributes)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(attribute("00080008", "CS", '<Value number="3">A</Value>'), [None, None, "A"], id="gap"),
        pytest.param(attribute("00080008", "CS", values("A", "", "B")), ["A", None, "B"], id="empty"),
        pytest.param(attribute("00081110", "SQ", '<Item number="2"/>'), [{}, {}], id="items"),
        pytest.param(attribute("00100010", "FD", values("NaN")), ["nan"], id="NaN"),
        pytest.param(attribute("00100010", "UV", values(str(2**63))), [str(2**63)], id="beyond 2^53"),
        pytest.param(attribute("00100010", "AT", values("7fe00010")), ["7FE00010"], id="tag"),
        pytest.param(attribute("00100010", "DS", values("1.5", "about 2")), [1.5, "about 2"], id="DS"),
        pytest.param(attribute("00204000", "LT", values("a\\b &#13;&#10; ")), ["a\\b \r\n"], id="text"),
    ],
)
def test_values_are_read_as_from_a_file(content: str, expected: list[Any]) -> None:
    (attribute,) = read_xml(document(content)).values()

    assert [str(value) if value != value else value for value in attribute["Value"]] == expected  # noqa: PLR0124 (NaN)


@pytest.mark.parametrize("content", [values(""), values("", ""), "", "\n  "])
def test_an_attribute_without_a_value_has_only_its_vr(content: str) -> None:
    assert read_xml(document(attribute("00080008", "CS", content))) == {"00080008": {"vr": "CS"}}


def test_private_attributes_find_their_blocks() -> None:
    by_acme, by_other = ' privateCreator="ACME"', ' privateCreator="OTHER"'

    attributes = read_xml(
        document(
            attribute("00090001", "LO", values("a"), more=by_acme),
            attribute("00090002", "LO", values("b"), more=by_other),
            attribute("00090012", "LO", values("OTHER")),
            attribute("00111501", "LO", values("c"), more=by_acme),
        )
    )

    assert {tag: element["Value"] for tag, element in attributes.items()} == {
        "00090010": ["ACME"],
        "00090012": ["OTHER"],
        "00091001": ["a"],
        "00091202": ["b"],
        "00110015": ["ACME"],
        "00111501": ["c"],
    }


def test_a_private_vr_that_is_left_out_is_the_dictionary_s() -> None:
    attributes = read_xml(document('<DicomAttribute tag="00190002" privateCreator="GEMS_ACQU_01"/>'))

    assert attributes["00191002"] == {"vr": "SL"}


def test_a_creator_s_second_block_comes_back() -> None:
    creators = {tag: {"vr": "LO", "Value": ["ACME"]} for tag in ("00090010", "00090011")}
    data_set = creators | {"00091001": {"vr": "SL", "Value": [1]}, "00091101": {"vr": "SL", "Value": [2]}}

    assert read_xml(write_xml(data_set)) == data_set


def test_sequences_are_read_as_deep_as_in_a_file() -> None:
    assert str(read_xml(document(nested(MAX_DEPTH)))).count("SQ") == MAX_DEPTH
