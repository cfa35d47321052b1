import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.dicom.frames import EncapsulatedFrames, FrameTable, NativeFrames, from_row, to_row
from service.errors import FrameNotFound
from tests.builders import item


def frame(table: FrameTable, buffer: bytes, number: int) -> bytes:
    span = table.span(number)
    return table.frame(number, buffer[span.offset : span.offset + span.length])


def encapsulated(*boundaries: int) -> EncapsulatedFrames:
    return EncapsulatedFrames(np.array(boundaries, np.uint64))


def test_native_frames_lie_one_after_another() -> None:
    frames = NativeFrames(offset=100, frame_bits=8 * 6, number_of_frames=3)

    assert [frames.span(number) for number in (1, 2, 3)] == [(100, 6), (106, 6), (112, 6)]
    assert frame(frames, bytes(100) + b"frame1frame2frame3", 2) == b"frame2"


@pytest.mark.parametrize("number", [-1, 0, 4, 2**63])
@pytest.mark.parametrize("frames", [NativeFrames(0, 8, 3), encapsulated(0, 10, 20, 30)])
def test_a_frame_that_is_not_there_is_not_found(frames: FrameTable, number: int) -> None:
    with pytest.raises(FrameNotFound, match=f"no frame {number}: the instance has 3"):
        frames.span(number)


@given(st.data(), st.integers(1, 40), st.integers(1, 5), st.sampled_from([1, 2]))
def test_a_frame_of_single_bits_begins_at_bit_0(
    data: st.DataObject, bits: int, count: int, word: int
) -> None:
    pixels = np.array(data.draw(st.lists(st.integers(0, 1), min_size=bits * count, max_size=bits * count)))
    packed = np.packbits(pixels, bitorder="little").tobytes()
    packed += bytes(-len(packed) % 2)
    stored = packed if word == 1 else np.frombuffer(packed, "<u2").byteswap().tobytes()
    frames = NativeFrames(3, bits, count, word)

    for number in range(1, count + 1):
        expected = np.packbits(pixels[(number - 1) * bits : number * bits], bitorder="little").tobytes()
        assert frame(frames, b"abc" + stored, number) == expected


@given(st.integers(1, 9), st.integers(1, 4), st.sampled_from([2, 4, 8]))
def test_big_endian_frames_come_in_little_endian(size: int, count: int, word: int) -> None:
    value = bytes(number % 256 for number in range(size * count))
    padded = value + bytes(-len(value) % word)
    stored = np.frombuffer(padded, f"<u{word}").byteswap().tobytes()
    frames = NativeFrames(5, 8 * size, count, word)

    assert b"".join(frame(frames, b"12345" + stored, number) for number in range(1, count + 1)) == value


@pytest.mark.parametrize(
    "fragments",
    [
        pytest.param([b"stream"], id="one fragment"),
        pytest.param([b"st", b"re", b"am"], id="several"),
        pytest.param([b"stream", b""], id="an empty one at the end"),
    ],
)
def test_an_encapsulated_frame_is_its_fragments_joined(fragments: list[bytes]) -> None:
    run = b"".join(map(item, fragments))

    assert frame(encapsulated(4, 4 + len(run)), b"head" + run, 1) == b"stream"


def test_a_run_of_fragments_that_lies_gives_no_more_than_is_there() -> None:
    run = item(b"ab") + b"\xfe\xff\x00\xe0" + struct.pack("<L", 1000) + b"cd"

    assert frame(encapsulated(0, len(run)), run, 1) == b"abcd"


def test_boundaries_are_the_frames_and_one_more() -> None:
    frames = encapsulated(10, 30, 70)

    assert frames.number_of_frames == 2
    assert [frames.span(1), frames.span(2)] == [(10, 20), (30, 40)]


@given(st.builds(NativeFrames, *[st.integers(0, 2**80)] * 3, st.sampled_from([1, 2, 4, 8])))
def test_native_frames_come_back_from_their_row(frames: NativeFrames) -> None:
    assert from_row(*to_row(frames)) == frames


@given(st.lists(st.integers(0, 2**63), min_size=1, max_size=20, unique=True).map(sorted))
def test_encapsulated_frames_come_back_from_their_row(boundaries: list[int]) -> None:
    frames = from_row(*to_row(encapsulated(*boundaries)))

    assert isinstance(frames, EncapsulatedFrames)
    assert frames.boundaries.tolist() == boundaries
