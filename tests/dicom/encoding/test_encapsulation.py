"""Frames become encapsulated Pixel Data whose offset tables the service itself understands."""

import struct
from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.encaps import generate_frames

from service.dicom.encoding.elements import Malformed
from service.dicom.encoding.encapsulation import encapsulated
from service.dicom.encoding.explicit import Value
from tests.builders import JPEG_2000, data_set, encoded, file_head
from tests.dicom.parsed import parse

STREAMS = b"one", b"three3", b"second."


def of(*streams: bytes) -> bytes:
    places, offset = [], 0
    for stream in streams:
        places.append(Value(offset, len(stream), 1))
        offset += len(stream)
    buffer = b"".join(streams)
    pieces = encapsulated(places)
    return b"".join(
        buffer[stream.offset : stream.offset + stream.length] if isinstance(stream, Value) else stream
        for stream in pieces
    )


def test_frames_lie_in_a_fragment_each_padded_to_an_even_length() -> None:
    image = data_set("1.2.3", NumberOfFrames=3)
    file = file_head(image, JPEG_2000) + encoded(image) + of(*STREAMS)

    frames = parse(file).frames

    assert frames is not None
    contents = [frames.frame(number, file[slice(*_run(frames.span(number)))]) for number in (1, 2, 3)]
    assert contents == [b"one\0", b"three3", b"second.\0"]


def _run(span: tuple[int, int]) -> tuple[int, int]:
    return span[0], sum(span)


def test_pydicom_finds_the_same_frames() -> None:
    image = data_set("1.2.3", NumberOfFrames=3)

    read = dcmread(BytesIO(file_head(image, JPEG_2000) + encoded(image) + of(*STREAMS)))

    assert list(generate_frames(read.PixelData, number_of_frames=3)) == [b"one\0", b"three3", b"second.\0"]


def test_offsets_beyond_32_bits_are_in_the_extended_table() -> None:
    frames = [Value(0, 2**31 - 1, 1), Value(0, 2**31, 1), Value(0, 5, 1)]

    offsets, lengths, pixel_data, *_ = encapsulated(frames)

    assert isinstance(offsets, bytes)
    assert isinstance(lengths, bytes)
    assert offsets.startswith(b"\xe0\x7f\1\0OV")
    assert struct.unpack("<3Q", offsets[12:]) == (0, 2**31 + 8, 2**32 + 16)
    assert struct.unpack("<3Q", lengths[12:]) == (2**31, 2**31, 6)
    assert pixel_data == b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\0\0\0\0"


def test_a_frame_longer_than_a_fragment_is_refused() -> None:
    with pytest.raises(Malformed, match="4294967294"):
        list(encapsulated([Value(0, 2**32 - 1, 1)]))
