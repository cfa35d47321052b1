"""Small RT Structure Sets of the axial CT slices of `tests.segmentations`, and their voxels one by one."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage

from service.pixels.arrays import Values
from tests.web.series import item

Polygon = Sequence[tuple[float, float]]

ON_EDGE = 0.01


def contour(polygon: Polygon, number: int, kind: str = "CLOSED_PLANAR", above: float = 0) -> Dataset:
    """Return a contour in the slice of a number, counted from 1.

    Args:
        polygon: columns and rows of its corners, counted from the center of the first voxel.
        number: of the slice.
        kind: Contour Geometric Type.
        above: mm above the slice.
    """
    points = [[-10 + 0.8 * column, -20 + 0.5 * row, 2.5 * number + above] for column, row in polygon]
    return item(
        ContourGeometricType=kind,
        NumberOfContourPoints=len(polygon),
        ContourData=[round(value, 4) for point in points for value in point],
    )


def structure_set(
    regions: Mapping[str, Sequence[Dataset]],
    numbers: Sequence[int] | None = None,
    frame_of_reference: str = "1.9",
    **attributes: Any,
) -> Dataset:
    """Return a structure set of regions, by their names with their contours, numbered from 1."""
    numbered = list(zip(numbers or range(1, len(regions) + 1), regions, strict=True))
    referenced = item(
        SeriesInstanceUID="1.1.1", ContourImageSequence=[item(ReferencedSOPInstanceUID="1.1.1.1")]
    )
    study = item(ReferencedSOPInstanceUID="1.1", RTReferencedSeriesSequence=[referenced])
    dataset = item(
        SOPClassUID=RTStructureSetStorage,
        SOPInstanceUID="1.1.4.1",
        StudyInstanceUID="1.1",
        SeriesInstanceUID="1.1.4",
        Modality="RTSTRUCT",
        ReferencedFrameOfReferenceSequence=[
            item(FrameOfReferenceUID="1.9", RTReferencedStudySequence=[study]),
        ],
        StructureSetROISequence=[
            item(
                ROINumber=number,
                ROIName=name,
                ReferencedFrameOfReferenceUID=frame_of_reference,
                ROIGenerationAlgorithm="MANUAL",
            )
            for number, name in numbered
        ],
        ROIContourSequence=[
            item(
                ReferencedROINumber=number,
                ROIDisplayColor=[255, 10 * number, 0],
                ContourSequence=list(regions[name]),
            )
            for number, name in numbered
        ],
        RTROIObservationsSequence=[
            item(ObservationNumber=number, ReferencedROINumber=number, RTROIInterpretedType="ORGAN")
            for number, _ in numbered
        ],
        **attributes,
    )
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def inside(polygons: Sequence[Polygon], shape: tuple[int, int]) -> Values:
    """Return which voxels are in an odd number of polygons or on an edge, looked at one by one."""
    image = np.zeros(shape, bool)
    for row, column in np.ndindex(*shape):
        edges = _edges(polygons)
        crossed = sum(_is_crossed(column, row, start, end) for start, end in edges)
        image[row, column] = crossed % 2 == 1
    return image | (distances(polygons, shape) < ON_EDGE / 2)


def distances(polygons: Sequence[Polygon], shape: tuple[int, int]) -> Values:
    """Return how far the center of each voxel is from the nearest edge."""
    nearest = np.full(shape, np.inf)
    for row, column in np.ndindex(*shape):
        for start, end in _edges(polygons):
            nearest[row, column] = min(nearest[row, column], _distance(column, row, start, end))
    return nearest


def _edges(polygons: Sequence[Polygon]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    return [
        (start, end)
        for polygon in polygons
        for start, end in zip(polygon, [*polygon[1:], polygon[0]], strict=True)
    ]


def _is_crossed(x: float, y: float, start: tuple[float, float], end: tuple[float, float]) -> bool:
    (x0, y0), (x1, y1) = start, end
    return (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0)


def _distance(x: float, y: float, start: tuple[float, float], end: tuple[float, float]) -> float:
    first, along = np.array(start), np.subtract(end, start)
    length = float(along @ along)
    part = 0.0 if not length else min(1.0, max(0.0, float((np.array([x, y]) - first) @ along) / length))
    return float(np.linalg.norm(first + part * along - [x, y]))
