import struct

import imagecodecs
import numpy as np
import pytest

from service.errors import UndecodableFrame
from service.pixels.codecs.decode import decoded
from service.transfer_syntaxes import RLE_LOSSLESS
from tests.pixels.images import described


def rle(*planes: bytes, offsets: list[int] | None = None) -> bytes:
    """Return an RLE frame of byte planes, each padded to an even length. PS3.5 G.5."""
    segments = [bytes(imagecodecs.packbits_encode(plane)) for plane in planes]
    segments = [segment + bytes(len(segment) % 2) for segment in segments]
    starts = [64 + sum(map(len, segments[:index])) for index in range(len(segments))]
    header = [len(planes), *(offsets or starts)]
    return struct.pack("<16L", *header, *[0] * (16 - len(header))) + b"".join(segments)


@pytest.mark.parametrize("allocated", [8, 16, 32])
@pytest.mark.parametrize("signed", [0, 1])
def test_byte_planes_become_samples_the_most_significant_first(allocated: int, signed: int) -> None:
    size = allocated // 8
    values = np.random.default_rng(3).integers(0, 2**allocated, (5, 7)).astype(f">u{size}")
    planes = values.reshape(-1, 1).view(np.uint8)

    frame = rle(*(planes[:, index].tobytes() for index in range(size)))
    result = decoded(
        frame, RLE_LOSSLESS, described(rows=5, columns=7, allocated=allocated, signed=signed)
    ).values

    np.testing.assert_array_equal(result, values.astype(f"{'iu'[not signed]}{size}"))


def test_colour_is_coded_by_planes_whatever_the_planar_configuration() -> None:
    red, green, blue = bytes(range(6)), bytes(range(10, 16)), bytes(range(20, 26))
    description = described(rows=2, columns=3, samples=3, photometric="RGB", allocated=8, planar=0)

    result = decoded(rle(red, green, blue), RLE_LOSSLESS, description)

    assert result.values[1, 2].tolist() == [5, 15, 25]


def test_single_bits_are_coded_by_the_byte() -> None:
    bits = np.random.default_rng(3).integers(0, 2, (9, 5)).astype(np.uint8)

    frame = rle(np.packbits(bits, bitorder="little").tobytes())
    result = decoded(frame, RLE_LOSSLESS, described(rows=9, columns=5, allocated=1))

    np.testing.assert_array_equal(result.values, bits)


def test_what_an_encoder_added_to_a_plane_is_cut_off() -> None:
    result = decoded(rle(bytes([7, 8, 9, 10, 0])), RLE_LOSSLESS, described(allocated=8))

    assert result.values.tolist() == [[7, 8], [9, 10]]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        pytest.param(b"\1\0\0\0", "4 bytes: expected a header of 64", id="a cut header"),
        pytest.param(rle(bytes(4)), "1 segments: expected 2", id="a plane is missing"),
        pytest.param(rle(bytes(4), bytes(4), bytes(4)), "3 segments: expected 2", id="too many"),
        pytest.param(rle(bytes(4), bytes(4), offsets=[66, 64]), "not in order", id="backwards"),
        pytest.param(rle(bytes(4), bytes(4), offsets=[64, 2**32 - 1]), "not in order", id="beyond the end"),
        pytest.param(rle(bytes(4), bytes(3)), "3 bytes: expected 4", id="a short plane"),
        pytest.param(rle(bytes(4), bytes(4))[:-2], "0 bytes: expected 4", id="a cut plane"),
        pytest.param(rle(bytes(4), bytes(9000)), "cannot be decoded", id="a plane without end"),
    ],
)
def test_a_frame_that_is_not_as_described_is_refused(frame: bytes, message: str) -> None:
    with pytest.raises(UndecodableFrame, match=message):
        decoded(frame, RLE_LOSSLESS, described())
