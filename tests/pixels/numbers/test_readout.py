"""What is told of a frame: to which sides it lies, how large its pixels are, and the unit of its values."""

from typing import Any

import pytest

from service.dicom_json import Attributes
from service.pixels.numbers.geometry.directions import Edges, edges_of
from service.pixels.numbers.geometry.plane import plane_of
from service.pixels.numbers.quantities.scale import CALIBRATED, DETECTOR, FILM, Scale, scale_of
from service.pixels.numbers.quantities.unit import unit_of
from tests.metadata import data_set, tag

AXIAL, SAGITTAL, CORONAL = [1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1], [1, 0, 0, 0, 0, -1]
OBLIQUE = [0.8, 0.6, 0, 0, 0, -1]


def _edges(**attributes: Any) -> Edges | None:
    metadata = data_set(**attributes)
    return edges_of(metadata, plane_of(metadata))


@pytest.mark.parametrize(
    ("orientation", "edges"),
    [
        pytest.param(AXIAL, Edges("R", "L", "A", "P"), id="axial: seen from the feet"),
        pytest.param(SAGITTAL, Edges("A", "P", "H", "F"), id="sagittal"),
        pytest.param(CORONAL, Edges("R", "L", "H", "F"), id="coronal"),
        pytest.param(
            OBLIQUE, Edges("RA", "LP", "H", "F"), id="two letters for what lies between, the main one first"
        ),
        pytest.param(
            [1, 0.1, 0, -0.1, 1, 0], Edges("R", "L", "A", "P"), id="a slight tilt is worth no letter"
        ),
    ],
)
def test_letters_follow_image_orientation(orientation: list[float], edges: Edges) -> None:
    assert _edges(ImageOrientationPatient=orientation) == edges


def test_letters_of_a_radiograph_are_those_that_it_has() -> None:
    assert _edges(PatientOrientation=["L", "F"]) == Edges("R", "L", "H", "F")
    assert _edges(PatientOrientation=["A", "FR"]) == Edges("P", "A", "HL", "FR")


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param({}, id="nothing is said"),
        pytest.param({"PatientOrientation": ["LE", "F"]}, id="not of a person"),
        pytest.param(
            {"ImageOrientationPatient": AXIAL, "AnatomicalOrientationType": "QUADRUPED"}, id="an animal"
        ),
        pytest.param(
            {"ImageOrientationPatient": AXIAL, "VolumeFrameOfReferenceUID": "1.2"}, id="a probe's own volume"
        ),
    ],
)
def test_there_are_no_letters_where_nobody_knows_how_the_patient_lay(attributes: dict[str, Any]) -> None:
    assert _edges(**attributes) is None


@pytest.mark.parametrize(
    ("attributes", "scale"),
    [
        pytest.param({"PixelSpacing": [0.5, 0.8]}, Scale(0.5, 0.8, ""), id="within the patient"),
        pytest.param({"ImagerPixelSpacing": [0.1, 0.1]}, Scale(0.1, 0.1, DETECTOR), id="a radiograph"),
        pytest.param(
            {"PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.1, 0.1]},
            Scale(0.1, 0.1, DETECTOR),
            id="the same twice is not corrected for magnification",
        ),
        pytest.param(
            {"PixelSpacing": [0.08, 0.08], "ImagerPixelSpacing": [0.1, 0.1]},
            Scale(0.08, 0.08, CALIBRATED),
            id="two that differ: somebody has calibrated it",
        ),
        pytest.param(
            {"PixelSpacing": [0.1, 0.1], "PixelSpacingCalibrationType": "FIDUCIAL"},
            Scale(0.1, 0.1, CALIBRATED),
            id="calibrated by something of known size",
        ),
        pytest.param({"NominalScannedPixelSpacing": [0.2, 0.2]}, Scale(0.2, 0.2, FILM), id="a film"),
        pytest.param({"PixelSpacing": [0, 0]}, None, id="no size"),
        pytest.param({}, None, id="nothing is said"),
    ],
)
def test_a_scale_says_where_it_holds(attributes: dict[str, Any], scale: Scale | None) -> None:
    assert scale_of(data_set(**attributes), 1) == scale


def _enhanced(**transformation: Any) -> Attributes:
    item = {tag("PixelValueTransformationSequence"): {"vr": "SQ", "Value": [data_set(**transformation)]}}
    return {tag("SharedFunctionalGroupsSequence"): {"vr": "SQ", "Value": [item]}}


@pytest.mark.parametrize(
    ("metadata", "unit"),
    [
        pytest.param(data_set(Modality="CT", RescaleIntercept=-1024), "HU", id="a CT"),
        pytest.param(data_set(Modality="CT"), "", id="a screenshot of a CT has no Hounsfield units"),
        pytest.param(
            data_set(Modality="CT", RescaleIntercept=0, RescaleType="Z_EFF"), "effective Z", id="stated"
        ),
        pytest.param(data_set(Modality="MR", RescaleIntercept=0, RescaleType="US"), "", id="unspecified"),
        pytest.param(data_set(Modality="PT", Units="BQML"), "Bq/ml", id="PET"),
        pytest.param(data_set(Modality="RTDOSE", DoseUnits="GY"), "Gy", id="dose"),
        pytest.param(_enhanced(RescaleType="HU"), "HU", id="in a functional group"),
    ],
)
def test_the_unit_of_values_is_the_one_that_the_file_says(metadata: Attributes, unit: str) -> None:
    assert unit_of(metadata, 1) == unit
