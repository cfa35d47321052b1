from typing import Any

from service.pixels.numbers.geometry.plane import plane_of
from service.pixels.numbers.geometry.slices import slices_of
from tests.metadata import data_set, tag

CLASSIC = data_set(
    SOPInstanceUID="1.2",
    InstanceNumber=7,
    Rows=4,
    Columns=3,
    PhotometricInterpretation="MONOCHROME2",
    ImagePositionPatient=[1, 2, 3],
    ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
    PixelSpacing=[0.5, 0.8],
    SliceThickness=5,
    FrameOfReferenceUID="1.9",
)


def _sequence(keyword: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {tag(keyword): {"vr": "SQ", "Value": list(items)}}


def _enhanced() -> dict[str, Any]:
    measures = data_set(PixelSpacing=[0.7, 0.7], SpacingBetweenSlices=2, SliceThickness=3)
    orientation = data_set(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    shared = _sequence("PixelMeasuresSequence", measures) | _sequence("PlaneOrientationSequence", orientation)
    frames = [_sequence("PlanePositionSequence", data_set(ImagePositionPatient=[0, 0, z])) for z in (10, 12)]
    return (
        data_set(SOPInstanceUID="1.2", Rows=4, Columns=3, PhotometricInterpretation="MONOCHROME2")
        | _sequence("SharedFunctionalGroupsSequence", shared)
        | _sequence("PerFrameFunctionalGroupsSequence", *frames)
    )


def test_a_classic_instance_says_it_once() -> None:
    (slice_,) = slices_of(CLASSIC, 1, "1.2")

    assert (slice_.sop_instance_uid, slice_.instance_number, slice_.frame_number) == ("1.2", 7, 1)
    assert (slice_.plane.rows, slice_.plane.columns) == (4, 3)
    assert slice_.plane.position == (1, 2, 3)
    assert slice_.plane.spacing == (0.5, 0.8)
    assert slice_.plane.distance == 5
    assert slice_.plane.frame_of_reference == "1.9"


def test_frames_of_an_enhanced_instance_have_places_of_their_own() -> None:
    slices = slices_of(_enhanced(), 2, "1.2")

    assert [slice_.plane.position for slice_ in slices] == [(0, 0, 10), (0, 0, 12)]
    assert {slice_.plane.orientation for slice_ in slices} == {(1, 0, 0, 0, 1, 0)}
    assert {slice_.plane.spacing for slice_ in slices} == {(0.7, 0.7)}
    assert {slice_.plane.distance for slice_ in slices} == {2}


def test_what_is_missing_or_no_number_stays_empty() -> None:
    broken = {"00200032": {"vr": "DS", "Value": ["a", None, 3]}, "00280030": {"vr": "DS"}}

    plane = plane_of(broken)

    assert (plane.rows, plane.position, plane.orientation, plane.spacing) == (0, (), (), ())
