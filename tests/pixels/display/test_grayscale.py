from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

from service.pixels.codecs.native import stored_values
from service.pixels.description import ImageDescription, describe
from service.pixels.display.grayscale import gray_levels
from service.pixels.lut import LookupTable
from service.pixels.rescale import Rescale
from service.pixels.window import Window
from tests.pixels.images import described, lut, packaged, selected
from tests.pixels.test_window import STANDARD

REAL_FILES = ["CT_small.dcm", "MR_small.dcm", "examples_overlay.dcm", "rtdose_1frame.dcm"]


def one_value(value: int, description: ImageDescription, window: Window | None = None) -> float:
    """Take one stored value through the pipeline, step by step as the Standard says it."""
    rescale = description.modality
    assert isinstance(rescale, Rescale)
    voi = window or description.voi
    assert isinstance(voi, Window)
    level = 255 * STANDARD[voi.function](rescale.slope * value + rescale.intercept, voi.center, voi.width)
    return 255 - level if description.photometric_interpretation == "MONOCHROME1" else level


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("function", STANDARD)
@pytest.mark.parametrize(("allocated", "signed", "kind"), [(8, 0, "u1"), (16, 0, "u2"), (16, 1, "i2")])
def test_the_table_shows_what_the_standard_says_value_by_value(
    photometric: str, function: str, allocated: int, signed: int, kind: str
) -> None:
    description = described(
        photometric=photometric,
        allocated=allocated,
        signed=signed,
        slope=1.5,
        intercept=-20,
        center=100,
        width=321,
        function=function,
    )
    low, high = description.stored_range
    stored = np.arange(low, high + 1, max(1, (high - low) // 2000)).astype(kind)

    levels = gray_levels(stored, description)

    expected = [one_value(value, description) for value in stored.tolist()]
    np.testing.assert_allclose(levels, expected, atol=0.5 + 1e-9)


@pytest.mark.parametrize(
    ("signed", "kind", "values"),
    [
        pytest.param(0, "u2", [[5, 4095], [0, 17], [4096, 8191], [60000, 65535]], id="unsigned"),
        pytest.param(1, "i2", [[-2000, 3000], [-1, 1], [-32768, 32767], [-5000, -4097]], id="signed"),
    ],
)
def test_one_frame_after_the_other_is_shown_by_its_own_values(
    signed: int, kind: str, values: list[list[int]]
) -> None:
    description = described(allocated=16, signed=signed, slope=1, intercept=-1024, center=40, width=40000)

    levels = [gray_levels(np.array(frame, kind), description) for frame in values]

    expected = [[one_value(value, description) for value in frame] for frame in values]
    np.testing.assert_allclose(levels, expected, atol=0.5 + 1e-9)


@pytest.mark.parametrize("signed", [0, 1])
def test_32_bit_values_go_the_same_way(signed: int) -> None:
    description = described(allocated=32, signed=signed, slope=1e-6, intercept=-0.5, center=1, width=2.5)
    stored = np.arange(0, 2**31, 2**20).astype("<i4" if signed else "<u4")

    levels = gray_levels(stored, description)

    expected = [one_value(value, description) for value in stored.tolist()]
    np.testing.assert_allclose(levels, expected, atol=0.5 + 1e-9)


def test_monochrome1_is_monochrome2_inverted_once() -> None:
    stored = np.arange(4096, dtype=np.uint16)
    values: dict[str, Any] = {"stored": 12, "center": 2000, "width": 3000}

    inverted = gray_levels(stored, described(photometric="MONOCHROME1", **values))

    np.testing.assert_array_equal(inverted, 255 - gray_levels(stored, described(**values)))


@pytest.mark.parametrize("name", REAL_FILES)
def test_a_real_file_looks_as_pydicom_computes_it(name: str) -> None:
    dataset = packaged(name)
    description = describe(selected(dataset))

    levels = gray_levels(stored_values(dataset.PixelData, description), description)

    modality = np.asarray(apply_modality_lut(dataset.pixel_array, dataset), float)
    low, high = modality.min(), modality.max()
    if "WindowWidth" in dataset:
        center, width = description.voi.center, description.voi.width  # type: ignore[union-attr]
        low, high = center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2
    expected = 255 * np.clip((modality - low) / (high - low), 0, 1)
    np.testing.assert_allclose(levels, expected, atol=0.5 + 1e-6)


def test_a_window_matches_pydicom_over_the_whole_range() -> None:
    dataset = packaged("MR_small.dcm")
    stored = np.arange(-32768, 32768).astype(np.int16)

    levels = gray_levels(stored, describe(selected(dataset)))

    windowed = apply_voi_lut(stored, dataset)
    share = (windowed - windowed.min()) / (windowed.max() - windowed.min())
    np.testing.assert_allclose(levels, 255 * share, atol=0.5 + 1e-6)


@pytest.mark.parametrize("first", [-500, 0, 700])
def test_a_voi_lut_follows_the_modality_step(first: int) -> None:
    entries = [(index * 37) % 4096 for index in range(1000)]
    description = described(
        signed=1, slope=2, intercept=-300, voi_lut=lut([1000, first & 0xFFFF, 12], entries)
    )
    stored = np.arange(-1000, 1000, dtype=np.int16)

    levels = gray_levels(stored, description)

    indices = [min(max(2 * value - 300 - first, 0), 999) for value in stored.tolist()]
    np.testing.assert_allclose(levels, [entries[index] * 255 / 4095 for index in indices], atol=0.5 + 1e-9)


def test_a_voi_lut_matches_pydicom() -> None:
    dataset = pydicom.Dataset()
    item = pydicom.Dataset()
    item.LUTDescriptor = [256, 0, 8]
    item.add_new("LUTData", "US", list(range(255, -1, -1)))
    dataset.PixelRepresentation = 0
    dataset.VOILUTSequence = [item]
    stored = np.arange(256, dtype=np.uint8)

    levels = gray_levels(stored, described(allocated=8, voi_lut=lut([256, 0, 8], range(255, -1, -1))))

    np.testing.assert_array_equal(levels, apply_voi_lut(stored, dataset))


def test_a_modality_lut_comes_before_the_window() -> None:
    table = lut([4, 0, 16], [1000, 0, 3000, 2000])

    levels = gray_levels(
        np.arange(4, dtype=np.uint16),
        described(modality_lut=table, center=1500, width=3000, function="LINEAR_EXACT"),
    )

    assert levels.tolist() == [85, 0, 255, 170]


def test_an_asked_window_takes_the_place_of_window_function_and_voi_lut() -> None:
    stored = np.arange(-2000, 2000, dtype=np.int16)
    window = Window(40, 400, "LINEAR")

    of_window = described(signed=1, center=1, width=9, function="SIGMOID")
    of_lut = described(signed=1, voi_lut=lut([2, 0, 8], [0, 255]))

    assert isinstance(of_lut.voi, LookupTable)
    expected = [one_value(value, of_window, window) for value in stored.tolist()]
    np.testing.assert_allclose(gray_levels(stored, of_window, window), expected, atol=0.5 + 1e-9)
    np.testing.assert_allclose(gray_levels(stored, of_lut, window), expected, atol=0.5 + 1e-9)


@pytest.mark.parametrize("rescale", [{}, {"slope": 3, "intercept": -7}])
def test_8_bits_without_a_window_are_shown_as_they_are(rescale: dict[str, Any]) -> None:
    stored = np.arange(10, 200, dtype=np.uint8)

    levels = gray_levels(stored, described(allocated=8, **rescale))

    np.testing.assert_array_equal(levels, stored)


def test_single_bits_are_black_and_white() -> None:
    levels = gray_levels(np.array([[0, 1], [1, 1]], np.uint8), described(allocated=1))

    assert levels.tolist() == [[0, 255], [255, 255]]


@pytest.mark.parametrize("slope", [1, -2])
def test_without_a_window_the_range_of_the_frame_is_shown(slope: int) -> None:
    stored = np.array([-100, 0, 300], np.int16)

    levels = gray_levels(stored, described(signed=1, slope=slope, intercept=1000))

    assert levels.tolist() == ([0, 64, 255] if slope > 0 else [255, 191, 0])


@pytest.mark.parametrize(
    ("padding", "expected"),
    [
        pytest.param({"padding": -2000}, [0, 0, 128, 255, 255], id="a value"),
        pytest.param({"padding": -2000, "padding_limit": -100}, [0, 0, 0, 255, 255], id="a range"),
    ],
)
def test_padding_does_not_widen_the_range(padding: dict[str, int], expected: list[int]) -> None:
    stored = np.array([-2000, -100, 100, 300, 300], np.int16)

    levels = gray_levels(stored, described(signed=1, **padding))

    assert levels.tolist() == expected


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (65535, 255)])
def test_a_frame_of_one_gray_is_shown_against_all_there_could_be(value: int, expected: int) -> None:
    levels = gray_levels(np.full((2, 2), value, np.uint16), described())

    assert levels.tolist() == [[expected] * 2] * 2


def test_a_frame_of_padding_alone_is_no_error() -> None:
    levels = gray_levels(np.zeros((2, 2), np.uint16), described(padding=0))

    assert levels.tolist() == [[0, 0], [0, 0]]


def test_floating_point_pixels_show_what_is_finite() -> None:
    stored = np.array([0.25, 0.75, 0.5, np.nan, np.inf, -np.inf], np.float32)

    levels = gray_levels(stored, described(allocated=32, stored=None, signed=None))

    assert levels.tolist() == [0, 255, 128, 0, 255, 0]


@pytest.mark.parametrize("value", [np.nan, np.inf, 1.7e308, -1.7e308, 5e-324])
def test_extreme_numbers_are_no_error(value: float) -> None:
    stored = np.array([value, 0, -value])

    levels = gray_levels(
        stored, described(allocated=64, stored=None, signed=None, slope=1e308, intercept=-1e308)
    )

    assert levels.dtype == np.uint8


@pytest.mark.parametrize("kind", ["u1", "i2", "u4"])
def test_a_large_frame_taken_in_strips_looks_as_its_parts_do(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = np.arange(50 * 60).reshape(50, 60).astype(kind)
    description, window = described(allocated=8 * stored.itemsize, rows=50, columns=60), Window(100, 150)
    whole = gray_levels(stored, description, window)

    monkeypatch.setattr("service.pixels.arrays._STRIP_VALUES", 7 * 60)

    np.testing.assert_array_equal(gray_levels(stored, description, window), whole)
