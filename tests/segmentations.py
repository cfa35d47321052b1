"""Small segmentations, made by highdicom of a series of axial CT slices."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.color import CIELabColor
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentDescription
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from service.pixels.arrays import Values
from tests.web.series import ct_slice

ROWS, COLUMNS = 7, 9
LABELS = ("Liver", "Spleen", "Left kidney")


def ct_series(
    number_of_slices: int, rows: int = ROWS, columns: int = COLUMNS, **attributes: Any
) -> list[Dataset]:
    """Return axial slices 2.5 mm apart, with all that highdicom wants of them."""
    usual = {
        "FrameOfReferenceUID": "1.9",
        "PatientID": "P1",
        "PatientName": "",
        "PatientBirthDate": "",
        "PatientSex": "",
        "AccessionNumber": "",
        "StudyID": "",
        "StudyDate": "",
        "StudyTime": "",
        "ReferringPhysicianName": "",
        "Modality": "CT",
        "SeriesNumber": 1,
        "SliceThickness": 2.5,
    }
    stored = np.zeros((rows, columns), np.uint16)
    return [ct_slice(number, stored, **(usual | attributes)) for number in range(1, number_of_slices + 1)]


def segmentation(
    images: Sequence[Dataset], pixels: Values, kind: str = "BINARY", number: int = 1, **options: Any
) -> Segmentation:
    """Return a segmentation of some images.

    Args:
        images: that it refers to.
        pixels: shape (images, rows, columns) of segment numbers, or with a last axis of segments.
        kind: BINARY, FRACTIONAL or LABELMAP.
        number: of the instance in series 1.1.2.
        options: of highdicom.
    """
    highest = pixels.shape[-1] if pixels.ndim == 4 else max(1, int(pixels.max()))
    segmentation = Segmentation(
        source_images=images,
        pixel_array=pixels,
        segmentation_type=kind,
        segment_descriptions=[_description(number_) for number_ in range(1, highest + 1)],
        series_instance_uid="1.1.2",
        series_number=2,
        sop_instance_uid=f"1.1.2.{number}",
        instance_number=number,
        manufacturer="none",
        manufacturer_model_name="none",
        software_versions="1",
        device_serial_number="1",
        **options,
    )
    segmentation.file_meta.ImplementationClassUID = generate_uid()
    return segmentation


def _description(number: int) -> SegmentDescription:
    return SegmentDescription(
        segment_number=number,
        segment_label=LABELS[number - 1] if number <= len(LABELS) else f"Part {number}",
        segmented_property_category=codes.SCT.Organ,
        segmented_property_type=codes.SCT.Liver,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=AlgorithmIdentificationSequence(
            name="none", version="1", family=codes.DCM.ArtificialIntelligence
        ),
        display_color=CIELabColor.from_rgb(10 * number, 200, 30),
    )


def blocks(number_of_slices: int, number_of_segments: int) -> Values:
    """Return labels of blocks that do not overlap, some slices empty."""
    labels = np.zeros((number_of_slices, ROWS, COLUMNS), np.uint8)
    for number in range(1, number_of_segments + 1):
        labels[1 : number_of_slices - number, number : number + 2, 2 * number : 2 * number + 2] = number
    return labels
