from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.dicom.encoding.elements import MAX_DEPTH
from service.dicom.xml.reader import MAX_BYTES, read_xml
from service.dicom.xml.writer import write_xml
from service.errors import InvalidXml
from tests.dicom.converted import metadata
from tests.dicom.every_vr import every_vr
from tests.dicom.native import END, HEAD, attribute, document, nested, values

DOCUMENT = write_xml(metadata(every_vr()))
_PLACES = st.integers(0, len(DOCUMENT))
_TOKENS = st.sampled_from(
    [b"<Item>", b"</Value>", b"<PersonName/>", b' number="', b"<![CDATA[", b"&#1;", b"SQ"]
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("<a", "not well-formed|unclosed", id="no XML"),
        pytest.param("", "no element found", id="nothing"),
        pytest.param(HEAD, "no element found", id="cut"),
        pytest.param(f"{HEAD}&nbsp;{END}", "undefined entity", id="entity"),
        pytest.param("<html/>", "found html in the document, expected NativeDicomModel", id="other root"),
        pytest.param('<NativeDicomModel xmlns="urn:x"/>', "found the namespace urn:x", id="namespace"),
        pytest.param(f"{HEAD}Doe{END}", "found text in NativeDicomModel", id="text"),
        pytest.param(f"{HEAD}Doe<DicomAttribute/>{END}", "found text beside elements", id="text before"),
        pytest.param(f"{HEAD}<Value/>{END}", "found Value in NativeDicomModel", id="stray"),
        pytest.param(f'<?xml version="1.0" encoding="latin1"?>{HEAD}{END}', "encoding latin1", id="encoding"),
        pytest.param(f"\0{HEAD}{END}", "found a document in another encoding, expected UTF-8", id="NUL"),
    ],
)
def test_what_is_no_native_dicom_model_is_refused(content: str, message: str) -> None:
    with pytest.raises(InvalidXml, match=message):
        read_xml(content.encode())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param('<DicomAttribute vr="CS"/>', "without tag, expected eight hexa", id="no tag"),
        pytest.param(attribute("PatientID", "LO"), "tag PatientID, expected eight hexa", id="bad tag"),
        pytest.param(attribute("00100020", "ZZ"), "found the VR ZZ of 00100020", id="unknown VR"),
        pytest.param(attribute("00100020", "LO") * 2, "00100020 twice in a data set", id="twice"),
        pytest.param(attribute("00280010", "US", values("Doe")), "no whole number", id="bad number"),
        pytest.param(attribute("00280010", "FD", values("Doe")), "expected one of VR FD", id="bad float"),
        pytest.param(attribute("00280009", "AT", values("Doe")), "that is no tag", id="bad AT"),
        pytest.param(attribute("00080008", "CS", values("A\\Doe")), "several values", id="backslash"),
        pytest.param(attribute("00282000", "OB", "<InlineBinary>Doe!</InlineBinary>"), "base64", id="base64"),
        pytest.param(attribute("00282000", "OB", "<InlineBinary>ä</InlineBinary>"), "base64", id="no ASCII"),
        pytest.param(attribute("00282000", "OB", values("1")), "found Value in Dicom", id="binary Value"),
        pytest.param(attribute("00100010", "PN", values("Doe")), "expected PersonName", id="PN Value"),
        pytest.param(attribute("00081110", "SQ", values("Doe")), "expected Item", id="SQ Value"),
        pytest.param(attribute("7FE00010", "OW", "<BulkData/>"), "BulkData without uri", id="no uri"),
        pytest.param(
            attribute("7FE00010", "OW", '<BulkData uri="a"/>' * 2), "expected no element", id="two uris"
        ),
        pytest.param(
            attribute("00280010", "US", values("1"), '<BulkData uri="a"/>'), "expected Value", id="both"
        ),
        pytest.param(attribute("00280010", "US", '<Value number="0"/>'), "number 0, expected 1", id="number"),
        pytest.param(
            attribute("00280010", "US", values("1") * 2), "number 1, expected 2", id="same number twice"
        ),
        pytest.param(
            attribute("00280010", "US", '<Value number="999999999"/>'), "more than 262144", id="endless gap"
        ),
        pytest.param(
            attribute("00081110", "SQ", "<Item>", attribute("00280010", "US", values("x")), "</Item>"),
            "00081110/00280010: found",
            id="inside",
        ),
        pytest.param(nested(MAX_DEPTH + 1), "more than 64 deep", id="too deep"),
        pytest.param(nested(100_000), "more than 64 deep", id="100,000 deep"),
        pytest.param("<a>" * 100_000, "found a in Native", id="100,000 deep, of other elements"),
        pytest.param(
            "<DicomAttribute " + 'a=""' * 2 + "/>", "not well-formed|duplicate", id="twice the same"
        ),
    ],
)
def test_what_is_wrong_in_a_data_set_is_named_and_no_value_repeated(content: str, message: str) -> None:
    with pytest.raises(InvalidXml, match=message) as refused:
        read_xml(document(content))

    assert "Doe" not in refused.value.message
    assert len(refused.value.message) < 500


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        pytest.param('<DicomAttribute tag="', '" vr="LO"/>', id="an XML attribute"),
        pytest.param("<!--", "-->", id="a comment"),
        pytest.param("<", "/>", id="a name"),
    ],
)
def test_a_tag_or_comment_that_is_endless_is_refused(begin: str, end: str) -> None:
    with pytest.raises(InvalidXml, match="tag or comment of more than 262144 bytes"):
        read_xml(document(begin, "x" * 1_000_000, end))


def test_a_tag_of_endlessly_many_xml_attributes_is_refused() -> None:
    endless = " ".join(f'a{number}=""' for number in range(100_000))

    with pytest.raises(InvalidXml, match="tag or comment of more than 262144 bytes"):
        read_xml(document(f'<DicomAttribute {endless} tag="00100010" vr="LO"/>'))


@pytest.mark.parametrize("content", ["<Value/>" * 9, '<Value number="9"/>'], ids=["there", "left out"])
def test_more_elements_than_the_bound_are_refused(content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.dicom.xml.builder.MAX_XML_ELEMENTS", 10)

    with pytest.raises(InvalidXml, match="more than 10 elements"):
        read_xml(document(attribute("00280010", "US", content)))


def test_a_document_of_50_megabytes_is_refused() -> None:
    with pytest.raises(InvalidXml, match=f"of 50[0-9]{{6}} bytes, expected at most {MAX_BYTES}"):
        read_xml(document(attribute("00204000", "UT", f"<Value>{'x' * 50_000_000}</Value>")))


def test_a_long_text_is_read_whole() -> None:
    text = "a long text\n" * 100_000

    attributes = read_xml(document(attribute("0040A160", "UT", values(text))))

    assert attributes["0040A160"]["Value"] == [text]


@given(st.data())
def test_whatever_is_changed_in_a_document_it_is_read_or_refused(data: st.DataObject) -> None:
    start, end = sorted(data.draw(st.tuples(_PLACES, _PLACES)))
    changed = DOCUMENT[:start] + data.draw(st.binary(max_size=8) | _TOKENS) + DOCUMENT[end:]

    with suppress(InvalidXml):
        assert isinstance(read_xml(changed), dict)


def test_more_private_creators_than_a_group_has_blocks_are_refused() -> None:
    private = (attribute("00090001", "LO", more=f' privateCreator="{number}"') for number in range(241))

    with pytest.raises(InvalidXml, match="more than 240 private creators in group 0009"):
        read_xml(document(*private))


BILLION_LAUGHS = "".join(
    f'<!ENTITY l{number} "{f"&l{number - 1};" * 10 if number else "lol"}">' for number in range(10)
)


@pytest.mark.parametrize(
    "declaration",
    [
        pytest.param(f"<!DOCTYPE a [{BILLION_LAUGHS}]>", id="billion laughs"),
        pytest.param('<!DOCTYPE a [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>', id="external entity"),
        pytest.param('<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">', id="external subset"),
        pytest.param('<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/">%p;]>', id="parameter entity"),
        pytest.param("<!DOCTYPE NativeDicomModel>", id="harmless"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_no_document_type_declaration_is_taken(declaration: str, encoding: str) -> None:
    content = f"{declaration}{HEAD}{attribute('00100020', 'LO', values('&l9;'))}{END}"

    with pytest.raises(InvalidXml, match=r"expected (none|UTF-8)"):
        read_xml(content.encode(encoding))
