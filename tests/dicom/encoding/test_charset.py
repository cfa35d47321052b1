from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.charset import convert_encodings, decode_bytes, python_encoding

from service.dicom.encoding.charset import DEFAULT, character_set, decode, is_known
from tests.dicom.packaged import CHARSETS, reference

NAME_DELIMITERS = frozenset(b"\\^=\r\n\t\f")


@pytest.mark.parametrize("term", sorted(set(python_encoding) - {""}))
def test_every_defined_term_has_the_codec_that_pydicom_uses(term: str) -> None:
    assert character_set(term.encode()) == tuple(convert_encodings(term))


@pytest.mark.parametrize(
    ("value", "codecs"),
    [
        pytest.param(b"", DEFAULT, id="nothing"),
        pytest.param(b"ISO_IR 100 ", ("latin_1",), id="padding"),
        pytest.param(b"ISO-IR 100", ("latin_1",), id="a hyphen"),
        pytest.param(b"ISO IR 100", ("latin_1",), id="a space"),
        pytest.param(b"ISO 2022-IR-87", ("iso2022_jp",), id="hyphens"),
        pytest.param(b"\\ISO 2022 IR 87", (*DEFAULT, "iso2022_jp"), id="the default and another"),
        pytest.param(b"ISO_IR 192\\ISO 2022 IR 87", ("UTF8",), id="UTF-8 stands alone"),
        pytest.param(b"ISO 2022 IR 6\\ISO_IR 192", DEFAULT, id="UTF-8 is no extension"),
        pytest.param(b"ISO_IR_100", ("latin_1",), id="an underscore"),
        pytest.param(b"iso_ir 0100", ("latin_1",), id="small letters and a zero"),
        pytest.param(b"ISO_IR 58", ("iso_ir_58",), id="without code extensions, what is defined with them"),
        pytest.param(b"ISO 2022 IR 192", ("UTF8",), id="with code extensions, what is defined without them"),
        pytest.param(b"UTF-8 ", ("utf_8",), id="UTF-8"),
        pytest.param(b"WINDOWS-1251", ("cp1251",), id="a code page"),
        pytest.param(b"ISO 8859-1", ("latin_1",), id="the name of the ISO standard"),
        pytest.param(b"KOI8-U", ("koi8_u",), id="a codec of Python without other names"),
        pytest.param(b"US-ASCII", DEFAULT, id="ASCII"),
        pytest.param(b"UTF-16", DEFAULT, id="a codec that has ASCII elsewhere"),
        pytest.param(b"zlib", DEFAULT, id="the name of a codec that is not of text"),
        pytest.param(b"ISO_IR 100\0\xff", DEFAULT, id="what is no term"),
    ],
)
def test_specific_character_set_names_the_codecs(value: bytes, codecs: tuple[str, ...]) -> None:
    assert character_set(value) == codecs


@pytest.mark.parametrize("term", [b"UTF-8", b"ISO-IR 100", b"", b"\\ISO 2022 IR 87", b"GB18030\\ISO IR 192"])
def test_terms_that_can_be_understood_are_known(term: bytes) -> None:
    assert is_known(term)


@pytest.mark.parametrize("term", [b"KLINGON", b"ISO_IR 999", b"UTF-16", b"zlib", b"ISO_IR 100\\KLINGON"])
def test_terms_that_nobody_understands_are_not_known(term: bytes) -> None:
    assert not is_known(term)


@pytest.mark.parametrize("path", CHARSETS, ids=lambda path: path.name)
def test_names_in_every_character_set_are_those_that_pydicom_reads(path: Path) -> None:
    instance = reference(path)
    terms = instance.get("SpecificCharacterSet", "")
    value = "\\".join([terms] if isinstance(terms, str) else terms).encode()
    name = instance.get("PatientName")
    raw = name.original_string if name else b""

    text = decode(raw, character_set(value), NAME_DELIMITERS)

    assert text == decode_bytes(raw, convert_encodings(value.decode().split("\\")), set(NAME_DELIMITERS))
    assert "\N{REPLACEMENT CHARACTER}" not in text


@pytest.mark.parametrize(
    ("value", "raw", "text"),
    [
        pytest.param(b"ISO_IR 192", b"M\xc3\xbcller", "Müller", id="UTF-8"),
        pytest.param(b"ISO_IR 192", b"M\xfcller", "M\N{REPLACEMENT CHARACTER}ller", id="not of the set"),
        pytest.param(b"ISO_IR 203", b"\xa4", "€", id="Latin-9"),
        pytest.param(
            b"GB18030", b"\x81\x5c", "\N{CJK UNIFIED IDEOGRAPH-4E57}", id="a backslash in a character"
        ),
        pytest.param(b"KLINGON", b"M\xc3\xbcller", "Müller", id="UTF-8 under a name that is not known"),
        pytest.param(b"", b"M\xfcller", "Müller", id="Latin-1 where no character set is stated"),
        pytest.param(b"ISO_IR 58", "王^小东".encode("gb2312"), "王^小东", id="GB 2312 without escapes"),
        pytest.param(b"windows 1251", "Иванов".encode("cp1251"), "Иванов", id="a code page of Windows"),
        pytest.param(b"\\ISO 2022 IR 13", b"\x1b)I\xd4\xcf^A", "ﾔﾏ^A", id="an escape sequence"),
        pytest.param(b"\\ISO 2022 IR 144", b"\x1b-L\xbf^\xe4", "П^ä", id="reset at a delimiter"),
        pytest.param(b"\\ISO 2022 IR 87", b"\x1b!!A", "\x1b!!A", id="an unknown escape sequence"),
    ],
)
def test_text_is_decoded(value: bytes, raw: bytes, text: str) -> None:
    assert decode(raw, character_set(value), NAME_DELIMITERS) == text


@given(st.binary(max_size=60), st.lists(st.sampled_from([b"\x1b$B", b"\x1b$)C", b"\x1b-F", b"\xff", b"^"])))
def test_arbitrary_bytes_are_unicode_in_every_character_set(value: bytes, parts: list[bytes]) -> None:
    raw = value.join(parts) + value

    for term in python_encoding:
        charset = character_set(term.encode() + b"\\ISO 2022 IR 87")
        text = decode(raw, charset, NAME_DELIMITERS)
        assert text.encode().decode() == text


@given(st.binary(max_size=80))
def test_arbitrary_bytes_as_character_set_name_a_codec(value: bytes) -> None:
    assert decode(b"A\xff", character_set(value), NAME_DELIMITERS)
