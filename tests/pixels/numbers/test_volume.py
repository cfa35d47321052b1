from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from service.errors import IrregularVolume
from service.pixels.numbers.plane import Slice
from service.pixels.numbers.volume import volume_of
from tests.pixels.slices import slice_at, stack


def _changed(slice_: Slice, **attributes: Any) -> Slice:
    return replace(slice_, plane=replace(slice_.plane, **attributes))


def _disagreements(slices: list[Slice]) -> list[dict[str, Any]]:
    with pytest.raises(IrregularVolume) as error:
        volume_of(slices)
    return [dict(disagreement) for disagreement in error.value.disagreements]


def test_slices_in_any_order_are_put_into_patient_order() -> None:
    first, second, third, fourth, fifth = stack()

    volume = volume_of([fourth, first, fifth, third, second])

    assert [slice_.instance_number for slice_ in volume.slices] == [1, 2, 3, 4, 5]
    assert volume.shape == (5, 4, 3)
    assert volume.spacing == (2.5, 0.5, 0.8)


def test_slices_ascend_along_their_normal_whatever_their_numbers() -> None:
    feet_first = (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

    volume = volume_of([slice_at(number, 0, 0, number * 2.0, orientation=feet_first) for number in (1, 2, 3)])

    assert [slice_.instance_number for slice_ in volume.slices] == [3, 2, 1]
    assert np.linalg.det(volume.affine) > 0


@pytest.mark.parametrize(
    "orientation",
    [
        pytest.param((1, 0, 0, 0, 1, 0), id="axial"),
        pytest.param((0, 1, 0, 0, 0, -1), id="sagittal"),
        pytest.param((1, 0, 0, 0, 0, -1), id="coronal"),
        pytest.param((0.8, 0.6, 0, -0.36, 0.48, 0.8), id="oblique"),
    ],
)
def test_the_affine_leads_each_voxel_to_its_place_in_ras(orientation: tuple[float, ...]) -> None:
    along_row, along_column = np.split(np.array(orientation, float), 2)
    normal = np.cross(along_row, along_column)
    origins = [np.array([-30.0, 40.0, 7.0]) + index * 3 * normal for index in range(4)]

    volume = volume_of([slice_at(n, *origin, orientation=orientation) for n, origin in enumerate(origins)])

    row, column, index = 2, 1, 3
    lps = origins[index] + column * 0.8 * along_row + row * 0.5 * along_column
    place = volume.affine @ [column, row, index, 1]
    np.testing.assert_allclose(place, [-lps[0], -lps[1], lps[2], 1], atol=1e-9)


def test_a_tilted_gantry_makes_a_sheared_volume() -> None:
    volume = volume_of([slice_at(index, 0, 0.5 * index, 3.0 * index) for index in range(6)])

    np.testing.assert_allclose(volume.affine[:3, 2], [0, -0.5, 3.0])


def test_a_single_slice_is_as_thick_as_it_says() -> None:
    volume = volume_of([slice_at(1, 0, 0, 0)])

    assert volume.spacing == (5.0, 0.5, 0.8)


def test_positions_rounded_on_their_way_are_regular() -> None:
    slices = [slice_at(index, 0, 0, round(index / 3, 2), distance=0.33) for index in range(40)]

    assert volume_of(slices).spacing[0] == pytest.approx(1 / 3, rel=1e-3)


@pytest.mark.parametrize(
    ("attribute", "value", "name"),
    [
        ("rows", 5, "Rows"),
        ("columns", 5, "Columns"),
        ("orientation", (0.0, 1.0, 0.0, 0.0, 0.0, -1.0), "Image Orientation (Patient)"),
        ("spacing", (0.5, 0.9), "Pixel Spacing"),
        ("frame_of_reference", "1.2.4", "Frame of Reference UID"),
    ],
)
def test_a_slice_unlike_the_others_is_named(attribute: str, value: Any, name: str) -> None:
    slices = stack()
    usual = getattr(slices[0].plane, attribute)
    slices[1] = _changed(slices[1], **{attribute: value})

    (disagreement,) = _disagreements(slices)

    assert disagreement == {
        "SOPInstanceUID": "1.2",
        "InstanceNumber": 2,
        "frame": 1,
        "attribute": name,
        "found": value,
        "expected": usual,
    }


@pytest.mark.parametrize(
    ("attribute", "value", "name"),
    [
        ("rows", 0, "Rows"),
        ("position", (), "Image Position (Patient)"),
        ("position", (0.0, 1e300, 0.0), "Image Position (Patient)"),
        ("orientation", (), "Image Orientation (Patient)"),
        ("orientation", (0.0,) * 6, "Image Orientation (Patient)"),
        ("orientation", (1e300,) * 6, "Image Orientation (Patient)"),
        ("spacing", (), "Pixel Spacing"),
        ("spacing", (0.0, 1.0), "Pixel Spacing"),
        ("photometric_interpretation", "RGB", "Photometric Interpretation"),
    ],
)
def test_a_slice_that_does_not_say_where_its_values_lie_is_named(
    attribute: str, value: Any, name: str
) -> None:
    slices = stack()
    slices[3] = _changed(slices[3], **{attribute: value})

    (disagreement,) = _disagreements(slices)

    assert (disagreement["InstanceNumber"], disagreement["attribute"]) == (4, name)


def test_the_slice_after_a_missing_one_is_named_with_its_place() -> None:
    slices = stack()
    del slices[2]

    (disagreement,) = _disagreements(slices)

    assert (disagreement["InstanceNumber"], disagreement["expected"]) == (4, (-10.0, -20.0, 5.0))


def test_a_slice_beside_the_stack_is_named() -> None:
    slices = stack(9)
    slices[4] = _changed(slices[4], position=(-9.0, -20.0, 10.0))

    assert [disagreement["InstanceNumber"] for disagreement in _disagreements(slices)] == [5, 6]


def test_a_slice_in_the_place_of_another_is_named() -> None:
    slices = [*stack(), slice_at(77, -10, -20, 5.0)]

    (disagreement,) = _disagreements(slices)

    assert disagreement["InstanceNumber"] == 77
    assert "1.3, frame 1" in disagreement["expected"]


def test_the_message_counts_slices_and_names_attributes() -> None:
    slices = stack()
    slices[1] = _changed(slices[1], rows=7, columns=7)

    with pytest.raises(IrregularVolume, match=r"1 of 5 slices .*: Rows, Columns"):
        volume_of(slices)
