import base64
from typing import Any

import numpy as np
import pytest

from service.errors import NotRenderable
from service.pixels.palette import expanded, palette_of

DISCRETE, LINEAR, INDIRECT = 0, 1, 2


def palette(descriptor: list[int], *tables: bytes, segmented: bool = False) -> dict[str, Any]:
    """Return DICOM JSON of a palette with these tables of red, green and blue."""
    data = ("00281221", "00281222", "00281223") if segmented else ("00281201", "00281202", "00281203")
    descriptors = {tag: {"vr": "US", "Value": descriptor} for tag in ("00281101", "00281102", "00281103")}
    return descriptors | {
        tag: {"vr": "OW", "InlineBinary": base64.b64encode(table).decode()}
        for tag, table in zip(data, tables, strict=False)
    }


def words(*values: int) -> bytes:
    return np.array(values, "<u2").tobytes()


@pytest.mark.parametrize(
    ("bits", "tables"),
    [
        pytest.param(16, [words(0, 0x8000, 0xFFFF)] * 3, id="16 bits"),
        pytest.param(16, [words(0, 0x8000, 0xFF00)] * 3, id="8 bits in the upper half of 16"),
        pytest.param(8, [bytes([0, 0x80, 0xFF, 0])] * 3, id="8 bits, two in a word"),
        pytest.param(8, [words(0, 0x80, 0xFF)] * 3, id="8 bits, one in a word"),
        pytest.param(16, [words(0, 0x80, 0xFF)] * 3, id="8 bits that are called 16"),
        pytest.param(8, [words(0, 0x8000, 0xFFFF)] * 3, id="16 bits that are called 8"),
    ],
)
def test_entries_become_levels_however_they_are_kept(bits: int, tables: list[bytes]) -> None:
    colours = palette_of(palette([3, 0, bits], *tables), signed=False)

    assert colours.levels(np.array([0, 1, 2])).tolist() == [[0] * 3, [128] * 3, [255] * 3]


def test_each_colour_has_its_table() -> None:
    image = palette([2, 0, 16], words(0, 0x100), words(0, 0x200), words(0, 0xFF00))

    assert palette_of(image, signed=False).levels(np.array([[1]])).tolist() == [[[1, 2, 255]]]


def test_values_outside_the_table_get_its_ends() -> None:
    image = palette([3, 10, 8], *[bytes([1, 2, 3, 0])] * 3)

    levels = palette_of(image, signed=False).levels(np.array([0, 10, 11, 12, 60000], np.uint16))

    assert levels[:, 0].tolist() == [1, 1, 2, 3, 3]


def test_the_first_value_may_be_negative_for_signed_pixels() -> None:
    image = palette([2, 0xFFFF, 8], *[bytes([7, 8])] * 3)

    levels = palette_of(image, signed=True).levels(np.array([-5, -1, 0, 9], np.int16))

    assert levels[:, 0].tolist() == [7, 7, 8, 8]


def test_a_table_of_65536_entries_is_stated_as_0() -> None:
    table = np.arange(65536).astype("<u2").tobytes()

    levels = palette_of(palette([0, 0, 16], *[table] * 3), signed=False).levels(np.array([0x1234, 0xFFFF]))

    assert levels[:, 0].tolist() == [0x12, 0xFF]


def test_segmented_tables_are_expanded() -> None:
    table = words(DISCRETE, 1, 0, LINEAR, 255, 0xFF00)

    levels = palette_of(palette([256, 0, 16], *[table] * 3, segmented=True), signed=False).levels(
        np.arange(256)
    )

    assert levels[:, 1].tolist() == list(range(256))


def test_segments_are_runs_lines_and_repetitions() -> None:
    segments = [DISCRETE, 2, 5, 6, LINEAR, 3, 12, INDIRECT, 2, 0, 0, DISCRETE, 1, 1000]

    assert expanded(np.array(segments, np.uint16), 100) == [5, 6, 8, 10, 12, 5, 6, 8, 10, 12, 1000]


@pytest.mark.parametrize(
    "segments",
    [
        pytest.param([DISCRETE, 2, 5, 6, 99, 1, 1], id="an unknown opcode"),
        pytest.param([DISCRETE, 2, 5, 6, DISCRETE, 0], id="an empty run"),
        pytest.param([DISCRETE, 2, 5, 6, INDIRECT, 9], id="a cut repetition"),
        pytest.param([DISCRETE, 2, 5, 6, INDIRECT, 9, 4, 0], id="a repetition of itself"),
        pytest.param([DISCRETE, 2, 5, 6, INDIRECT, 9, 60000, 60000], id="a repetition of nothing"),
    ],
)
def test_segments_without_sense_end_the_table(segments: list[int]) -> None:
    assert expanded(np.array(segments, np.uint16), 100) == [5, 6]


def test_a_table_never_grows_beyond_its_stated_length() -> None:
    table = np.array([DISCRETE, 1, 0, *[LINEAR, 60000, 7] * 500], np.uint16)

    assert len(expanded(table, 256)) == 256


def test_tables_of_8_bits_have_segments_of_8_bits() -> None:
    table = np.array([DISCRETE, 2, 5, 6, INDIRECT, 1, 0, 0], np.uint8)

    assert expanded(table, 100) == [5, 6, 5, 6]


@pytest.mark.parametrize(
    "image",
    [
        pytest.param({}, id="no palette"),
        pytest.param(palette([2, 0, 8], b"\1\2", b"\1\2"), id="no blue"),
        pytest.param(palette([2, 0], *[b"\1\2"] * 3), id="half a descriptor"),
        pytest.param(palette([2, 0, 8], b"", b"", b""), id="empty tables"),
    ],
)
def test_a_palette_with_a_table_missing_is_refused(image: dict[str, Any]) -> None:
    with pytest.raises(NotRenderable, match="expected red, green and blue"):
        palette_of(image, signed=False)
