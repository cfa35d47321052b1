import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from service.dicom.encoding.elements import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    Encoding,
    Malformed,
    Truncated,
)
from service.dicom.encoding.part10 import FileMeta, read_file_meta
from service.transfer_syntaxes import DEFLATED
from tests.builders import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    JPEG_2000,
    PREAMBLE,
    data_set,
    encoded,
    file_head,
    part10,
)
from tests.dicom.packaged import raw

HEAD = file_head(data_set())


def meta_element(number: int, value: bytes) -> bytes:
    return b"\x02\x00" + number.to_bytes(2, "little") + b"UI" + len(value).to_bytes(2, "little") + value


@pytest.mark.parametrize(
    ("transfer_syntax", "encoding"),
    [
        (EXPLICIT, EXPLICIT_LITTLE),
        (IMPLICIT, IMPLICIT_LITTLE),
        (BIG_ENDIAN, EXPLICIT_BIG),
        (DEFLATED, EXPLICIT_LITTLE),
        (JPEG_2000, EXPLICIT_LITTLE),
        pytest.param("1.2.826.0.1.3680043.1", EXPLICIT_LITTLE, id="a private one"),
    ],
)
def test_a_file_says_how_its_data_set_is_encoded(transfer_syntax: str, encoding: Encoding) -> None:
    file = part10(data_set(), transfer_syntax)

    meta = read_file_meta(file)

    assert meta == FileMeta(transfer_syntax, len(file_head(data_set(), transfer_syntax)), conformant=True)
    assert meta.encoding == encoding


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
@pytest.mark.parametrize("head", [pytest.param(b"", id="nothing"), pytest.param(PREAMBLE, id="the preamble")])
def test_without_group_2_the_encoding_is_recognised(head: bytes, transfer_syntax: str) -> None:
    meta = read_file_meta(head + encoded(data_set(), transfer_syntax))

    assert meta == FileMeta(transfer_syntax, len(head), conformant=False)


def test_the_preamble_may_be_missing() -> None:
    meta = read_file_meta(part10(data_set())[len(PREAMBLE) :])

    assert meta == FileMeta(EXPLICIT, len(HEAD) - len(PREAMBLE), conformant=False)


def test_the_length_of_group_2_may_be_missing_or_wrong() -> None:
    length_at = len(PREAMBLE) + 8
    without = PREAMBLE + HEAD[length_at + 4 :] + encoded(data_set())
    wrong = HEAD[:length_at] + b"\1\0\0\0" + HEAD[length_at + 4 :] + encoded(data_set())

    assert read_file_meta(without) == FileMeta(EXPLICIT, len(HEAD) - 12, conformant=True)
    assert read_file_meta(wrong) == FileMeta(EXPLICIT, len(HEAD), conformant=True)


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_a_transfer_syntax_that_is_not_stated_is_recognised(transfer_syntax: str) -> None:
    file = PREAMBLE + meta_element(0x0012, b"1.2.3\0") + encoded(data_set(), transfer_syntax)

    meta = read_file_meta(file)

    assert (meta.transfer_syntax, meta.conformant) == (transfer_syntax, False)


@pytest.mark.parametrize("padding", [b"\0", b" ", b"\0\0 "])
def test_padding_is_no_part_of_the_transfer_syntax(padding: bytes) -> None:
    file = PREAMBLE + meta_element(0x0010, EXPLICIT.encode() + padding) + encoded(data_set())

    assert read_file_meta(file).transfer_syntax == EXPLICIT


@pytest.mark.parametrize(
    "value", ["1.2\r\nSet-Cookie: a", "../..", "é", "JPEG", "1." * 40, "1.2\\1.3", "1.2.840.10008.1.2 .1"]
)
def test_a_transfer_syntax_that_is_no_uid_is_malformed(value: str) -> None:
    file = PREAMBLE + meta_element(0x0010, value.encode("latin-1")) + encoded(data_set())

    with pytest.raises(Malformed, match="not a UID"):
        read_file_meta(file)


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"DICM", id="four bytes"),
        pytest.param(PREAMBLE, id="a preamble alone"),
        pytest.param(bytes(1000), id="zeros"),
        pytest.param(b"GIF89a" + bytes(100), id="a picture"),
        pytest.param(b"<html><body>not found</body></html>", id="a page"),
        pytest.param(b'{"00080018": {"vr": "UI"}}' * 9, id="text"),
        pytest.param(b"\x08\0\5\0\xff\xff\xff\xff" + bytes(100), id="an implicit length beyond the end"),
    ],
)
def test_what_is_no_data_set_is_malformed(file: bytes) -> None:
    with pytest.raises(Malformed, match="not a DICOM file"):
        read_file_meta(file)


def test_a_head_cut_anywhere_is_malformed_or_ends_with_an_element() -> None:
    for end in range(len(HEAD)):
        try:
            meta = read_file_meta(HEAD[:end])
        except Malformed:
            continue
        assert meta.dataset_offset == end or end - meta.dataset_offset < 8


def test_a_head_cut_inside_a_value_is_truncated() -> None:
    with pytest.raises(Truncated, match=r"inside \(0002,0010\)"):
        read_file_meta(PREAMBLE + meta_element(0x0010, EXPLICIT.encode())[:-1])


@pytest.mark.parametrize(
    ("name", "transfer_syntax"),
    [("ExplVR_LitEndNoMeta.dcm", EXPLICIT), ("ExplVR_BigEndNoMeta.dcm", BIG_ENDIAN)],
)
def test_real_data_sets_without_a_head_are_recognised(name: str, transfer_syntax: str) -> None:
    assert read_file_meta(raw(name)) == FileMeta(transfer_syntax, 0, conformant=False)


def test_a_data_set_without_uids_has_a_head_all_the_same() -> None:
    assert read_file_meta(part10(Dataset())).conformant


@given(st.sampled_from([b"", PREAMBLE, PREAMBLE + b"\2\0\0\0UL\4\0", b"\2\0"]), st.binary(max_size=200))
def test_arbitrary_bytes_have_a_head_or_are_malformed(start: bytes, rest: bytes) -> None:
    try:
        meta = read_file_meta(start + rest)
    except Malformed:
        return
    assert 0 <= meta.dataset_offset <= len(start + rest)
