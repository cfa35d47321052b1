import numpy as np
import pytest

from service.errors import NotRenderable
from service.pixels.codecs.native import stored_values
from tests.pixels.images import described


@pytest.mark.parametrize(
    ("allocated", "signed", "kind"),
    [
        (8, 0, "u1"),
        (8, 1, "i1"),
        (16, 0, "<u2"),
        (16, 1, "<i2"),
        (32, 0, "<u4"),
        (32, 1, "<i4"),
        (64, 0, "<u8"),
    ],
)
def test_whole_cells_are_stored_values(allocated: int, signed: int, kind: str) -> None:
    values = np.array([[0, 1, 2], [3, 100, -1 if signed else 127]]).astype(kind)

    stored = stored_values(values.tobytes(), described(rows=2, columns=3, allocated=allocated, signed=signed))

    np.testing.assert_array_equal(stored, values)


@pytest.mark.parametrize("high", [11, 13, 15])
@pytest.mark.parametrize("signed", [0, 1])
def test_bits_outside_bits_stored_are_gone_and_the_sign_is_extended(high: int, signed: int) -> None:
    rng = np.random.default_rng(7)
    cells = rng.integers(0, 65536, (4, 4)).astype("<u2")

    stored = stored_values(cells.tobytes(), described(rows=4, columns=4, stored=12, high=high, signed=signed))

    low_bits = (cells.astype(int) >> (high - 11)) & 0xFFF
    expected = np.where((low_bits >= 2048) & bool(signed), low_bits - 4096, low_bits)
    np.testing.assert_array_equal(stored, expected)


@pytest.mark.parametrize(("high", "signed"), [(11, 0), (13, 0), (11, 1)])
def test_bytes_are_written_over_only_where_nobody_needs_them(high: int, signed: int) -> None:
    frame = bytearray(range(32))
    description = described(rows=4, columns=4, stored=12, high=high, signed=signed)

    kept = stored_values(frame, description)
    assert frame == bytes(range(32))
    in_place = stored_values(frame, description, may_overwrite=True)

    np.testing.assert_array_equal(in_place, kept)
    np.testing.assert_array_equal(in_place.view(np.uint8).reshape(-1), np.frombuffer(frame, np.uint8))
    np.testing.assert_array_equal(stored_values(bytes(range(32)), description, may_overwrite=True), kept)


def test_single_bits_come_lowest_first_and_do_not_stop_at_a_byte() -> None:
    description = described(rows=3, columns=3, allocated=1)

    stored = stored_values(bytes([0b00000101, 0b1]), description)

    assert stored.tolist() == [[1, 0, 1], [0, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize(("allocated", "kind"), [(32, "<f4"), (64, "<f8")])
def test_floating_point_pixels_are_taken_as_they_are(allocated: int, kind: str) -> None:
    values = np.array([[0.5, -1e30], [np.nan, np.inf]], kind)

    stored = stored_values(values.tobytes(), described(allocated=allocated, stored=None, signed=None))

    np.testing.assert_array_equal(stored, values)


@pytest.mark.parametrize("planar", [0, 1])
def test_colour_has_its_samples_last_whatever_the_planar_configuration(planar: int) -> None:
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    frame = np.moveaxis(pixels, -1, 0).tobytes() if planar else pixels.tobytes()
    description = described(rows=2, columns=3, samples=3, photometric="RGB", allocated=8, planar=planar)

    np.testing.assert_array_equal(stored_values(frame, description), pixels)


@pytest.mark.parametrize("photometric", ["YBR_FULL_422", "YBR_PARTIAL_422"])
def test_neighbours_share_their_chrominance(photometric: str) -> None:
    description = described(rows=1, columns=4, samples=3, photometric=photometric, allocated=8, planar=0)

    stored = stored_values(bytes([1, 2, 10, 20, 3, 4, 30, 40]), description)

    assert stored.tolist() == [[[1, 10, 20], [2, 10, 20], [3, 30, 40], [4, 30, 40]]]


def test_neighbours_come_in_pairs() -> None:
    description = described(rows=2, columns=3, samples=3, photometric="YBR_FULL_422", allocated=8)

    with pytest.raises(NotRenderable, match="3 columns of pairs: expected an even number"):
        stored_values(bytes(12), description)


def test_bytes_after_the_frame_are_padding() -> None:
    description = described(rows=3, columns=3, allocated=8)

    assert stored_values(bytes(range(10)), description).tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_a_frame_may_be_a_view_of_other_memory() -> None:
    frame = memoryview(b"before" + bytes([1, 0, 2, 0, 3, 0, 4, 0]))[6:]

    assert stored_values(frame, described()).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("size", [0, 1, 7])
def test_too_few_bytes_are_refused(size: int) -> None:
    with pytest.raises(NotRenderable, match=f"{size} bytes: expected 8"):
        stored_values(bytes(size), described())


def test_a_huge_claim_is_refused_before_anything_is_allocated() -> None:
    with pytest.raises(NotRenderable, match="expected 34358689800"):
        stored_values(bytes(10), described(rows=65535, columns=65535, allocated=64))
