import math
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.valuerep import STANDARD_VR

from service.dicom.encoding.charset import DEFAULT
from service.dicom.encoding.words import NUMBER_SIZES, WORD_SIZES, swapped
from service.dicom.json.values import NUMBER_DECODERS, TEXT_DECODERS

UTF_8, GB18030 = ("UTF8",), ("GB18030",)
DTYPES = {"FD": "f8", "FL": "f4", "SL": "i4", "SS": "i2", "SV": "i8", "UL": "u4", "US": "u2", "UV": "u8"}


@pytest.mark.parametrize(
    ("vr", "raw", "expected"),
    [
        pytest.param("CS", b"ORIGINAL\\PRIMARY ", ["ORIGINAL", "PRIMARY"], id="trailing padding"),
        pytest.param("LO", b"  a b  ", ["a b"], id="leading spaces mean nothing"),
        pytest.param("UI", b"1.2.3\0", ["1.2.3"], id="a UID ends with NUL"),
        pytest.param("SH", b"a\\\\b", ["a", None, "b"], id="an empty value between others"),
        pytest.param("CS", b" ", [None], id="nothing but padding"),
        pytest.param("UC", b" a \\ b ", [" a", " b"], id="leading spaces of UC count"),
        pytest.param("LT", b" C:\\dir ", [" C:\\dir"], id="a backslash in LT is data"),
        pytest.param("ST", b"a\\b", ["a\\b"], id="a backslash in ST is data"),
        pytest.param("UT", b"line 1\r\nline 2", ["line 1\r\nline 2"], id="lines"),
        pytest.param("UR", b"http://a/b?c=d\\e ", ["http://a/b?c=d\\e"], id="a URL is one value"),
    ],
)
def test_text_is_split_and_loses_its_padding(vr: str, raw: bytes, expected: list[Any]) -> None:
    assert TEXT_DECODERS[vr](raw, DEFAULT) == expected


def test_a_backslash_inside_a_character_splits_nothing() -> None:
    raw = "乗".encode("gb18030") + b"\\b"

    assert raw == b"\x81\x5c\\b"
    assert TEXT_DECODERS["LO"](raw, GB18030) == ["乗", "b"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"Doe^Jane ", [{"Alphabetic": "Doe^Jane"}]),
        (
            "Yamada^Tarou=山田^太郎=やまだ".encode(),
            [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ"}],
        ),
        ("=山田".encode(), [{"Ideographic": "山田"}]),
        (b"A== ", [{"Alphabetic": "A"}]),
        (b"A\\\\B", [{"Alphabetic": "A"}, None, {"Alphabetic": "B"}]),
        (b"==", [None]),
        (b"A=B=C=D", [{"Alphabetic": "A", "Ideographic": "B", "Phonetic": "C"}]),
    ],
)
def test_a_name_is_its_component_groups(raw: bytes, expected: list[Any]) -> None:
    assert TEXT_DECODERS["PN"](raw, UTF_8) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(b"1.5\\-2", [1.5, -2], id="numbers"),
        pytest.param(b" +3 \\.5\\5.\\1e3\\-1.5E-2", [3, 0.5, 5, 1000, -0.015], id="every form"),
        pytest.param(b"1\\\\2", [1, None, 2], id="an empty one between others"),
        pytest.param(b"1,5\\abc\\1 2\\0x10\\--1", ["1,5", "abc", "1 2", "0x10", "--1"], id="no numbers"),
        pytest.param(b"nan\\inf\\Infinity\\1e400", ["nan", "inf", "Infinity", "1e400"], id="not finite"),
        pytest.param(b"9007199254740993", ["9007199254740993"], id="digits that would be lost"),
        pytest.param("١".encode(), ["١"], id="digits that are not ASCII"),
    ],
)
def test_a_decimal_string_is_a_number_or_stays_text(raw: bytes, expected: list[Any]) -> None:
    assert TEXT_DECODERS["DS"](raw, UTF_8) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(b"1\\-2\\+3\\007 ", [1, -2, 3, 7], id="numbers"),
        pytest.param(b"1.5\\1A\\1e3\\_1\\1_0", ["1.5", "1A", "1e3", "_1", "1_0"], id="no integers"),
        pytest.param(b"3.0\\-2.", [3, -2], id="whole numbers with a point"),
        pytest.param(
            b"9007199254740991\\9007199254740992", [2**53 - 1, "9007199254740992"], id="the largest"
        ),
        pytest.param(b"9" * 5000, ["9" * 5000], id="more digits than Python converts"),
    ],
)
def test_an_integer_string_is_a_number_or_stays_text(raw: bytes, expected: list[Any]) -> None:
    assert TEXT_DECODERS["IS"](raw, DEFAULT) == expected


@pytest.mark.parametrize("vr", ["DS", "IS"])
@pytest.mark.parametrize("raw", [b"1" * 65000 + b"x", b"1." * 32000, b"1e" * 32000, b"+" * 65000])
def test_a_long_value_that_is_almost_a_number_is_text(vr: str, raw: bytes) -> None:
    assert TEXT_DECODERS[vr](raw, DEFAULT) == [raw.decode()]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("vr", DTYPES)
def test_binary_numbers_are_those_that_numpy_reads(vr: str, order: str) -> None:
    raw = bytes(range(1, 33))

    values = NUMBER_DECODERS[vr](raw, order == "<")

    expected = np.frombuffer(raw, order + DTYPES[vr]).tolist()
    assert [type(value)(number) for value, number in zip(expected, values, strict=True)] == expected


@pytest.mark.parametrize("little_endian", [True, False])
def test_tags_are_eight_hexadecimal_digits(little_endian: bool) -> None:
    raw = b"\x28\0\x0a\xab" if little_endian else b"\0\x28\xab\x0a"

    assert NUMBER_DECODERS["AT"](raw, little_endian) == ["0028AB0A"]


@pytest.mark.parametrize("vr", NUMBER_DECODERS)
def test_an_incomplete_number_at_the_end_is_left_out(vr: str) -> None:
    size = 4 if vr == "AT" else NUMBER_SIZES[vr]

    assert len(NUMBER_DECODERS[vr](bytes(3 * size - 1), True)) == 2
    assert NUMBER_DECODERS[vr](b"", True) == []


def test_a_float32_has_the_value_that_it_stores() -> None:
    assert NUMBER_DECODERS["FL"](np.float32(0.1).tobytes(), True) == [float(np.float32(0.1))]


def test_what_is_not_finite_is_null_in_json() -> None:
    raw = np.array([math.nan, math.inf, -math.inf, 1.5]).tobytes()

    assert orjson.dumps(NUMBER_DECODERS["FD"](raw, True)) == b"[null,null,null,1.5]"


@pytest.mark.parametrize(
    ("vr", "number", "expected"),
    [
        ("UV", 2**53 - 1, 2**53 - 1),
        ("UV", 2**53, str(2**53)),
        ("UV", 2**64 - 1, str(2**64 - 1)),
        ("SV", -(2**53), str(-(2**53))),
    ],
)
def test_integers_that_json_readers_would_round_are_text(vr: str, number: int, expected: Any) -> None:
    assert NUMBER_DECODERS[vr](number.to_bytes(8, "little", signed=vr == "SV"), True) == [expected]


@given(st.binary(max_size=100))
def test_every_value_has_a_json_form(raw: bytes) -> None:
    for read_text in TEXT_DECODERS.values():
        for charset in (DEFAULT, UTF_8, GB18030, (*DEFAULT, "iso2022_jp")):
            assert orjson.dumps(read_text(raw, charset)).startswith(b"[")
    for read_numbers in NUMBER_DECODERS.values():
        assert orjson.dumps(read_numbers(raw, True)).startswith(b"[")


@given(st.integers(0, 2**32 - 1), st.sampled_from(sorted({*WORD_SIZES.values(), *NUMBER_SIZES.values()})))
def test_swapping_reverses_the_bytes_of_a_word(number: int, word_size: int) -> None:
    number %= 256**word_size

    assert swapped(number.to_bytes(word_size, "big"), word_size) == number.to_bytes(word_size, "little")


@given(st.binary(), st.sampled_from([1, 2, 4, 8]))
def test_swapping_twice_changes_nothing(raw: bytes, word_size: int) -> None:
    assert swapped(swapped(raw, word_size), word_size) == raw


@given(st.lists(st.integers(0, 2**16 - 1)), st.binary(max_size=1))
def test_swapping_is_what_numpy_does_and_leaves_an_incomplete_word(words: list[int], rest: bytes) -> None:
    array = np.array(words, "<u2")

    assert swapped(array.tobytes() + rest, 2) == array.byteswap().tobytes() + rest


def test_every_vr_but_sq_is_text_or_numbers_or_binary() -> None:
    assert TEXT_DECODERS.keys() | NUMBER_DECODERS.keys() | WORD_SIZES.keys() == STANDARD_VR - {"SQ"}
    assert NUMBER_DECODERS.keys() == NUMBER_SIZES.keys()
