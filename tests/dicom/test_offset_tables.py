import struct
from collections.abc import Callable

import pytest

from tests.builders import JPEG_2000, data_set, encapsulated, item, part10
from tests.dicom.frame_tables import HALVES, STREAMS, frames_of

RLE = "1.2.840.10008.1.2.5"


def with_table(frames: list[list[bytes]], entries: bytes, number: int | None = None) -> bytes:
    """Return the file of an image whose Basic Offset Table says what it likes."""
    instance = encapsulated(frames, "empty")
    instance.PixelData = item(entries) + instance.PixelData[8:]
    instance.NumberOfFrames = len(frames) if number is None else number
    return part10(instance, JPEG_2000)


def offsets(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}L", *values)


@pytest.mark.parametrize("kind", ["empty", "basic", "extended"])
def test_one_fragment_a_frame_is_found_with_every_offset_table(kind: str) -> None:
    file = part10(encapsulated([[stream] for stream in STREAMS], kind), JPEG_2000)

    assert frames_of(file) == STREAMS


@pytest.mark.parametrize("kind", ["empty", "basic"])
def test_several_fragments_a_frame_are_found_with_every_offset_table(kind: str) -> None:
    assert frames_of(part10(encapsulated(HALVES, kind), JPEG_2000)) == STREAMS


def test_all_fragments_are_the_only_frame() -> None:
    instance = encapsulated([[b"anyt", b"hing", b""]], "empty")
    del instance.NumberOfFrames

    assert frames_of(part10(instance, JPEG_2000)) == [b"anything"]


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param(offsets(0, 1, 2), id="between fragments"),
        pytest.param(offsets(0, 0, 0), id="the same three times"),
        pytest.param(offsets(0, 2**32 - 1, 2**32 - 2), id="beyond the end"),
        pytest.param(offsets(36, 14, 0), id="descending"),
        pytest.param(offsets(14, 36, 60), id="not from the first fragment on"),
        pytest.param(offsets(0, 14), id="too few"),
        pytest.param(offsets(0, 14, 36, 60, 80), id="too many"),
        pytest.param(b"\0\0", id="less than one entry"),
    ],
)
@pytest.mark.parametrize("frames", [HALVES, [[stream] for stream in STREAMS]], ids=["halves", "whole"])
def test_an_offset_table_that_lies_is_not_believed(frames: list[list[bytes]], entries: bytes) -> None:
    assert frames_of(with_table(frames, entries)) == STREAMS


@pytest.mark.parametrize(
    "value", [b"", bytes(4), bytes(8), bytes(24), b"\xff" * 24, struct.pack("<QQQ", 0, 1, 2)]
)
def test_an_extended_offset_table_that_lies_is_not_believed(value: bytes) -> None:
    instance = encapsulated([[stream] for stream in STREAMS], "extended")
    instance.ExtendedOffsetTable = value

    assert frames_of(part10(instance, JPEG_2000)) == STREAMS


def test_an_extended_offset_table_that_is_a_sequence_is_not_believed() -> None:
    instance = encapsulated([[stream] for stream in STREAMS], "basic")
    instance.add_new("ExtendedOffsetTable", "SQ", [data_set()])

    assert frames_of(part10(instance, JPEG_2000)) == STREAMS


@pytest.mark.parametrize("number", [2, 4, 7, 2**40])
def test_frames_that_cannot_be_told_apart_are_none(number: int) -> None:
    assert frames_of(with_table([[b"ab", b"cd"], [b"ef"]], b"", number)) == []


@pytest.mark.parametrize("number", [1, 2, 4, 5, 7, 2**40])
@pytest.mark.parametrize(
    "file",
    [
        pytest.param(lambda number: with_table(HALVES, b"", number), id="by streams"),
        pytest.param(lambda number: with_table(HALVES, offsets(0, 26, 54), number), id="by a table"),
        pytest.param(lambda number: with_table([[s] for s in STREAMS], b"", number), id="by fragments"),
    ],
)
def test_frames_that_can_be_told_apart_are_there_whatever_number_is_stated(
    file: Callable[[int], bytes], number: int
) -> None:
    assert frames_of(file(number)) == STREAMS


@pytest.mark.parametrize("number", [2, 5])
def test_a_table_delimits_frames_that_do_not_begin_as_any_stream(number: int) -> None:
    frames = [[b"ab", b"cd"], [b"ef"], [b"gh"]]

    assert frames_of(with_table(frames, offsets(0, 20, 30), number)) == [b"abcd", b"ef", b"gh"]


@pytest.mark.parametrize("number", [1, 2, 5])
def test_each_rle_coded_frame_begins_with_its_header(number: int) -> None:
    frames = [struct.pack("<16L", 1, 64, *[0] * 14) + bytes([n, n]) for n in (1, 2, 3)]
    instance = encapsulated([[frame] for frame in frames], "empty")
    instance.NumberOfFrames = number

    assert frames_of(part10(instance, RLE)) == frames


def test_an_rle_coded_frame_in_two_fragments_is_one_frame() -> None:
    frame = struct.pack("<16L", 1, 64, *[0] * 14) + b"ab"
    instance = encapsulated([[frame, b"cd"]], "empty")
    instance.NumberOfFrames = 1

    assert frames_of(part10(instance, RLE)) == [frame + b"cd"]


@pytest.mark.parametrize(
    "start", [b"\xff\xd8\xff", b"\xff\x0a", b"\0\0\0\x0cjP  \r\n", b"\0\0\0\x0cJXL \r\n"]
)
def test_frames_begin_where_code_streams_do(start: bytes) -> None:
    streams = [(start + bytes([number]) * 9).ljust(14, b"\0") for number in (1, 2)]

    assert frames_of(with_table([[stream[:12], stream[12:]] for stream in streams], b"")) == streams


def test_a_video_is_one_frame_whatever_their_number() -> None:
    instance = encapsulated(HALVES, "empty")

    assert frames_of(part10(instance, "1.2.840.10008.1.2.4.102")) == [b"".join(STREAMS)]


def test_fragments_that_are_none_have_no_frames() -> None:
    assert frames_of(with_table([], b"", 1)) == []
