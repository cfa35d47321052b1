from typing import Any

import pytest
from pydicom.uid import (
    EnhancedUSVolumeStorage,
    MRImageStorage,
    NuclearMedicineImageStorage,
    RTDoseStorage,
    SegmentationStorage,
)

from service.pixels.numbers.geometry.places import Objection, planes_of
from service.pixels.numbers.geometry.plane import Plane, Vector
from tests.metadata import data_set, element, tag

AXIAL = [1, 0, 0, 0, 1, 0]
CORONAL = [1, 0, 0, 0, 0, -1]  # whose normal is +y


def _sequence(keyword: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {tag(keyword): element("SQ", *items)}


def _positions(metadata: dict[str, Any], number_of_frames: int) -> list[Vector]:
    planes = planes_of(metadata, number_of_frames)
    assert isinstance(planes, list), planes
    return [plane.position for plane in planes]


def _objection(metadata: dict[str, Any], number_of_frames: int) -> Objection:
    objection = planes_of(metadata, number_of_frames)
    assert isinstance(objection, Objection)
    return objection


def _dose(offsets: list[Any] | None, orientation: list[int] = AXIAL) -> dict[str, Any]:
    return data_set(
        SOPClassUID=RTDoseStorage,
        ImagePositionPatient=[1, 2, -30],
        ImageOrientationPatient=orientation,
        GridFrameOffsetVector=offsets,
    )


@pytest.mark.parametrize(
    ("offsets", "orientation", "expected"),
    [
        pytest.param([0, 2.5, 5], AXIAL, [(1, 2, -30), (1, 2, -27.5), (1, 2, -25)], id="relative"),
        pytest.param([0, -2.5, -5], AXIAL, [(1, 2, -30), (1, 2, -32.5), (1, 2, -35)], id="downwards"),
        pytest.param([-30, -27.5, -25], AXIAL, [(1, 2, -30), (1, 2, -27.5), (1, 2, -25)], id="absolute z"),
        pytest.param([0, 2, 4], CORONAL, [(1, 2, -30), (1, 4, -30), (1, 6, -30)], id="along the normal"),
    ],
)
def test_frames_of_a_dose_lie_at_their_offsets(
    offsets: list[float], orientation: list[int], expected: list[Vector]
) -> None:
    assert _positions(_dose(offsets, orientation), 3) == expected


@pytest.mark.parametrize("offsets", [None, [], [0, 2.5]])
def test_a_dose_without_frames_has_no_planes(offsets: list[float] | None) -> None:
    assert _positions(_dose(offsets), 0) == []


@pytest.mark.parametrize(
    ("offsets", "orientation"),
    [
        pytest.param(None, AXIAL, id="none at all"),
        pytest.param([0, 2.5], AXIAL, id="one too few"),
        pytest.param([0, "2,5", 5], AXIAL, id="one that is no number"),
        pytest.param([7, 9, 11], AXIAL, id="neither relative nor absolute"),
        pytest.param([-30, -28, -26], CORONAL, id="absolute along another axis than z"),
    ],
)
def test_offsets_that_place_no_dose_are_objected_to(
    offsets: list[Any] | None, orientation: list[int]
) -> None:
    assert _objection(_dose(offsets, orientation), 3).attribute == "Grid Frame Offset Vector"


def test_a_dose_of_one_plane_needs_no_offsets() -> None:
    assert _positions(_dose(None), 1) == [(1, 2, -30)]


def _nuclear(image_type: str = "RECON TOMO", **attributes: Any) -> dict[str, Any]:
    detector = data_set(ImagePositionPatient=[-10, -20, 50], ImageOrientationPatient=AXIAL)
    usual = {
        "SOPClassUID": NuclearMedicineImageStorage,
        "ImageType": ["ORIGINAL", "PRIMARY", image_type, "EMISSION"],
        "SpacingBetweenSlices": -4,
        "SliceVector": [1, 2, 3],
    }
    return data_set(**(usual | attributes)) | _sequence("DetectorInformationSequence", detector)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        pytest.param({}, [50, 46, 42], id="the sign is the direction"),
        pytest.param({"SpacingBetweenSlices": 4}, [50, 54, 58], id="along the normal"),
        pytest.param({"SliceVector": [1, 3, 2]}, [50, 42, 46], id="in the order of the Slice Vector"),
        pytest.param({"SliceVector": None}, [50, 46, 42], id="in the order of the frames"),
    ],
)
def test_reconstructed_slices_are_stacked_from_the_detectors_first(
    attributes: dict[str, Any], expected: list[float]
) -> None:
    assert [position[2] for position in _positions(_nuclear(**attributes), 3)] == expected


@pytest.mark.parametrize("spacing", [None, 0])
def test_reconstructed_slices_without_spacing_have_no_place(spacing: int | None) -> None:
    assert _objection(_nuclear(SpacingBetweenSlices=spacing), 3).attribute == "Spacing Between Slices"


def test_projections_of_a_detector_have_no_place() -> None:
    assert _positions(_nuclear("TOMO"), 3) == [()] * 3


def test_an_ultrasound_volume_lies_in_a_frame_of_reference_of_its_own() -> None:
    places = [data_set(ImagePositionVolume=[0, 0, z]) for z in (0, 0.5)]
    orientation = data_set(ImageOrientationVolume=AXIAL)
    shared = _sequence("PlaneOrientationVolumeSequence", orientation)
    metadata = (
        data_set(SOPClassUID=EnhancedUSVolumeStorage, VolumeFrameOfReferenceUID="1.7")
        | _sequence("SharedFunctionalGroupsSequence", shared)
        | _sequence(
            "PerFrameFunctionalGroupsSequence",
            *(_sequence("PlanePositionVolumeSequence", place) for place in places),
        )
    )

    planes = planes_of(metadata, 2)

    assert isinstance(planes, list)
    assert [plane.position for plane in planes] == [(0, 0, 0), (0, 0, 0.5)]
    assert {(plane.orientation, plane.frame_of_reference) for plane in planes} == {(tuple(AXIAL), "1.7")}


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param({"ImageType": ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]}, id="by Image Type"),
        pytest.param({"ImageType": ["DERIVED", "PRIMARY"]}, id="by the number of its tiles"),
    ],
)
def test_a_mosaic_is_no_slice(attributes: dict[str, Any]) -> None:
    private = {"00190010": element("LO", "SIEMENS MR HEADER"), "0019100A": element("US", 9)}
    metadata = data_set(SOPClassUID=MRImageStorage, ImagePositionPatient=[0, 0, 0], **attributes)
    if "MOSAIC" not in attributes["ImageType"]:
        metadata |= private

    assert _objection(metadata, 1).attribute == "Image Type"


def test_segments_that_cannot_be_told_apart_have_no_place() -> None:
    segments = _sequence("SegmentSequence", data_set(SegmentNumber=1), data_set(SegmentNumber=2))
    metadata = data_set(SOPClassUID=SegmentationStorage, SegmentationType="BINARY") | segments

    assert _objection(metadata, 4).attribute == "Referenced Segment Number"


def test_all_others_lie_where_their_image_plane_says() -> None:
    planes = planes_of(data_set(SOPClassUID=MRImageStorage, ImagePositionPatient=[1, 2, 3]), 1)

    assert isinstance(planes, list)
    assert isinstance(planes[0], Plane)
    assert planes[0].position == (1, 2, 3)
