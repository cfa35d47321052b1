"""Phantoms to look at: a chest as CT in every transfer syntax that matters, an MR, an ultrasound, enhanced images.

UIDs follow from numbers, so that a recorded request names the same instance each time: 2.25.1.2.3 is the
third instance of the second series of the first study.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import imagecodecs
import numpy as np
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    CTImageStorage,
    EnhancedMRImageStorage,
    MRImageStorage,
    SecondaryCaptureImageStorage,
    UltrasoundMultiFrameImageStorage,
)

from tests.builders import EXPLICIT, data_set, image, part10

Array = np.ndarray[Any, Any]

JPEG, JPEG_LOSSLESS, JPEG_LS = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80"
JPEG_2000, JPEG_XL, HTJ2K = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.201"

SIZE, SLICES = 96, 24  # of the chest: rows and columns, slices
SPACING, THICKNESS = 4.0, 6.0  # mm
CHEST, BRAIN, ECHO, REPORTS, SLIDE = 1, 2, 3, 4, 5  # studies
FRAME_OF_REFERENCE = "2.25.1.99"

ENCODERS: dict[str, Callable[[Array], bytes]] = {
    JPEG: lambda one: imagecodecs.jpeg8_encode(one, level=90),
    JPEG_LOSSLESS: lambda one: imagecodecs.jpeg8_encode(one, lossless=True, predictor=1),
    JPEG_LS: imagecodecs.jpegls_encode,
    JPEG_2000: lambda one: imagecodecs.jpeg2k_encode(one, level=0, codecformat="j2k", reversible=True),
    JPEG_XL: lambda one: imagecodecs.jpegxl_encode(one, lossless=True, effort=1),
    HTJ2K: imagecodecs.htj2k_encode,
}

# Hounsfield units, centre and radii (column, row, slice) of ellipsoids in a cube of -1 ... 1; later ones lie over
# earlier ones.
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
    found: Array = sum(((axis - middle) / radius) ** 2 for axis, middle, radius in axes) <= 1
    return found


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


def in_syntax(found: Dataset, frames: Sequence[Array], transfer_syntax: str) -> bytes:
    """Return the file of an image, its frames encoded."""
    if transfer_syntax != EXPLICIT:
        found.PixelData = encapsulate(
            [ENCODERS[transfer_syntax](np.ascontiguousarray(one)) for one in frames]
        )
        found["PixelData"].VR, found["PixelData"].is_undefined_length = "OB", True
    return part10(found, transfer_syntax)


def ct_files() -> Iterator[bytes]:
    """Yield the six CT series of the chest."""
    for series, (description, slices, transfer_syntax, (center, width)) in enumerate(CT_SERIES, 1):
        for index, values in enumerate(chest(slices)):
            stored = (values + 1024).astype(np.uint16)
            found = image(
                stored,
                **identity(CHEST, series, index + 1, description, "CT"),
                **geometry(index, slices),
                SOPClassUID=CTImageStorage,
                ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
                KVP=120,
                RescaleSlope=1,
                RescaleIntercept=-1024,
                RescaleType="HU",
                WindowCenter=center,
                WindowWidth=width,
            )
            yield in_syntax(found, [stored], transfer_syntax)


def mr_files() -> Iterator[bytes]:
    """Yield an MR of 16 slices."""
    for index, values in enumerate(chest(16)):
        stored = ((values + 1024) // 2).astype(np.uint16)
        found = image(
            stored,
            **identity(BRAIN, 1, index + 1, "T1", "MR"),
            **geometry(index, 16),
            SOPClassUID=MRImageStorage,
            ImageType=["ORIGINAL", "PRIMARY", "M"],
            WindowCenter=500,
            WindowWidth=1000,
        )
        yield part10(found)


def ultrasound_file() -> bytes:
    """Return a multi-frame ultrasound: a bright disc that moves, as JPEG Baseline in colour."""
    rows, columns = np.mgrid[:96, :128]
    frames = []
    for number in range(12):
        disc = (rows - 48) ** 2 + (columns - 20 - 8 * number) ** 2 < 300
        frames.append(np.where(disc[..., None], (250, 200, 40), (20, 30, 60)).astype(np.uint8))
    found = image(
        np.stack(frames),
        **identity(ECHO, 1, 1, "Cine", "US"),
        SOPClassUID=UltrasoundMultiFrameImageStorage,
        FrameTime=100,
        FrameIncrementPointer=0x00181063,
        CineRate=10,
        LossyImageCompression="01",
    )
    found.PhotometricInterpretation = "YBR_FULL_422"
    return in_syntax(found, frames, JPEG)


def enhanced_mr_file() -> bytes:
    """Return an Enhanced MR of 16 frames, whose places are in its functional groups. PS3.3 C.7.6.16."""
    stored = ((chest(16) + 1024) // 2).astype(np.uint16)
    shared = data(
        PixelMeasuresSequence=[data(PixelSpacing=[SPACING, SPACING], SliceThickness=THICKNESS)],
        PlaneOrientationSequence=[data(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
        FrameVOILUTSequence=[data(WindowCenter=500, WindowWidth=1000)],
        PixelValueTransformationSequence=[data(RescaleSlope=1, RescaleIntercept=0, RescaleType="US")],
    )
    frames = [
        data(
            FrameContentSequence=[
                data(StackID="1", InStackPositionNumber=number, DimensionIndexValues=[number])
            ],
            PlanePositionSequence=[data(ImagePositionPatient=position(number - 1, 16))],
        )
        for number in range(1, 17)
    ]
    found = image(
        stored,
        **identity(ECHO, 2, 1, "Enhanced", "MR"),
        SOPClassUID=EnhancedMRImageStorage,
        ImageType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
        FrameOfReferenceUID=FRAME_OF_REFERENCE,
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=frames,
    )
    return part10(found)


def image_files() -> Iterator[bytes]:
    """Yield every image of the phantoms."""
    yield from ct_files()
    yield from mr_files()
    yield ultrasound_file()
    yield enhanced_mr_file()


def small_files(count: int) -> Iterator[bytes]:
    """Yield one small image for each of many studies, which fill the pages of a study list."""
    for number in range(1, count + 1):
        uid = f"2.25.{1000 + number}"
        yield part10(
            image(
                np.full((8, 8), number % 256, np.uint8),
                SOPClassUID=SecondaryCaptureImageStorage,
                StudyInstanceUID=uid,
                SeriesInstanceUID=f"{uid}.1",
                SOPInstanceUID=f"{uid}.1.1",
                PatientName=f"Filler^{number:03}",
                PatientID=f"F-{number:03}",
                StudyDate=f"2020{1 + number // 28:02}{1 + number % 28:02}",
                StudyTime="120000",
                Modality="OT",
            )
        )


def data(**attributes: Any) -> Dataset:
    """Return an item of a sequence."""
    found = Dataset()
    for keyword, value in attributes.items():
        setattr(found, keyword, value)
    return found


def without_pixels(sop_class: str, attributes: dict[str, Any]) -> Dataset:
    """Return an instance that is no image."""
    return data_set(SOPClassUID=sop_class, **attributes)
