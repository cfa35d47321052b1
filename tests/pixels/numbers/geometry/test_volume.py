from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from service.errors import IrregularVolume
from service.pixels.numbers.geometry.places import Objection
from service.pixels.numbers.geometry.slices import Slice
from service.pixels.numbers.geometry.traits import traits_of
from service.pixels.numbers.geometry.volume import volume_of
from tests.metadata import data_set
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


def test_of_very_many_slices_that_do_not_fit_the_first_are_named_and_all_are_counted() -> None:
    slices = [_changed(slice_at(number, 0, 0, number), orientation=()) for number in range(1500)]

    with pytest.raises(IrregularVolume, match="1500 of 1500 slices") as error:
        volume_of(slices)

    assert len(error.value.disagreements) == 1000


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


def _traits(**values: Any) -> tuple[Any, ...]:
    """Return the traits of a classic slice, given keywords."""
    return next(traits_of(data_set(**values), 1))


@pytest.mark.parametrize(
    "positions",
    [
        pytest.param([round(index * 0.625, 1) for index in range(40)], id="rounded to 0.1 mm"),
        pytest.param([10 + index * 0.0002 for index in range(20)], id="0.0002 mm apart"),
        pytest.param([0, 1.0, 2.02, 3.0, 3.99], id="off by less than 5 %"),
    ],
)
def test_slices_beside_the_lattice_by_less_than_rounding_are_regular(positions: list[float]) -> None:
    slices = [slice_at(index, 0, 0, z, spacing=(0.0002, 0.0002)) for index, z in enumerate(positions)]

    spacing = volume_of(slices).spacing[0]

    assert spacing == pytest.approx((positions[-1] - positions[0]) / (len(positions) - 1))


def test_steps_that_grow_little_by_little_are_no_lattice() -> None:
    steps = np.linspace(2.38, 2.62, 200)

    disagreements = _disagreements(
        [slice_at(index, 0, 0, round(float(z), 3)) for index, z in enumerate([0.0, *np.cumsum(steps)])]
    )

    assert {disagreement["attribute"] for disagreement in disagreements} == {"Image Position (Patient)"}


@pytest.mark.parametrize(
    ("steps", "odd"),
    [
        pytest.param([2, 2, 2, 2, 5, 5, 5, 5], [6, 7, 8, 9], id="as many of the one as of the other"),
        pytest.param([2, 5, 5, 5, 5, 5], [2], id="one that is shorter"),
        pytest.param([1, 1, 2, 1, 1, 1], [4], id="a missing slice"),
        pytest.param([1, 2], [3], id="a missing one among three, of whole millimetres"),
        pytest.param([0.0002, 0.0002, 0.0006, 0.0002], [4], id="less than a micrometre"),
    ],
)
def test_the_slices_after_an_odd_step_are_named_by_the_commonest_step(
    steps: list[float], odd: list[int]
) -> None:
    places = [0.0, *np.cumsum(steps).tolist()]
    slices = [slice_at(number, 0, 0, z) for number, z in enumerate(places, 1)]

    disagreements = _disagreements(slices)

    assert [disagreement["InstanceNumber"] for disagreement in disagreements] == odd
    usual = min(steps, key=lambda step: (-steps.count(step), step))
    expected = places[odd[0] - 2] + usual
    assert disagreements[0]["expected"][2] == pytest.approx(expected, rel=1e-3)


def test_pixel_spacings_below_a_micrometre_are_told_apart() -> None:
    slices = [slice_at(index, 0, 0, index, spacing=(0.0002, 0.0002)) for index in range(3)]
    slices[1] = _changed(slices[1], spacing=(0.0003, 0.0003))

    assert [disagreement["attribute"] for disagreement in _disagreements(slices)] == ["Pixel Spacing"]


@pytest.mark.parametrize(
    ("keyword", "values", "message"),
    [
        ("EchoTime", (4.6, 9.2), r"Echo Time \(4.6, 9.2\)"),
        ("TemporalPositionIdentifier", (1, 2), r"Temporal Position Identifier \(1, 2\)"),
        ("DiffusionBValue", (0, 1000), r"Diffusion b-value \(0, 1000\)"),
        ("AcquisitionNumber", (1, 2), r"Acquisition Number \(1, 2\)"),
        ("TriggerTime", (0, 40.5), r"Trigger Time \(0, 40.5\)"),
        ("AcquisitionTime", ("101112", "101500"), r"Acquisition Time \(101112, 101500\)"),
    ],
)
def test_what_makes_several_volumes_of_slices_in_the_same_places_is_named(
    keyword: str, values: tuple[Any, Any], message: str
) -> None:
    slices = [
        replace(slice_, traits=_traits(**{keyword: value}), instance_number=10 * group + slice_.frame_number)
        for group, value in enumerate(values)
        for slice_ in stack()
    ]

    with pytest.raises(IrregularVolume, match=message):
        volume_of(slices)


@pytest.mark.parametrize("keyword", ["EchoTime", "TemporalPositionIdentifier", "DiffusionBValue"])
def test_echoes_and_times_are_never_mixed_though_their_slices_fit(keyword: str) -> None:
    slices = [
        replace(slice_, traits=_traits(**{keyword: 1 + index % 2})) for index, slice_ in enumerate(stack())
    ]

    assert {disagreement["found"] for disagreement in _disagreements(slices)} == {2}


@pytest.mark.parametrize(
    ("keyword", "values"),
    [("AcquisitionNumber", [1, 2]), ("RescaleType", ["HU", "US"]), ("AcquisitionTime", ["101112", "101113"])],
)
def test_other_attributes_may_differ_within_one_volume(keyword: str, values: list[Any]) -> None:
    slices = [
        replace(slice_, traits=_traits(**{keyword: values[index % 2]}))
        for index, slice_ in enumerate(stack())
    ]

    assert volume_of(slices).shape == (5, 4, 3)


def test_segments_of_two_instances_are_two_volumes_though_both_have_the_number_1() -> None:
    slices = [replace(slice_, is_segment=True) for slice_ in stack(2)]

    (disagreement,) = _disagreements(slices)

    assert disagreement["attribute"] == "SOP Instance UID"


def test_a_slice_whose_place_cannot_be_told_is_named_with_the_reason() -> None:
    slices = stack()
    slices[2] = replace(slices[2], objection=Objection("Image Type", ["MOSAIC"], "one slice"))

    (disagreement,) = _disagreements(slices)

    assert (disagreement["InstanceNumber"], disagreement["attribute"]) == (3, "Image Type")


def test_the_message_counts_slices_and_names_attributes() -> None:
    slices = stack()
    slices[1] = _changed(slices[1], rows=7, columns=7)

    with pytest.raises(IrregularVolume, match=r"1 of 5 slices .*: Rows, Columns"):
        volume_of(slices)
