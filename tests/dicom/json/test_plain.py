"""Values taken out of the text of DICOM JSON: those that parsing it gives, or none at all."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.dicom.json.plain import is_plain, plain_bytes, plain_values, plain_values_anywhere, values_in
from service.dicom.query.cells import text_cell
from service.json_text import read, written
from tests.metadata import data_set, element, tag

KEYWORDS = (
    "StudyDate StudyTime AccessionNumber ModalitiesInStudy ReferringPhysicianName RetrieveURL PatientName "
    "PatientID PatientAge PatientSize PixelSpacing OtherPatientIDs PatientComments StudyInstanceUID "
    "InstanceNumber Rows"
)
SEQUENCE = "RequestAttributesSequence"
KNOWN = sorted(map(tag, [*KEYWORDS.split(), SEQUENCE]))
WANTED = [each for each in KNOWN if is_plain(each)]
USUAL = data_set(
    StudyDate="20240131",
    StudyTime=None,
    ModalitiesInStudy=["CT", "SR"],
    PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう",
    PatientID="{P}, [1]",
    PatientSize=1.74,
    PixelSpacing=[0.5, 1],
    StudyInstanceUID="1.2",
    InstanceNumber=-3,
    Rows=512,
    RequestAttributesSequence=[data_set(RequestedProcedureID="[R]", RequestAttributesSequence=[{}])],
)

texts = st.text(st.sampled_from('a"\\{}[],:=\x1a\n é') | st.characters(exclude_categories=["Cs"]), max_size=9)
broken = st.builds(
    "{}{}{}".format, texts, st.sampled_from(['"', "}", ']},"', '"]},"00100020":{"vr":"LO"}']), texts
)
names = st.dictionaries(st.sampled_from(["Alphabetic", "Ideographic", "Phonetic"]), texts, max_size=3)
numbers = (
    st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(-1000, 1000, allow_nan=False, places=3).map(float)
)
VRS = ["CS", "DA", "DS", "IS", "LO", "PN", "SH", "TM", "UI", "UN", "UR", "US"]
values = texts | broken | names | numbers | st.none()
# Items are in sequences alone, as they are written.
elements = st.builds(
    lambda vr, content: {"vr": vr} | content,
    st.sampled_from(VRS),
    st.just({}) | st.builds(lambda content: {"Value": content}, st.lists(values, max_size=3)),
) | st.builds(
    lambda items: {"vr": "SQ", "Value": items}, st.lists(st.deferred(lambda: objects), min_size=1, max_size=2)
)
objects: st.SearchStrategy[dict[str, Any]] = st.dictionaries(st.sampled_from(KNOWN), elements, max_size=3)


def values_of(attributes: dict[str, Any], found: Any) -> None:
    assert found is not None
    for name, raw in zip(WANTED, found, strict=True):
        expected = attributes.get(name, {}).get("Value")
        assert (None if raw is None else values_in(name)(raw)) == expected, name


def test_all_values_of_a_usual_object_are_found() -> None:
    text = written(USUAL)

    [found] = plain_values(WANTED, KNOWN)([text.decode()])
    [anywhere] = plain_values_anywhere(WANTED)([text.decode()])
    [in_bytes] = plain_bytes(WANTED, KNOWN)([text])

    values_of(USUAL, found)
    values_of(USUAL, anywhere)
    assert in_bytes is not None
    assert [raw.decode() for raw in in_bytes] == [raw or "" for raw in found or ()]


@given(objects)
def test_what_is_found_is_what_parsing_gives(nested: dict[str, Any]) -> None:
    for attributes in (nested, USUAL | nested, dict(sorted((USUAL | nested).items()))):
        text = written(attributes)

        for read_plain in (plain_values(WANTED, KNOWN), plain_values_anywhere(WANTED)):
            [found] = read_plain([text.decode()])

            if found is not None:
                values_of(read(text), found)


SEQUENCES = [tag("PatientID"), tag(SEQUENCE), tag("ReferencedStudySequence")]


def test_the_text_of_an_item_is_found() -> None:
    codes = [data_set(CodeValue="{1}", CodeMeaning="Ä, [b]"), {}]
    item = data_set(RequestedProcedureID="R", PatientComments=None, RequestedProcedureCodeSequence=codes)
    attributes = data_set(PatientID="P", ReferencedStudySequence=[{}], RequestAttributesSequence=[item])

    [found] = plain_values(SEQUENCES, KNOWN, "")([written(dict(sorted(attributes.items()))).decode()])

    assert found == tuple(text_cell(attributes.get(each)) for each in sorted(SEQUENCES))


@given(objects, objects)
def test_an_item_is_its_own_text(nested: dict[str, Any], item: dict[str, Any]) -> None:
    attributes = USUAL | nested | {tag(SEQUENCE): {"vr": "SQ", "Value": [item]}}
    text = written(dict(sorted(attributes.items())))

    [found] = plain_values(SEQUENCES, KNOWN, "")([text.decode()])

    if found is not None:
        assert found == tuple(text_cell(read(text).get(each)) for each in sorted(SEQUENCES))


@given(numbers)
@example(0.00001234)
@example(1e16)
def test_a_number_is_its_own_text(number: float) -> None:
    name = tag("PatientSize")

    [found] = plain_values([name], [])([written({name: element("DS", number)}).decode()])

    assert found in (None, (str(number),))


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({tag("StudyDate"): element("DA", "20240131", "20240201")}, id="two values of one"),
        pytest.param({tag("StudyDate"): element("LO", "20240131")}, id="another VR"),
        pytest.param({tag("PatientID"): element("LO", 'a "quoted" one')}, id="an escaped character"),
        pytest.param({tag("PatientID"): element("LO", "a\\b")}, id="an escaped backslash"),
        pytest.param({tag("PatientID"): element("LO", None)}, id="null"),
        pytest.param({tag("PatientName"): element("PN", {"Alphabetic": "a="})}, id="a delimiter in a name"),
        pytest.param({tag("SliceThickness"): element("DS", 1)}, id="an attribute that nobody knows of"),
        pytest.param({tag("OtherPatientIDs"): element("LO")}, id="no value of what can have several"),
        pytest.param({tag("PatientName"): element("PN", {"Ideographic": "山田"})}, id="no alphabetic group"),
    ],
)
def test_an_odd_object_is_left_to_others(odd: dict[str, Any]) -> None:
    text = written(dict(sorted((USUAL | odd).items()))).decode()

    assert list(plain_values(WANTED, KNOWN)([text])) == [None]


def test_a_sequence_ends_where_it_ends() -> None:
    inner = data_set(AccessionNumber="}}]}", PatientID="of the item")
    text = written(data_set(RequestAttributesSequence=[inner], StudyInstanceUID="1.2")).decode()

    [found] = plain_values_anywhere([tag("PatientID"), tag("StudyInstanceUID")])([text])

    assert found in (None, (None, "1.2"))
