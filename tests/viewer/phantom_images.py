"""The images of the phantoms: CT in several transfer syntaxes, MR, ultrasound, enhanced MR, a slide."""

from collections.abc import Callable, Iterator, Sequence

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
    VLWholeSlideMicroscopyImageStorage,
)

from tests.builders import EXPLICIT, image, part10
from tests.viewer.phantoms import (
    BRAIN,
    CHEST,
    CT_SERIES,
    ECHO,
    FRAME_OF_REFERENCE,
    HTJ2K,
    JPEG,
    JPEG_2000,
    JPEG_LOSSLESS,
    JPEG_LS,
    JPEG_XL,
    SLIDE,
    SPACING,
    THICKNESS,
    Array,
    chest,
    code,
    geometry,
    identity,
    position,
)
from tests.web.series import item

TILES, TILE = 4, 64  # of the slide: to a side; pixels of one to a side

ENCODERS: dict[str, Callable[[Array], bytes]] = {
    JPEG: lambda frame: imagecodecs.jpeg8_encode(frame, level=90),
    JPEG_LOSSLESS: lambda frame: imagecodecs.jpeg8_encode(frame, lossless=True, predictor=1),
    JPEG_LS: imagecodecs.jpegls_encode,
    JPEG_2000: lambda frame: imagecodecs.jpeg2k_encode(frame, level=0, codecformat="j2k", reversible=True),
    JPEG_XL: lambda frame: imagecodecs.jpegxl_encode(frame, lossless=True, effort=1),
    HTJ2K: imagecodecs.htj2k_encode,
}


def in_syntax(dataset: Dataset, frames: Sequence[Array], transfer_syntax: str) -> bytes:
    """Return the file of an image, its frames encoded."""
    if transfer_syntax != EXPLICIT:
        dataset.PixelData = encapsulate(
            [ENCODERS[transfer_syntax](np.ascontiguousarray(frame)) for frame in frames]
        )
        dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    return part10(dataset, transfer_syntax)


def ct_files() -> Iterator[bytes]:
    """Yield the six CT series of the chest."""
    for series, (description, slices, transfer_syntax, (center, width)) in enumerate(CT_SERIES, 1):
        for index, values in enumerate(chest(slices)):
            stored = (values + 1024).astype(np.uint16)
            dataset = image(
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
            yield in_syntax(dataset, [stored], transfer_syntax)


def mr_files() -> Iterator[bytes]:
    """Yield an MR of 16 slices."""
    for index, values in enumerate(chest(16)):
        stored = ((values + 1024) // 2).astype(np.uint16)
        dataset = image(
            stored,
            **identity(BRAIN, 1, index + 1, "T1", "MR"),
            **geometry(index, 16),
            SOPClassUID=MRImageStorage,
            ImageType=["ORIGINAL", "PRIMARY", "M"],
            WindowCenter=500,
            WindowWidth=1000,
        )
        yield part10(dataset)


def ultrasound_file() -> bytes:
    """Return a multi-frame ultrasound: a bright disc that moves, as JPEG Baseline in colour."""
    rows, columns = np.mgrid[:96, :128]
    frames = []
    for number in range(12):
        disc = (rows - 48) ** 2 + (columns - 20 - 8 * number) ** 2 < 300
        frames.append(np.where(disc[..., None], (250, 200, 40), (20, 30, 60)).astype(np.uint8))
    dataset = image(
        np.stack(frames),
        **identity(ECHO, 1, 1, "Cine", "US"),
        SOPClassUID=UltrasoundMultiFrameImageStorage,
        FrameTime=100,
        FrameIncrementPointer=0x00181063,
        CineRate=10,
        LossyImageCompression="01",
    )
    dataset.PhotometricInterpretation = "YBR_FULL_422"
    return in_syntax(dataset, frames, JPEG)


def enhanced_mr_file() -> bytes:
    """Return an Enhanced MR of 16 frames, whose places are in its functional groups. PS3.3 C.7.6.16."""
    stored = ((chest(16) + 1024) // 2).astype(np.uint16)
    shared = item(
        PixelMeasuresSequence=[item(PixelSpacing=[SPACING, SPACING], SliceThickness=THICKNESS)],
        PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
        FrameVOILUTSequence=[item(WindowCenter=500, WindowWidth=1000)],
        PixelValueTransformationSequence=[item(RescaleSlope=1, RescaleIntercept=0, RescaleType="US")],
    )
    frames = [
        item(
            FrameContentSequence=[
                item(StackID="1", InStackPositionNumber=number, DimensionIndexValues=[number])
            ],
            PlanePositionSequence=[item(ImagePositionPatient=position(number - 1, 16))],
        )
        for number in range(1, 17)
    ]
    dataset = image(
        stored,
        **identity(ECHO, 2, 1, "Enhanced", "MR"),
        SOPClassUID=EnhancedMRImageStorage,
        ImageType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
        FrameOfReferenceUID=FRAME_OF_REFERENCE,
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=frames,
    )
    return part10(dataset)


def image_files() -> Iterator[bytes]:
    """Yield every image of the phantoms."""
    yield from ct_files()
    yield from mr_files()
    yield ultrasound_file()
    yield enhanced_mr_file()
    yield slide_file()


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


def slide_file() -> bytes:
    """Return a whole-slide image of 4 × 4 tiles. PS3.3 A.32.8."""
    side = TILES * TILE
    rows, columns = np.mgrid[:side, :side]
    slide = np.stack(
        [rows * 255 // side, columns * 255 // side, 128 + (rows // 8 + columns // 8) % 2 * 80], -1
    )
    tiles = (
        slide.astype(np.uint8).reshape(TILES, TILE, TILES, TILE, 3).swapaxes(1, 2).reshape(-1, TILE, TILE, 3)
    )
    dataset = image(
        tiles,
        **identity(SLIDE, 1, 1, "Volume", "SM"),
        SOPClassUID=VLWholeSlideMicroscopyImageStorage,
        ImageType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
        FrameOfReferenceUID="2.25.5.99",
        PositionReferenceIndicator="SLIDE_CORNER",
        DimensionOrganizationType="TILED_FULL",
        ImagedVolumeWidth=0.256,
        ImagedVolumeHeight=0.256,
        ImagedVolumeDepth=0.001,
        TotalPixelMatrixColumns=side,
        TotalPixelMatrixRows=side,
        TotalPixelMatrixOriginSequence=[
            item(XOffsetInSlideCoordinateSystem=20, YOffsetInSlideCoordinateSystem=40)
        ],
        ImageOrientationSlide=[0, -1, 0, -1, 0, 0],
        SpecimenLabelInImage="NO",
        ContainerIdentifier="SLIDE-1",
        FocusMethod="AUTO",
        ExtendedDepthOfField="NO",
        NumberOfOpticalPaths=1,
        TotalPixelMatrixFocalPlanes=1,
        LossyImageCompression="01",
        OpticalPathSequence=[
            item(
                OpticalPathIdentifier="1",
                IlluminationTypeCodeSequence=[code("111744", "DCM", "Brightfield illumination")],
                IlluminationColorCodeSequence=[code("371251000", "SCT", "White")],
            )
        ],
        SharedFunctionalGroupsSequence=[
            item(PixelMeasuresSequence=[item(PixelSpacing=[0.001, 0.001], SliceThickness=0.001)])
        ],
    )
    dataset.PhotometricInterpretation = "YBR_FULL_422"
    return in_syntax(dataset, list(tiles), JPEG)
