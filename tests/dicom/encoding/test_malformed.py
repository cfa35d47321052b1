import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.dicom.encoding.elements import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    MAX_DEPTH,
    Encoding,
    Malformed,
    TooDeep,
    TooMany,
    Truncated,
)
from service.dicom.encoding.walk import walk
from tests.builders import code_stream, encapsulated, encoded, item
from tests.dicom.sequences import (
    CLOSE,
    ENCODINGS,
    ITEM,
    ITEM_END,
    NAME,
    OPEN,
    SEQUENCE,
    SEQUENCE_END,
    UNDEFINED,
    image_with_sequences,
    nested,
    nested_with_lengths,
    sequence,
)


@pytest.mark.parametrize(
    "buffer",
    [
        pytest.param(nested(MAX_DEPTH + 1), id="one too many"),
        pytest.param(nested_with_lengths(MAX_DEPTH + 1), id="one too many, with lengths"),
        pytest.param(nested(100_000), id="a hundred thousand"),
        pytest.param(OPEN * 100_000, id="without an end"),
    ],
)
def test_sequences_nested_deeper_than_the_bound_are_refused(buffer: bytes) -> None:
    with pytest.raises(TooDeep, match="more than 64 deep"):
        walk(buffer, 0, EXPLICIT_LITTLE)


@pytest.mark.parametrize(
    "buffer",
    [
        pytest.param(NAME * 11, id="elements"),
        pytest.param(sequence(item(b"") * 11), id="items"),
        pytest.param(sequence(item(NAME) * 6), id="elements and items"),
        pytest.param(b"\xe0\x7f\x10\x00OB\0\0" + UNDEFINED + item(b"") * 11, id="fragments"),
        pytest.param((b"\xe0\x7f\x10\x00OB\0\0" + UNDEFINED + item(b"") + CLOSE[8:]) * 6, id="one each"),
    ],
)
def test_more_elements_than_the_bound_are_refused(buffer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("walk", "limits"):
        monkeypatch.setattr(f"service.dicom.encoding.{module}.MAX_ELEMENTS", 10)

    with pytest.raises(TooMany, match="more than 10 elements"):
        walk(buffer, 0, EXPLICIT_LITTLE)


def test_a_file_full_of_items_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.dicom.encoding.limits._ITEMS", 20)
    monkeypatch.setattr("service.dicom.encoding.walk._UNSUSPECTED", 30)

    with pytest.raises(TooMany, match="100 items in 812 bytes"):
        walk(sequence(item(b"") * 100), 0, EXPLICIT_LITTLE)
    assert len(walk(sequence(item(NAME) * 20), 0, EXPLICIT_LITTLE)) == 1


def test_more_elements_than_suit_the_size_of_a_file_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.dicom.encoding.walk._REMEMBERED", 5)
    monkeypatch.setattr("service.dicom.encoding.walk._FORGOTTEN", 20)
    empty = NAME[:6] + bytes(2)
    dense, sparse = sequence(item(empty * 3) * 100), sequence(item(NAME * 3) * 100)

    with pytest.raises(TooMany, match="elements in 3212 bytes"):
        walk(dense, 0, EXPLICIT_LITTLE)
    assert len(walk(sparse + bytes(2000), 0, EXPLICIT_LITTLE)) == 1


@pytest.mark.parametrize("transfer_syntax", ENCODINGS)
def test_a_data_set_cut_anywhere_is_malformed_or_shorter(transfer_syntax: str) -> None:
    encoding = ENCODINGS[transfer_syntax]
    buffer = encoded(image_with_sequences(), transfer_syntax)
    whole = walk(buffer, 0, encoding)

    for end in range(len(buffer)):
        try:
            elements = walk(buffer[:end], 0, encoding)
        except Malformed as error:
            elements = list(error.read)[:-1]  # the last may be a sequence that has not ended
        assert elements == whole[: len(elements)]


@pytest.mark.parametrize("end", range(1, 60))
def test_fragments_cut_anywhere_are_truncated(end: int) -> None:
    buffer = encoded(encapsulated([[code_stream(b"a")], [code_stream(b"b")]]))

    with pytest.raises(Truncated):
        walk(buffer[:-end], 0, EXPLICIT_LITTLE)


@pytest.mark.parametrize(
    ("buffer", "message"),
    [
        pytest.param(NAME[:6] + b"\xff\xff" + NAME[8:], r"\(0010,0010\) says 65535 bytes", id="long element"),
        pytest.param(sequence(item(NAME), 1000), r"\(0040,0275\) says 1000 bytes", id="long sequence"),
        pytest.param(
            sequence(ITEM + b"\xc8\0\0\0" + NAME) + bytes(400), "an item at byte 12", id="long item"
        ),
        pytest.param(sequence(ITEM[:3]) + NAME, "reaches beyond", id="a sequence ends inside a header"),
        pytest.param(
            sequence(item(NAME)[:-1]) + NAME, "an item at byte 12", id="a sequence ends before its item"
        ),
        pytest.param(sequence(item(NAME[:-1])) + NAME, r"\(0010,0010\)", id="an item ends inside a value"),
        pytest.param(sequence(item(NAME[:6])) + NAME, "element header", id="an item ends inside a header"),
        pytest.param(
            sequence(item(SEQUENCE + UNDEFINED)) + CLOSE, "reaches beyond", id="an end too far away"
        ),
        pytest.param(NAME + b"\x08", "element header", id="a header of one byte"),
        pytest.param(OPEN + NAME, "element header|reaches beyond", id="no end at all"),
        pytest.param(OPEN + NAME + ITEM_END + bytes(4), "reaches beyond", id="no end of the sequence"),
    ],
)
def test_a_length_that_lies_is_truncated(buffer: bytes, message: str) -> None:
    with pytest.raises(Truncated, match=message):
        walk(buffer, 0, EXPLICIT_LITTLE)


@pytest.mark.parametrize(
    "buffer",
    [
        pytest.param(NAME + ITEM_END + bytes(4), id="the end of an item, without one"),
        pytest.param(NAME + SEQUENCE_END + bytes(4), id="the end of a sequence, without one"),
        pytest.param(NAME + item(NAME), id="an item, without a sequence"),
        pytest.param(SEQUENCE + UNDEFINED + NAME + CLOSE, id="an element between items"),
        pytest.param(OPEN + SEQUENCE_END + bytes(4) + CLOSE, id="the end of a sequence inside an item"),
        pytest.param(sequence(item(NAME + ITEM_END + bytes(4))), id="an end of an item with a length"),
        pytest.param(b"\xe0\x7f\x10\x00OB\0\0" + UNDEFINED + NAME, id="an element between fragments"),
        pytest.param(
            b"\xe0\x7f\x10\x00OB\0\0" + UNDEFINED + ITEM + UNDEFINED, id="a fragment without length"
        ),
    ],
)
def test_a_delimiter_where_none_belongs_is_malformed(buffer: bytes) -> None:
    with pytest.raises(Malformed, match="at byte"):
        walk(buffer, 0, EXPLICIT_LITTLE)


def test_what_was_read_before_the_malformed_place_is_told() -> None:
    with pytest.raises(Malformed) as caught:
        walk(NAME + sequence(item(NAME)[:-1]), 0, EXPLICIT_LITTLE)

    assert [element.tag for element in caught.value.read][:1] == [0x00100010]


def test_zeros_with_something_behind_them_are_malformed() -> None:
    with pytest.raises(Malformed, match="zeros at byte 12"):
        walk(NAME + bytes(1_000_000) + NAME, 0, EXPLICIT_LITTLE)


def test_fragments_in_big_endian_are_malformed() -> None:
    buffer = b"\x7f\xe0\x00\x10OB\0\0" + UNDEFINED + b"\xff\xfe\xe0\xdd" + bytes(4)

    with pytest.raises(Malformed, match="big endian"):
        walk(buffer, 0, EXPLICIT_BIG)


BUFFERS = [encoded(image_with_sequences(), transfer_syntax) for transfer_syntax in ENCODINGS] + [
    encoded(encapsulated([[b"ab", b"cd"]]))
]


@settings(max_examples=300)
@given(st.binary(max_size=200), st.sampled_from(list(ENCODINGS.values())))
def test_arbitrary_bytes_are_elements_or_malformed(buffer: bytes, encoding: Encoding) -> None:
    try:
        elements = walk(buffer, 0, encoding)
    except Malformed:
        return
    assert all(0 <= element.offset <= len(buffer) for element in elements)


@settings(max_examples=500)
@given(st.data(), st.sampled_from(BUFFERS), st.sampled_from(list(ENCODINGS.values())))
def test_a_damaged_data_set_is_read_or_malformed(
    data: st.DataObject, buffer: bytes, encoding: Encoding
) -> None:
    damaged = bytearray(buffer)
    for place in data.draw(st.lists(st.integers(0, len(buffer) - 1), max_size=4)):
        damaged[place] = data.draw(st.sampled_from([0, 1, 0xFE, 0xFF, 0xE0, 0x41]))

    try:
        elements = walk(bytes(damaged), 0, encoding)
    except Malformed:
        return
    assert all(
        element.items is not None or element.offset + element.length <= len(damaged) for element in elements
    )
