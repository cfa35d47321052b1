"""A file is read by the pattern of its series as if it were alone."""

import tracemalloc
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from service.dicom import frames
from service.dicom.encoding.part10 import read_file_meta
from service.dicom.instance import ParsedInstance
from service.dicom.patterns import series
from service.dicom.patterns.series import Alike, read_alike
from service.errors import Refusal
from service.json_text import dumped
from tests.builders import (
    EXPLICIT,
    IMPLICIT,
    ct_image,
    data_set,
    element,
    encapsulated,
    encoded,
    file_head,
    image,
    part10,
)
from tests.dicom.parsed import parse

TABLE = 0x00281201  # Red Palette Color Lookup Table Data


@pytest.fixture(autouse=True)
def unknown_series(monkeypatch: pytest.MonkeyPatch) -> None:
    forget(monkeypatch)


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "_patterns", {})


def slices(number: int, uid: str = "1.2") -> Iterator[Dataset]:
    """Yield slices of a series that differ as slices do, and in what they refer to and leave out."""
    for index in range(number):
        referenced = Dataset()
        referenced.ReferencedSOPInstanceUID = f"1.9.{index % 3}"
        slice_ = ct_image(
            f"{uid}.{index + 3}",
            SpecificCharacterSet="ISO_IR 100",
            InstanceNumber=index + 1,
            ContentTime=f"1015{index:02}.5",
            ImagePositionPatient=[-120.5, 3, index * -1.25],
            ImageComments="Ünfug" if index % 2 else "",
            SourceImageSequence=[referenced] * (index % 3),
            IconImageSequence=[image(np.full((64, 64), index, np.uint8))],
        )
        slice_.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(
            0x0C, "UN", b"%04d" % index
        )  # B_value, an IS
        ours = slice_.private_block(0x0029, "OURS", create=True)
        ours.add_new(1, "OB", bytes([index]) * 2000)
        ours.add_new(2, "OB", bytes(2000))
        yield slice_


def alike(file: bytes) -> Alike | None:
    meta = read_file_meta(file)
    return read_alike(file, meta.dataset_offset, meta.encoding)


def told(parsed: ParsedInstance) -> Sequence[Any]:
    """Return everything that is told of an instance."""
    image = parsed.image and dumped(parsed.image)
    table = frames.to_row(parsed.frames) if parsed.frames else None
    uids, flags = (parsed.uids, parsed.sop_class_uid), (parsed.transfer_syntax, parsed.conformant)
    return uids, flags, dumped(parsed.metadata), parsed.bulkdata, image, table, parsed.warning


def read(file: bytes) -> Sequence[Any]:
    """Return what is told of a file, or why it is refused."""
    try:
        return told(parse(file))
    except Refusal as refusal:
        return refusal.message, refusal.reason, refusal.sop_class_uid, refusal.sop_instance_uid


def assert_read_as_if_alone(files: Sequence[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the last of the files is read after the others as it is when nothing came before it."""
    for file in files[:-1]:
        parse(file)
    after_others = read(files[-1])
    forget(monkeypatch)
    assert after_others == read(files[-1])


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
def test_most_of_a_slice_is_known_from_those_before_it(transfer_syntax: str) -> None:
    *before, last = (part10(slice_, transfer_syntax) for slice_ in slices(6))
    for file in before:
        parse(file)

    found = alike(last)

    assert found is not None
    assert {"00100010", "00200010", "00281050"} & found.known.keys() == {"00100010", "00281050"}
    assert {f"{element.tag:08X}" for element in found.elements} >= {"00200013", "00200032", "7FE00010"}
    assert 0x00100010 not in {element.tag for element in found.elements}


def test_a_series_begins_with_what_is_open_in_one_like_it(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = ([part10(slice_) for slice_ in slices(6, uid)] for uid in ("1.2", "1.3"))
    for file in (*one, other[0]):
        parse(file)

    assert all(map(alike, other[1:]))
    assert_read_as_if_alone([*one, *other[:2]], monkeypatch)


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("number", range(2, 9))
def test_a_slice_is_read_as_if_it_were_alone(
    number: int, transfer_syntax: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [part10(slice_, transfer_syntax) for slice_ in slices(number)]

    assert_read_as_if_alone(files, monkeypatch)


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 2500), st.integers(0, 2), st.sampled_from((b"", b"\0", b"7", b"A", b"\\", b"\xff"))
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES, size=st.none() | st.integers(300, 9000))
def test_a_file_with_any_bytes_changed_is_read_or_refused_as_if_it_were_alone(
    transfer_syntax: str, changes: Sequence[tuple[int, int, bytes]], size: int | None
) -> None:
    *before, last = (part10(slice_, transfer_syntax) for slice_ in slices(5))
    changed = bytearray(last)
    for place, length, content in changes:
        start = read_file_meta(last).dataset_offset + place
        changed[start : start + length] = content

    with pytest.MonkeyPatch.context() as patch:
        forget(patch)
        assert_read_as_if_alone([*before, bytes(changed[:size])], patch)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"SpecificCharacterSet": "ISO_IR 144"}, id="text"),
        pytest.param({"PixelRepresentation": 1}, id="sign"),
    ],
)
@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
def test_what_decides_the_meaning_of_others_does_so_in_each_file(
    changed: dict[str, Any], transfer_syntax: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def file(number: int, values: dict[str, Any]) -> bytes:
        defaults = {"SpecificCharacterSet": "ISO_IR 100", "InstanceNumber": number}
        slice_ = ct_image(f"1.2.{number}", **defaults | values)
        slice_.add_new("PixelPaddingValue", "US", 0xFFFF)
        return part10(slice_, transfer_syntax).replace(b"Doe^Jane", b"D\xe4e^Jane")

    files = [file(number, {}) for number in range(3, 7)]

    assert_read_as_if_alone([*files, file(7, changed)], monkeypatch)
    assert_read_as_if_alone([*files, file(7, changed), file(8, changed)], monkeypatch)
    assert_read_as_if_alone([*files, file(7, changed), file(8, changed), file(9, {})], monkeypatch)


@pytest.mark.parametrize("value", [b"1000", None])
@pytest.mark.parametrize(
    ("vr", "creator", "last_vr", "last_creator"),
    [
        ("UN", "SIEMENS MR HEADER", "UN", "SIEMENS MR HEADER"),
        ("UN", "SIEMENS MR HEADER", "UN", "SOMEBODY'S HEADER"),
        ("IS", "SIEMENS MR HEADER", "UN", "SIEMENS MR HEADER"),
        ("", "SIEMENS MR HEADER", "UN", "SIEMENS MR HEADER"),
    ],
)
def test_a_private_block_means_what_its_creator_says_in_each_file(
    vr: str,
    creator: str,
    last_vr: str,
    last_creator: str,
    value: bytes | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def file(number: int, creator: str, vr: str) -> bytes:
        slice_ = ct_image(f"1.2.{number}")
        block = slice_.private_block(0x0051, creator, create=True)
        if vr:
            block.add_new(0x09, vr, value or b"%04d" % number)
        return part10(slice_)

    files = [file(number, creator, vr) for number in range(3, 7)]

    assert_read_as_if_alone([*files, file(7, last_creator, last_vr)], monkeypatch)


def test_a_creator_that_is_left_out_as_it_is_long_says_what_the_block_means(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def file(number: int, creator: bytes) -> bytes:
        slice_ = ct_image(f"1.2.{number}")
        slice_.add_new(0x00190010, "OB", creator.ljust(2000, b" "))
        slice_.add_new(0x0019100C, "UN", b"1000")
        return part10(slice_)

    files = [file(number, b"SIEMENS MR HEADER") for number in range(3, 7)]

    assert_read_as_if_alone([*files, file(7, b"SOMEBODY'S HEADER")], monkeypatch)


def test_what_stands_in_no_order_is_told_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def file(number: int) -> bytes:
        instance = data_set(f"1.2.{number}", InstanceNumber=number)
        return file_head(instance) + encoded(instance) + element(0x00100020, "LO", b"P1")

    assert_read_as_if_alone([file(number) for number in range(3, 8)], monkeypatch)


def test_what_is_left_out_lies_where_each_file_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [part10(slice_) for slice_ in slices(6)]
    for file in files:
        parse(file)

    parsed = parse(files[4])

    place = parsed.bulkdata["00291001"]
    assert files[4][place.offset : place.offset + place.length] == bytes([4]) * 2000
    assert parsed.metadata["00291001"]["BulkDataURI"].endswith("/instances/1.2.7/bulkdata/00291001")
    icon = parsed.metadata["00880200"]["Value"][0]["7FE00010"]
    assert icon["BulkDataURI"].endswith("/instances/1.2.7/bulkdata/00880200/1/7FE00010")


def test_a_table_that_has_become_long_does_not_cost_rendering_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def file(number: int, entries: int) -> bytes:
        slice_ = ct_image(f"1.2.{number}")
        slice_.add_new(TABLE, "OW", np.arange(number, number + entries, dtype="<u2").tobytes())
        return part10(slice_)

    files = [file(number, 16) for number in range(3, 6)]

    assert_read_as_if_alone([*files, file(6, 2048)], monkeypatch)


def test_frames_in_fragments_are_found_in_each_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def file(number: int) -> bytes:
        streams = [[b"\xff\x4f\xff\x51" + bytes(2 * frame)] for frame in range(1, number)]
        return part10(encapsulated(streams, uid=f"1.2.{number}"), "1.2.840.10008.1.2.4.90")

    assert_read_as_if_alone([file(number) for number in range(3, 9)], monkeypatch)


def test_files_of_a_series_need_not_have_the_same_elements(monkeypatch: pytest.MonkeyPatch) -> None:
    def file(number: int) -> bytes:
        return part10(ct_image(f"1.2.{number}", **({"TriggerTime": number} if number % 2 else {})))

    files = [file(number) for number in range(3, 10)]

    assert_read_as_if_alone(files, monkeypatch)
    for one in files:
        parse(one)
    assert alike(files[-1])
    assert alike(files[-2])


def test_series_may_come_all_at_once() -> None:
    files = [part10(slice_) for number in range(1, 7) for slice_ in slices(10, f"1.{number}")]
    alone = {file: read(file) for file in files}

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(read, files)) == [alone[file] for file in files]


def test_few_series_are_remembered() -> None:
    first, *others = ([part10(slice_) for slice_ in slices(3, f"1.{number}")] for number in range(1, 20))
    for file in first:
        parse(file)
    assert alike(first[0])

    for files in others:
        for file in files:
            parse(file)

    assert not alike(first[0])
    assert alike(others[-1][0])


def test_nothing_is_remembered_of_files_with_much_before_their_pixels() -> None:
    comments = "".join(f"line {number:04}\r\n" for number in range(800))
    for number in range(3, 7):
        parse(file := part10(ct_image(f"1.2.{number}", ImageComments=comments, TextComments=comments)))

    assert not alike(file)


def test_nothing_is_remembered_of_what_stands_behind_the_pixels() -> None:
    def file(number: int) -> bytes:
        slice_ = ct_image(f"1.{number}.3")
        block = slice_.private_block(0x7FE1, "OURS", create=True)
        for number_in_block in range(20):
            block.add_new(number_in_block, "UT", f"{number:04}" * 15000)
        return part10(slice_)

    files = [file(number) for number in range(1, 17)]
    tracemalloc.start()
    try:
        for one in files:
            parse(one)
        remembered, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert remembered < len(files) * 200_000
