"""DICOM JSON back to data elements: what comes of every VR, and what is refused."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.dicom.encoding.elements import Malformed, TooDeep
from service.dicom.encoding.explicit import Value
from service.dicom.json.reader import data_set
from tests.builders import data_set as builder_data_set
from tests.builders import file_head, part10
from tests.dicom.converted import metadata
from tests.dicom.every_vr import every_vr
from tests.dicom.parsed import parse

UTF_8 = {"00080005": {"vr": "CS", "Value": ["ISO_IR 192"]}}


def nothing(uri: str) -> Value:
    raise Malformed(f"nothing answers {uri}")


def written(attributes: Any, find: Callable[[str], Value] = nothing) -> bytes:
    return b"".join(piece for piece in data_set(attributes, find) if isinstance(piece, bytes))


def read_again(attributes: Any) -> dict[str, Any]:
    """Return what DICOM JSON the service makes of a file made of DICOM JSON."""
    file = file_head(builder_data_set()) + written(metadata(builder_data_set()) | attributes)
    parsed = orjson.loads(orjson.dumps(parse(file).metadata))
    return {tag: element for tag, element in parsed.items() if tag in attributes}


def test_every_vr_comes_back_as_it_was() -> None:
    before = orjson.loads(orjson.dumps(parse(part10(every_vr())).metadata))

    after = read_again(before)

    assert after == before


TEXT = st.text(st.characters(exclude_categories=["C"], exclude_characters="\\^= "), min_size=1, max_size=12)
VALUES = {
    "LO": TEXT,
    "UT": TEXT,
    "PN": st.fixed_dictionaries({"Alphabetic": TEXT}, optional={"Ideographic": TEXT, "Phonetic": TEXT}),
    "IS": st.integers(-(2**31), 2**31 - 1),
    "DS": st.integers(-(10**14), 10**14) | st.floats(-1e9, 1e9).map(lambda x: round(x, 4)),
    "FD": st.floats(allow_nan=False, allow_infinity=False),
    "FL": st.floats(allow_nan=False, allow_infinity=False, width=32),
    "SL": st.integers(-(2**31), 2**31 - 1),
    "SS": st.integers(-(2**15), 2**15 - 1),
    "UL": st.integers(0, 2**32 - 1),
    "US": st.integers(0, 2**16 - 1),
    "AT": st.integers(0, 2**32 - 1).map(lambda tag: f"{tag:08X}"),
}
ONE_VALUE = {"UT"}


@pytest.mark.parametrize("vr", VALUES)
@settings(max_examples=30)
@given(data=st.data())
def test_values_come_back_as_they_were(vr: str, data: st.DataObject) -> None:
    most = 1 if vr in ONE_VALUE else 4
    values = data.draw(st.lists(VALUES[vr], min_size=1, max_size=most))

    attributes = read_again({"00091010": {"vr": vr, "Value": values}})

    assert attributes["00091010"] == {"vr": vr, "Value": values}


@pytest.mark.parametrize(
    ("vr", "value", "expected"),
    [
        pytest.param("IS", ["012"], b"012 ", id="the digits of a string"),
        pytest.param("DS", ["1.50"], b"1.50", id="the digits of a decimal string"),
        pytest.param("DS", [0.1 + 0.2], b"0.30000000000000", id="a DS of at most 16 characters"),
        pytest.param("UV", [str(2**64 - 1)], b"\xff" * 8, id="more digits than a number has"),
        pytest.param("CS", ["A", None, "B"], b"A\\\\B", id="an empty value in between"),
        pytest.param("CS", [], b"", id="an empty array"),
        pytest.param("US", [None], b"", id="null alone"),
        pytest.param("FL", [None], b"\0\0\xc0\x7f", id="NaN, which our own answers say as null"),
        pytest.param("FL", ["-Infinity"], b"\0\0\x80\xff", id="infinity by its name"),
        pytest.param("US", [512.0], b"\0\2", id="a whole number with a point"),
        pytest.param("PN", [{"Ideographic": "山田"}], "=山田 ".encode(), id="no alphabetic group"),
        pytest.param("PN", [None], b"", id="a name that is null"),
    ],
)
def test_a_value_is_written_as_its_vr_has_it(vr: str, value: list[Any], expected: bytes) -> None:
    assert written({"00091010": {"vr": vr, "Value": value}}).endswith(expected)


def test_text_is_utf_8_at_every_depth_and_says_so() -> None:
    item = {"00080005": {"vr": "CS", "Value": ["ISO_IR 100"]}, "00080104": {"vr": "LO", "Value": ["Größe"]}}

    attributes = read_again({"00080005": {"vr": "CS"}, "00081032": {"vr": "SQ", "Value": [item, {}]}})

    assert attributes == UTF_8 | {"00081032": {"vr": "SQ", "Value": [item | UTF_8, {}]}}


def test_what_belongs_to_the_encoding_of_a_file_is_left_out() -> None:
    encoding = {
        "00020010": {"vr": "UI", "Value": ["1.2.840.10008.1.2.2"]},
        "00080000": {"vr": "UL", "Value": [12]},
        "7FE00001": {"vr": "OV", "InlineBinary": "AAAAAAAAAAA="},
    }

    assert written(encoding) == written({})


def test_private_attributes_stay_in_their_block() -> None:
    private = {"00091001": {"vr": "DS", "Value": [1.5]}, "00090010": {"vr": "LO", "Value": ["ACME"]}}

    assert read_again(private) == private


def test_tags_may_be_of_either_case_and_in_any_order() -> None:
    attributes = {"7fe0000a": {"vr": "UN", "InlineBinary": "AQID"}, "00100020": {"vr": "LO", "Value": ["1"]}}

    assert list(read_again(attributes)) == ["00100020"]
    assert written(attributes).endswith(b"\xe0\x7f\x0a\x00UN\0\0\x04\0\0\0\1\2\3\0")


def test_bulk_data_is_named_by_its_place_and_padded() -> None:
    place = Value(70, 3, 1)

    *before, value, padding = data_set({"00091010": {"vr": "OB", "BulkDataURI": "x"}}, lambda _: place)

    assert (before[-1], value, padding) == (b"\x09\0\x10\x10OB\0\0\4\0\0\0", place, b"\0")


def nested(depth: int) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    for _ in range(depth):
        attributes = {"00081140": {"vr": "SQ", "Value": [attributes]}}
    return attributes


def test_sequences_lie_in_each_other_as_deep_as_in_a_file_that_is_read() -> None:
    assert read_again(nested(64)).keys() == {"00081140"}
    with pytest.raises(TooDeep, match="64 deep"):
        written(nested(65))


REFUSED = {
    "an unknown VR": {"vr": "XX", "Value": ["Doe"]},
    "no VR": {"Value": ["Doe"]},
    "a VR that is no string": {"vr": ["LO"], "Value": ["Doe"]},
    "two forms of a value": {"vr": "OB", "InlineBinary": "AA==", "BulkDataURI": "x"},
    "a value that is no array": {"vr": "LO", "Value": "Doe"},
    "a number for text": {"vr": "LO", "Value": [5]},
    "an object for text": {"vr": "LO", "Value": [{"Alphabetic": "Doe"}]},
    "text for a name": {"vr": "PN", "Value": ["Doe"]},
    "a name of unknown groups": {"vr": "PN", "Value": [{"Doe": "Doe"}]},
    "a name of numbers": {"vr": "PN", "Value": [{"Alphabetic": 5}]},
    "text for a number": {"vr": "US", "Value": ["Doe"]},
    "a boolean for a number": {"vr": "US", "Value": [True]},
    "null between numbers": {"vr": "US", "Value": [1, None]},
    "a number out of range": {"vr": "US", "Value": [65536]},
    "a negative unsigned number": {"vr": "UL", "Value": [-1]},
    "a fraction for a whole number": {"vr": "IS", "Value": [1.5]},
    "a float beyond 32 bits": {"vr": "FL", "Value": [1e300]},
    "a word for a float": {"vr": "FD", "Value": ["Doe"]},
    "words for a long number": {"vr": "SV", "Value": ["Doe"]},
    "endless digits": {"vr": "UV", "Value": ["9" * 100_000]},
    "a boolean for a decimal": {"vr": "DS", "Value": [False]},
    "a tag that is none": {"vr": "AT", "Value": ["Doe"]},
    "half a tag": {"vr": "AT", "Value": ["0010"]},
    "two texts where one is": {"vr": "UT", "Value": ["Doe", "Jane"]},
    "values for bytes": {"vr": "OB", "Value": [1, 2]},
    "bytes for text": {"vr": "LO", "InlineBinary": "RG9l"},
    "bytes that are no base64": {"vr": "OB", "InlineBinary": "Doe!"},
    "bytes that are no string": {"vr": "OB", "InlineBinary": 5},
    "a URI where none may be": {"vr": "PN", "BulkDataURI": "file:///Doe"},
    "a URI that is no string": {"vr": "OB", "BulkDataURI": 5},
    "a sequence by URI": {"vr": "SQ", "BulkDataURI": "x"},
    "an item that is no object": {"vr": "SQ", "Value": ["Doe"]},
    "items that are no array": {"vr": "SQ", "Value": {"Doe": 1}},
    "an attribute in an item": {"vr": "SQ", "Value": [{"00100010": "Doe"}]},
    "text that is no Unicode": {"vr": "LO", "Value": ["Doe\ud800"]},
}


@pytest.mark.parametrize("attribute", REFUSED.values(), ids=REFUSED)
def test_what_is_not_of_its_vr_is_refused_by_its_place_and_never_repeated(attribute: Any) -> None:
    with pytest.raises(Malformed, match=r"^00091010") as refused:
        written({"00091010": attribute})

    assert "Doe" not in str(refused.value)


@pytest.mark.parametrize(
    "attributes", [[], None, {"PatientName": {}}, {"0010": {}}, {"FFFEE00D": {"vr": "UN"}}]
)
def test_what_is_no_set_of_attributes_is_refused(attributes: Any) -> None:
    with pytest.raises(Malformed):
        written(attributes)


def test_a_refusal_names_the_way_to_its_place() -> None:
    items = [{}, {"00400275": {"vr": "SQ", "Value": [{"00400009": {"vr": "SH", "Value": [7]}}]}}]

    with pytest.raises(Malformed, match=re.escape("00081140/2/00400275/1/00400009 has a number")):
        written({"00081140": {"vr": "SQ", "Value": items}})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["vr", "Value", "InlineBinary", "BulkDataURI", "00080005", "7FE00010", "00091010"]
            ),
            inner | st.sampled_from(["SQ", "LO", "US", "FD", "OB", "PN", "AT"]),
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(ANYTHING)
def test_whatever_is_sent_is_written_or_refused(attributes: Any) -> None:
    with suppress(Malformed):
        assert written(attributes).startswith(b"\x08\0\x05\0CS\x0a\0ISO_IR 192")
