from typing import Any

import numpy as np
import pytest
from pydicom.uid import CTImageStorage, RTDoseStorage, SegmentationStorage

from service.errors import NotRenderable
from service.pixels.description import describe
from service.pixels.display.grayscale import gray_levels
from service.pixels.rescale import Fraction, Rescale, Unreadable
from service.pixels.window import Window
from tests.pixels.images import attributes, described, image, lut


def _modality(instance: dict[str, Any], frame_number: int = 1) -> Any:
    return describe(instance, frame_number).modality


@pytest.mark.parametrize(
    ("values", "attribute"),
    [
        pytest.param({"intercept": "-1024,0", "slope": 1}, "Rescale Intercept", id="a decimal comma"),
        pytest.param({"intercept": 0, "slope": "1_0"}, "Rescale Slope", id="what only Python reads"),
        pytest.param({"intercept": "NaN"}, "Rescale Intercept", id="no number"),
        pytest.param({"slope": "inf"}, "Rescale Slope", id="no finite number"),
        pytest.param({"slope": [1, 2]}, "Rescale Slope", id="two numbers"),
    ],
)
def test_what_is_stated_and_cannot_be_read_leaves_no_modality_values(
    values: dict[str, Any], attribute: str
) -> None:
    modality = described(**values).modality

    assert isinstance(modality, Unreadable)
    with pytest.raises(NotRenderable, match=attribute):
        modality.modality(np.arange(3))


def test_bytes_where_a_number_should_be_cannot_be_read() -> None:
    broken = image() | {"00281053": {"vr": "UN", "InlineBinary": "MQ=="}}

    assert isinstance(_modality(broken), Unreadable)


@pytest.mark.parametrize(("frame_number", "is_unreadable"), [(1, False), (2, True), (3, True)])
def test_functional_groups_that_cannot_be_read_are_not_passed_over(
    frame_number: int, is_unreadable: bool
) -> None:
    def group(slope: Any) -> dict[str, Any]:
        return attributes(pixel_value_transformation=attributes(slope=slope, intercept=0))

    instance = image(slope=1, intercept=5, shared=group("3,5"), per_frame=[group(2), group("2,5"), {}])

    assert isinstance(_modality(instance, frame_number), Unreadable) == is_unreadable


def test_an_attribute_without_a_value_states_nothing() -> None:
    empty = image() | {"00281052": {"vr": "DS"}, "00281053": {"vr": "DS", "Value": [None]}}

    assert _modality(empty) == Rescale()


def test_a_modality_lut_that_was_cut_is_not_stretched() -> None:
    modality = described(modality_lut=lut([4, 0, 16], [1, 2, 3])).modality

    assert isinstance(modality, Unreadable)
    assert modality.attribute == "Modality LUT Sequence"


def test_a_dose_is_its_stored_value_times_the_grid_scaling_and_no_rescale() -> None:
    dose = described(RTDoseStorage, dose_grid_scaling="0.00025", slope=2, intercept=-1000)

    assert dose.modality.modality(np.array([1499500])).tolist() == [374.875]


@pytest.mark.parametrize("scaling", [None, "1,5", "n/a"])
def test_a_dose_without_a_readable_grid_scaling_has_no_modality_values(scaling: str | None) -> None:
    assert isinstance(described(RTDoseStorage, dose_grid_scaling=scaling, slope=2).modality, Unreadable)


def test_a_grid_scaling_means_nothing_outside_a_dose() -> None:
    assert described(CTImageStorage, dose_grid_scaling=2, slope=3).modality == Rescale(3)


def test_fractions_of_a_segment_are_divided_by_the_largest() -> None:
    values = {"allocated": 8, "segmentation_type": "FRACTIONAL", "maximum_fractional_value": 49}

    modality = described(SegmentationStorage, **values).modality

    assert modality == Fraction(49)
    assert modality.modality(np.array([0, 7, 49])).tolist() == [0, 7 / 49, 1]


@pytest.mark.parametrize("maximum", [None, 0])
def test_fractions_without_their_largest_value_are_none(maximum: int | None) -> None:
    values = {"allocated": 8, "segmentation_type": "FRACTIONAL", "maximum_fractional_value": maximum}

    assert isinstance(described(SegmentationStorage, **values).modality, Unreadable)


@pytest.mark.parametrize("name", ["BINARY", "LABELMAP"])
def test_other_segments_are_what_is_stored(name: str) -> None:
    assert described(SegmentationStorage, allocated=8, segmentation_type=name).modality == Rescale()


def test_without_modality_values_a_picture_shows_all_the_frame_has() -> None:
    stored = np.array([[100, 200, 300]], np.uint16)

    levels = gray_levels(stored, described(intercept="-1024,0", center=40, width=400))

    assert levels.tolist() == [[0, 128, 255]]


def test_without_modality_values_no_window_can_be_asked_for() -> None:
    stored = np.array([[100, 200, 300]], np.uint16)

    with pytest.raises(NotRenderable, match="Rescale Intercept"):
        gray_levels(stored, described(intercept="-1024,0"), Window(40, 400))
