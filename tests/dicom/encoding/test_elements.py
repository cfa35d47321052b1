import mmap
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from service.dicom.encoding.elements import EXPLICIT_LITTLE, IMPLICIT_LITTLE, MAX_DEPTH, Element
from service.dicom.encoding.group import walk_group
from service.dicom.encoding.part10 import read_file_meta
from service.dicom.encoding.walk import DistantElements, walk
from service.dicom.json.writer import JsonModel
from service.json_text import dumped
from tests.builders import code_stream, encapsulated, encoded, item
from tests.dicom.packaged import READABLE, reference
from tests.dicom.sequences import (
    CLOSE,
    ENCODINGS,
    ITEM,
    NAME,
    SEQUENCE_END,
    UNDEFINED,
    image_with_sequences,
    nested,
    nested_with_lengths,
    sequence,
    undefined_item,
)


def tags(elements: Iterable[Element]) -> list[Any]:
    """Return the tags, each with those of its items; ascending, the last of two alike."""
    by_tag = {element.tag: [tags(part.elements) for part in element.items or []] for element in elements}
    return sorted(by_tag.items())


def tags_by_pydicom(instance: Dataset) -> list[Any]:
    return [
        (int(element.tag), [tags_by_pydicom(part) for part in element.value] if element.VR == "SQ" else [])
        for element in instance
    ]


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_the_elements_of_a_file_are_those_that_pydicom_finds(path: Path) -> None:
    file = path.read_bytes()
    meta = read_file_meta(file)

    elements = walk(file, meta.dataset_offset, meta.encoding)

    expected = reference(path)
    assert tags(elements) == tags_by_pydicom(expected)
    assert {element.tag: element.offset for element in elements} == {
        int(element.tag): element.file_tell for element in expected
    }


@pytest.mark.parametrize("transfer_syntax", ENCODINGS)
def test_each_value_is_where_the_element_says(transfer_syntax: str) -> None:
    buffer = encoded(image_with_sequences(), transfer_syntax)

    by_tag = {element.tag: element for element in walk(buffer, 0, ENCODINGS[transfer_syntax])}

    name = by_tag[0x00100010]
    assert buffer[name.offset : name.offset + name.length] == b"Doe^Jane"
    [request] = by_tag[0x00400275].items or []
    [code, empty] = next(element.items or [] for element in request.elements if element.tag == 0x00400008)
    [value, *_] = code.elements
    assert buffer[value.offset :][: value.length] == b"A1"
    assert empty.elements == []
    assert by_tag[0x00081110].items == []


@pytest.mark.parametrize("make", [nested, nested_with_lengths])
def test_sequences_may_be_nested_up_to_the_bound(make: Any) -> None:
    elements: Iterable[Element] = walk(make(MAX_DEPTH), 0, EXPLICIT_LITTLE)

    for _ in range(MAX_DEPTH):
        [sequence] = elements
        [only] = sequence.items or []
        elements = only.elements
    assert [element.tag for element in elements] == [0x00100010]


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_items_are_walked_again_when_there_was_too_much_to_remember(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = path.read_bytes()
    meta = read_file_meta(file)
    monkeypatch.setattr("service.dicom.encoding.walk._REMEMBERED", 5)

    elements = walk(file, meta.dataset_offset, meta.encoding)

    assert tags(elements) == tags_by_pydicom(reference(path))
    model = JsonModel(file)
    text = dumped(model.convert(elements, meta.encoding))
    monkeypatch.undo()
    remembered = walk(file, meta.dataset_offset, meta.encoding)
    assert text == dumped(JsonModel(file).convert(remembered, meta.encoding))


@pytest.mark.parametrize("item_of", [item, undefined_item], ids=["with a length", "with a delimiter"])
def test_many_items_are_forgotten_and_read_again(item_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.dicom.encoding.walk._REMEMBERED", 5)
    monkeypatch.setattr("service.dicom.encoding.walk.MAX_ELEMENTS", 60)

    [element] = walk(sequence(item_of(NAME + NAME) * 50), 0, EXPLICIT_LITTLE)

    assert [[inner.tag for inner in part.elements] for part in element.items or []] == [[0x00100010] * 2] * 50


def test_a_forgotten_item_is_read_again_once_however_deep_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.dicom.encoding.walk._REMEMBERED", 5)
    inner = sequence(item(NAME) * 20)

    [element] = walk(sequence(item(sequence(item(inner) + item(b""))) + item(b"")), 0, EXPLICIT_LITTLE)

    first, _ = element.items or []
    [outer] = first.elements
    [middle, _] = outer.items or []
    assert isinstance(first.elements, DistantElements)
    assert isinstance(middle.elements, list)


def test_zeros_after_the_last_element_are_padding() -> None:
    assert len(walk(NAME + bytes(100_001), 0, EXPLICIT_LITTLE)) == 1


def test_a_sequence_of_vr_un_and_undefined_length_is_implicit_vr_inside() -> None:
    buffer = b"\x09\x00\x10\x10UN\0\0" + UNDEFINED + item(b"\x10\0\x10\0\x04\0\0\0A^B ") + CLOSE[8:]

    [elements] = walk(buffer, 0, EXPLICIT_LITTLE)

    [only] = elements.items or []
    assert elements.vr == "SQ"
    assert only.encoding == IMPLICIT_LITTLE
    assert only.elements == [Element(0x00100010, "", 28, 4)]


def test_items_in_implicit_vr_inside_an_explicit_data_set_are_read() -> None:
    [elements] = walk(sequence(item(b"\x10\0\x10\0\x04\0\0\0A^B ")), 0, EXPLICIT_LITTLE)

    [only] = elements.items or []
    assert only.elements == [Element(0x00100010, "", 28, 4)]


def test_a_vr_nobody_knows_is_un_with_a_long_header() -> None:
    buffer = b"\x10\x00\x10\x00ZZ\0\0\x04\0\0\0A^B " + NAME

    assert [(element.vr, element.length) for element in walk(buffer, 0, EXPLICIT_LITTLE)] == [
        ("UN", 4),
        ("PN", 4),
    ]


@pytest.mark.parametrize("vr", [b"??", b"--", b"  ", b"xx", b"\0\0"])
def test_what_is_no_vr_has_a_length_of_two_bytes_and_the_vr_of_the_dictionary(vr: bytes) -> None:
    buffer = NAME + b"\x10\x00\x20\x00" + vr + b"\x02\0ID" + NAME

    assert [element[:4] for element in walk(buffer, 0, EXPLICIT_LITTLE)] == [
        (0x00100010, "PN", 8, 4),
        (0x00100020, "", 20, 2),
        (0x00100010, "PN", 30, 4),
    ]


@pytest.mark.parametrize("vr", [b"??", b"--", b"  "])
def test_an_item_that_begins_with_what_is_no_vr_is_explicit_all_the_same(vr: bytes) -> None:
    [element] = walk(sequence(item(b"\x10\x00\x20\x00" + vr + b"\x02\0ID" + NAME)), 0, EXPLICIT_LITTLE)

    [part] = element.items or []
    assert part.encoding == EXPLICIT_LITTLE
    assert [(inner.vr, inner.length) for inner in part.elements] == [("", 2), ("PN", 4)]


def test_an_element_of_vr_un_is_a_sequence_only_if_items_are_inside() -> None:
    un = b"\x40\x00\x75\x02UN\0\0"
    buffer = un + b"\x08\0\0\0not item" + un + b"\x08\0\0\0" + item(b"")

    assert [element.vr for element in walk(buffer, 0, EXPLICIT_LITTLE)] == ["UN", "SQ"]


def test_fragments_are_found_with_the_offset_table_first() -> None:
    frames = [[code_stream(b"one"), b"more"], [code_stream(b"two")]]
    buffer = encoded(encapsulated(frames))

    pixels = walk(buffer, 0, EXPLICIT_LITTLE)[-1]

    table, *fragments = [
        buffer[element.offset : element.offset + element.length] for element in pixels.fragments or []
    ]
    assert table == struct.pack("<LL", 0, 8 + len(frames[0][0]) + 8 + 4)
    assert fragments == [frames[0][0], b"more", frames[1][0]]
    assert pixels.offset + pixels.length == len(buffer)


def test_the_leading_group_is_told_from_what_follows() -> None:
    buffer = b"\x02\x00\x10\x00UI\x02\x001\0" + NAME

    elements, position = walk_group(buffer, 0, 0x0002)

    assert [element.tag for element in elements] == [0x00020010]
    assert buffer[position:] == NAME


def test_fragments_of_a_file_of_more_than_4_gb_are_found(tmp_path: Path) -> None:
    length = 2**32 - 2
    head = b"\xe0\x7f\x10\x00OB\x00\x00" + UNDEFINED + item(b"") + ITEM + struct.pack("<L", length)
    with (tmp_path / "large").open("w+b") as file:
        file.write(head)
        file.seek(len(head) + length)  # a hole: nothing is written, and it reads as zeros
        file.write(item(b"last") + SEQUENCE_END + bytes(4))
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as buffer:
            (element,) = walk(buffer, 0, EXPLICIT_LITTLE)

    assert element.fragments is not None
    assert [fragment.length for fragment in element.fragments] == [0, length, 4]
