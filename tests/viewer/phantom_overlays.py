"""What lies over the chest of the phantoms: its nodule as a segmentation and as a structure set."""

from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.uid import CTImageStorage, RTStructureSetStorage

from tests.builders import data_set, one_bit_image, part10
from tests.viewer.phantoms import (
    CHEST,
    CT_SERIES,
    FRAME_OF_REFERENCE,
    NODULE,
    SIZE,
    SLICES,
    SPACING,
    THICKNESS,
    code,
    identity,
    inside,
    position,
)
from tests.web.series import item

SEG_SERIES, RTSTRUCT_SERIES = len(CT_SERIES) + 1, len(CT_SERIES) + 2
_CIELAB_RED = [36484, 53154, 50151]


def segmentation_file() -> bytes:
    """Return a segmentation of the nodule, over the first CT series. PS3.3 A.51."""
    nodule = inside(NODULE, (SLICES, SIZE, SIZE))
    indices = [int(index) for index in np.flatnonzero(nodule.any(axis=(1, 2)))]
    dataset = one_bit_image(nodule[indices])
    for keyword, value in identity(CHEST, SEG_SERIES, 1, "Nodule", "SEG").items():
        setattr(dataset, keyword, value)
    dataset.ImageType, dataset.FrameOfReferenceUID = ["DERIVED", "PRIMARY"], FRAME_OF_REFERENCE
    dataset.SegmentationType, dataset.ContentLabel, dataset.ContentDescription = "BINARY", "NODULE", ""
    dataset.ContentCreatorName, dataset.LossyImageCompression = "", "00"
    dataset.SegmentSequence = [_segment()]
    dataset.ReferencedSeriesSequence = [
        item(
            SeriesInstanceUID=f"2.25.{CHEST}.1", ReferencedInstanceSequence=[_ct(index) for index in indices]
        )
    ]
    dataset.DimensionOrganizationSequence = [item(DimensionOrganizationUID="2.25.1.98")]
    dataset.DimensionIndexSequence = [_dimension(0x0062000B, 0x0062000A), _dimension(0x00200032, 0x00209113)]
    dataset.SharedFunctionalGroupsSequence = [
        item(
            PixelMeasuresSequence=[item(PixelSpacing=[SPACING, SPACING], SliceThickness=THICKNESS)],
            PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
        )
    ]
    dataset.PerFrameFunctionalGroupsSequence = [
        _segmented(index, number) for number, index in enumerate(indices, 1)
    ]
    return part10(dataset)


def _segment() -> Dataset:
    tissue = code("85756007", "SCT", "Tissue")
    return item(
        SegmentNumber=1,
        SegmentLabel="Nodule",
        SegmentAlgorithmType="MANUAL",
        SegmentedPropertyCategoryCodeSequence=[tissue],
        SegmentedPropertyTypeCodeSequence=[code("27925004", "SCT", "Nodule")],
        RecommendedDisplayCIELabValue=_CIELAB_RED,
    )


def _dimension(pointer: int, group: int) -> Dataset:
    return item(
        DimensionOrganizationUID="2.25.1.98", DimensionIndexPointer=pointer, FunctionalGroupPointer=group
    )


def _segmented(index: int, number: int) -> Dataset:
    """Return the functional groups of the frame that lies over a slice."""
    source = _ct(index)
    source.PurposeOfReferenceCodeSequence = [
        code("121322", "DCM", "Source image for image processing operation")
    ]
    derivation = item(
        SourceImageSequence=[source], DerivationCodeSequence=[code("113076", "DCM", "Segmentation")]
    )
    return item(
        DerivationImageSequence=[derivation],
        FrameContentSequence=[item(DimensionIndexValues=[1, number])],
        PlanePositionSequence=[item(ImagePositionPatient=position(index))],
        SegmentIdentificationSequence=[item(ReferencedSegmentNumber=1)],
    )


def structure_set_file() -> bytes:
    """Return a structure set with the nodule's outlines, over the first CT series. PS3.3 A.19."""
    nodule = inside(NODULE, (SLICES, SIZE, SIZE))
    contours = [_contour(index, nodule[index]) for index in range(SLICES) if nodule[index].any()]
    series = item(
        SeriesInstanceUID=f"2.25.{CHEST}.1", ContourImageSequence=[_ct(index) for index in range(SLICES)]
    )
    study = item(
        ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1",
        ReferencedSOPInstanceUID=f"2.25.{CHEST}",
        RTReferencedSeriesSequence=[series],
    )
    attributes = identity(CHEST, RTSTRUCT_SERIES, 1, "Outlines", "RTSTRUCT") | {
        "StructureSetLabel": "Outlines",
        "StructureSetDate": "20240201",
        "StructureSetTime": "093000",
        "ReferencedFrameOfReferenceSequence": [
            item(FrameOfReferenceUID=FRAME_OF_REFERENCE, RTReferencedStudySequence=[study])
        ],
        "StructureSetROISequence": [
            item(
                ROINumber=1,
                ROIName="Nodule",
                ROIGenerationAlgorithm="MANUAL",
                ReferencedFrameOfReferenceUID=FRAME_OF_REFERENCE,
            )
        ],
        "ROIContourSequence": [
            item(ROIDisplayColor=[255, 0, 0], ContourSequence=contours, ReferencedROINumber=1)
        ],
        "RTROIObservationsSequence": [
            item(ObservationNumber=1, ReferencedROINumber=1, RTROIInterpretedType="GTV", ROIInterpreter="")
        ],
    }
    return part10(data_set(SOPClassUID=RTStructureSetStorage, **attributes))


def _contour(index: int, mask: np.ndarray[Any, Any]) -> Dataset:
    """Return the outline of a slice of the nodule: an ellipse, as far as its mask reaches."""
    rows, columns = np.nonzero(mask)
    left, top, z = position(index)
    angles = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    x = left + SPACING * (columns.mean() + (np.ptp(columns) / 2 + 0.5) * np.cos(angles))
    y = top + SPACING * (rows.mean() + (np.ptp(rows) / 2 + 0.5) * np.sin(angles))
    points = np.stack([x, y, np.full_like(x, z)], axis=1).round(2)
    return item(
        ContourImageSequence=[_ct(index)],
        ContourGeometricType="CLOSED_PLANAR",
        NumberOfContourPoints=len(points),
        ContourData=[float(value) for value in points.ravel()],
    )


def _ct(index: int) -> Dataset:
    return item(ReferencedSOPClassUID=CTImageStorage, ReferencedSOPInstanceUID=f"2.25.{CHEST}.1.{index + 1}")
