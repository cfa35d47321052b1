import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.dicom.xml.writer import write_xml, xml_pieces
from service.dicom_json import DicomJson
from tests.dicom.converted import converted, metadata, model_of
from tests.dicom.every_vr import every_vr
from tests.dicom.native import NAMESPACE, as_json, attributes, comparable, root_of
from tests.dicom.packaged import READABLE


def written(**by_tag: Any) -> list[ET.Element]:
    """Write attributes given as t00100010=(vr, value, …), and return them as `xml.etree` reads them."""
    data_set = {tag[1:]: {"vr": vr, "Value": values} for tag, (vr, *values) in by_tag.items()}
    return attributes(write_xml(data_set))


def without_private(data_set: DicomJson) -> DicomJson:
    return {tag: element for tag, element in data_set.items() if not int(tag[:4], 16) % 2}


def test_the_root_is_of_its_namespace_and_keeps_spaces() -> None:
    root = root_of(write_xml({}))

    assert root.attrib == {"{http://www.w3.org/XML/1998/namespace}space": "preserve"}


def test_a_value_of_every_vr_is_what_the_json_says() -> None:
    data_set = metadata(every_vr())

    assert as_json(write_xml(data_set)) == comparable(data_set)


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_every_file_has_an_xml_that_says_the_same(path: Path) -> None:
    data_set = converted(model_of(path.read_bytes()))

    attributes = as_json(write_xml(data_set))

    assert without_private(attributes) == without_private(comparable(data_set))


def test_attributes_are_ascending_and_have_vr_and_keyword() -> None:
    elements = written(t00280010=("US", 512), t00100020=("LO", "P1"), t00080099=("LO", "no keyword"))

    assert [element.attrib for element in elements] == [
        {"tag": "00080099", "vr": "LO"},
        {"tag": "00100020", "vr": "LO", "keyword": "PatientID"},
        {"tag": "00280010", "vr": "US", "keyword": "Rows"},
    ]


def test_the_values_after_an_empty_one_keep_their_numbers() -> None:
    (attribute,) = written(t00080008=("CS", "ORIGINAL", None, "AXIAL"))

    assert [(value.attrib["number"], value.text) for value in attribute] == [
        ("1", "ORIGINAL"),
        ("2", None),
        ("3", "AXIAL"),
    ]


def test_names_are_split_into_their_components() -> None:
    name = {"Alphabetic": "Doe^Jane^^Dr^MD^extra", "Phonetic": "ド^^"}

    (attribute,) = written(t00101001=("PN", name, None, {"Ideographic": "山田"}))

    assert re.sub(r"\{.*?\}|ns0:| xmlns:ns0=\"[^\"]*\"", "", ET.tostring(attribute, "unicode")) == (
        '<DicomAttribute tag="00101001" vr="PN" keyword="OtherPatientNames">'
        '<PersonName number="1"><Alphabetic><FamilyName>Doe</FamilyName><GivenName>Jane</GivenName>'
        "<NamePrefix>Dr</NamePrefix><NameSuffix>MD^extra</NameSuffix></Alphabetic>"
        "<Phonetic><FamilyName>ド</FamilyName></Phonetic></PersonName>"
        '<PersonName number="2" />'
        '<PersonName number="3"><Ideographic><FamilyName>山田</FamilyName></Ideographic></PersonName>'
        "</DicomAttribute>"
    )


def test_an_attribute_of_no_length_is_empty() -> None:
    elements = attributes(write_xml({"00100010": {"vr": "PN"}, "00081110": {"vr": "SQ"}}))

    assert [len(element) for element in elements] == [0, 0]


def test_bulk_data_are_named_by_their_uri() -> None:
    uri = "http://pacs.example/dicom-web/a?b=1&c=<\"'>"

    (attribute,) = attributes(write_xml({"7FE00010": {"vr": "OW", "BulkDataURI": uri}}))

    assert [(content.tag, content.attrib) for content in attribute] == [
        (f"{NAMESPACE}BulkData", {"uri": uri})
    ]


def test_private_attributes_are_named_by_their_creator() -> None:
    elements = written(
        t00090010=("LO", "ACME & Co"),
        t00090011=("LO", "OTHER"),
        t00091001=("LO", "a"),
        t00091101=("LO", "b"),
        t00091201=("LO", "nobody's"),
    )

    assert [(element.attrib["tag"], element.get("privateCreator")) for element in elements] == [
        ("00090010", None),
        ("00090011", None),
        ("00090001", "ACME & Co"),
        ("00090001", "OTHER"),
        ("00091201", None),
    ]
    assert not any("keyword" in element.attrib for element in elements)


def test_the_second_block_of_a_creator_keeps_its_number() -> None:
    creators = {"t00090010": ("LO", "ACME"), "t00090011": ("LO", "ACME")}

    *_, first, second = written(**creators, t00091001=("LO", "a"), t00091101=("LO", "b"))

    assert [first.attrib["tag"], second.attrib["tag"]] == ["00090001", "00091101"]
    assert second.attrib["privateCreator"] == "ACME"


def test_a_creator_outside_an_item_is_not_known_in_it() -> None:
    _, _, sequence = written(
        t00090010=("LO", "ACME"),
        t00091001=("LO", "outside"),
        t00091002=("SQ", {"00091001": {"vr": "LO", "Value": ["inside"]}}),
    )

    (item,) = sequence
    assert item[0].attrib == {"tag": "00091001", "vr": "LO"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a<b>&c</b>\"'", "a<b>&c</b>\"'", id="markup"),
        pytest.param(" two\r\nlines\n\tand a tab", " two\r\nlines\n\tand a tab", id="lines"),
        pytest.param("a\x00b\x0bc\x1bd\x1f", "a\ufffdb\ufffdc\ufffdd\ufffd", id="control characters"),
        pytest.param("\ud800\ufffe\uffff", "\ufffd\ufffd\ufffd", id="no characters"),
        pytest.param("😀 山 \x85", "😀 山 \x85", id="other planes"),
        pytest.param("]]>", "]]>", id="the end of CDATA"),
    ],
)
def test_text_that_xml_cannot_hold_as_it_is_does_not_break_it(text: str, expected: str) -> None:
    (elements,) = written(t00204000=("LT", text))

    assert elements[0].text == expected


@given(st.text())
def test_any_text_makes_a_document(text: str) -> None:
    data_set = {"00100010": {"vr": "PN", "Value": [{"Alphabetic": text}]}}
    data_set |= {"00090010": {"vr": "LO", "Value": [text]}, "00091001": {"vr": "UT", "Value": [text]}}

    assert attributes(write_xml(data_set))


def test_ten_thousand_private_blocks_are_written() -> None:
    blocks = [(group, block) for group in range(0x0009, 0x0069, 2) for block in range(0x10, 0x100)]
    creators = {f"{group:04X}{block:04X}": {"vr": "LO", "Value": ["A"]} for group, block in blocks}
    private = {f"{group:04X}{block:02X}01": {"vr": "LO"} for group, block in blocks}

    assert write_xml(creators | private).count(b"privateCreator") == len(blocks) > 10_000


def test_a_long_list_of_values_is_written_as_a_short_one() -> None:
    values = [None if number % 7 == 0 else f"<{number}" for number in range(1, 10_001)]

    (attribute,) = written(t00080080=("LO", *values))

    assert [value.attrib["number"] for value in attribute] == [str(number) for number in range(1, 10_001)]
    assert [value.text for value in attribute] == values


def test_a_long_document_comes_in_pieces_of_bounded_length() -> None:
    data_set = {"00280009": {"vr": "AT", "Value": ["00181063"] * 200_000}, "00400275": {"vr": "SQ"}}

    pieces = list(xml_pieces(data_set))

    assert b"".join(pieces) == write_xml(data_set)
    assert len(pieces) > 10
    assert max(map(len, pieces)) < 2**20
