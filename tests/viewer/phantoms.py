"""The patients of the phantoms: who they are, and a chest of ellipsoids.

UIDs follow from numbers, so that a recorded request names the same instance each time: 2.25.1.2.3 is the
third instance of the second series of the first study.
"""

from typing import Any

import numpy as np
from pydicom import Dataset

from tests.builders import EXPLICIT
from tests.web.series import item

Array = np.ndarray[Any, Any]

JPEG, JPEG_LOSSLESS, JPEG_LS = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80"
JPEG_2000, JPEG_XL, HTJ2K = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.201"

SIZE, SLICES = 96, 24  # of the chest: rows and columns, slices
SPACING, THICKNESS = 4.0, 6.0  # mm
CHEST, BRAIN, ECHO, REPORTS, SLIDE = 1, 2, 3, 4, 5  # studies
FRAME_OF_REFERENCE = "2.25.1.99"

# Hounsfield units, center and radii (column, row, slice) of ellipsoids in a cube of -1 ... 1; the later lie
# over the earlier.
_ORGANS = (
    (30, (0, 0, 0), (0.9, 0.65, 9)),
    (-820, (-0.42, -0.05, 0), (0.32, 0.45, 0.95)),
    (-820, (0.42, -0.05, 0), (0.32, 0.45, 0.95)),
    (60, (0.12, -0.12, -0.2), (0.26, 0.28, 0.5)),
    (800, (0, 0.42, 0), (0.1, 0.12, 9)),
)
NODULE = (90, (-0.42, -0.1, 0.1), (0.16, 0.2, 0.4))

# The CT series: description, slices, transfer syntax, window.
CT_SERIES = (
    ("Native", SLICES, EXPLICIT, (40, 400)),
    ("Lung JPEG-LS", 8, JPEG_LS, (-600, 1500)),
    ("Bone JPEG 2000", 8, JPEG_2000, (300, 1500)),
    ("HTJ2K", 8, HTJ2K, (40, 400)),
    ("JPEG XL", 8, JPEG_XL, (40, 400)),
    ("JPEG Lossless", 8, JPEG_LOSSLESS, (40, 400)),
)
PATIENTS = {
    CHEST: ("Phantom^Ada", "PH-1", "20240201", "Chest of ellipsoids"),
    BRAIN: ("Phantom^Berta", "PH-2", "20240302", "Brain of ellipsoids"),
    ECHO: ("Sonar^Carl", "PH-3", "20240403", "Ultrasound and enhanced MR"),
    REPORTS: ("Papers^Dora", "PH-4", "20240504", "What is no image"),
    SLIDE: ("Slide^Emil", "PH-5", "20240605", "A slide of tiles"),
}


def identity(study: int, series: int, number: int, description: str, modality: str) -> dict[str, Any]:
    """Return the attributes that say whose instance it is and where it belongs."""
    name, patient_id, date, study_description = PATIENTS[study]
    return {
        "SpecificCharacterSet": "ISO_IR 192",
        "PatientName": name,
        "PatientID": patient_id,
        "PatientBirthDate": "19700101",
        "PatientSex": "O",
        "StudyInstanceUID": f"2.25.{study}",
        "SeriesInstanceUID": f"2.25.{study}.{series}",
        "SOPInstanceUID": f"2.25.{study}.{series}.{number}",
        "StudyID": str(study),
        "StudyDate": date,
        "StudyTime": f"{8 + study:02}3000",
        "SeriesDate": date,
        "SeriesTime": f"{8 + study:02}3000",
        "AccessionNumber": f"A{study}",
        "StudyDescription": study_description,
        "SeriesDescription": description,
        "SeriesNumber": series,
        "InstanceNumber": number,
        "Modality": modality,
        "ReferringPhysicianName": "",
        "Manufacturer": "Ellipsoids",
    }


def inside(organ: tuple[Any, ...], shape: tuple[int, int, int]) -> Array:
    """Return which voxels of (slices, rows, columns) lie inside an ellipsoid."""
    _, center, radii = organ
    slices, rows, columns = np.meshgrid(*(np.linspace(-1, 1, size) for size in shape), indexing="ij")
    axes = zip((columns, rows, slices), center, radii, strict=True)
    mask: Array = sum(((axis - middle) / radius) ** 2 for axis, middle, radius in axes) <= 1
    return mask


def chest(slices: int = SLICES) -> Array:
    """Return Hounsfield units, shape (slices, rows, columns); the lung has a nodule."""
    values = np.full((slices, SIZE, SIZE), -1000)
    for organ in (*_ORGANS, NODULE):
        values[inside(organ, values.shape)] = organ[0]
    return values


def position(index: int, slices: int = SLICES) -> list[float]:
    """Return Image Position (Patient) of a slice, in mm."""
    corner = -SPACING * SIZE / 2
    return [corner, corner, THICKNESS * (index - slices / 2) * SLICES / slices]


def geometry(index: int, slices: int = SLICES) -> dict[str, Any]:
    """Return the attributes that place a slice in the patient."""
    return {
        "FrameOfReferenceUID": FRAME_OF_REFERENCE,
        "PositionReferenceIndicator": "",
        "PatientPosition": "HFS",
        "ImagePositionPatient": position(index, slices),
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [SPACING, SPACING],
        "SliceThickness": THICKNESS,
    }


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """Return an item of a code sequence. PS3.3 8."""
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)
