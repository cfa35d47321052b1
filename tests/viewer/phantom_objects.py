"""What refers to the chest of the phantoms, and what is no image: SEG, RTSTRUCT, SR, PDF, ECG, video, a slide."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    BasicTextSRStorage,
    CTImageStorage,
    EncapsulatedPDFStorage,
    RTStructureSetStorage,
    TwelveLeadECGWaveformStorage,
    VideoPhotographicImageStorage,
    VLWholeSlideMicroscopyImageStorage,
)

from tests.builders import image, one_bit_image, part10
from tests.viewer.phantoms import (
    CHEST,
    CT_SERIES,
    FRAME_OF_REFERENCE,
    JPEG,
    NODULE,
    REPORTS,
    SIZE,
    SLICES,
    SLIDE,
    SPACING,
    THICKNESS,
    data,
    identity,
    inside,
    position,
    without_pixels,
)

MPEG4 = "1.2.840.10008.1.2.4.102"
SEG_SERIES, RTSTRUCT_SERIES = len(CT_SERIES) + 1, len(CT_SERIES) + 2
SR_SERIES, PDF_SERIES, ECG_SERIES, VIDEO_SERIES = 1, 2, 3, 4
TILES, TILE = 4, 64  # of the slide: to a side; pixels of one to a side
_CIELAB_RED = [36484, 53154, 50151]
_VIDEO = Path(__file__).parent / "testcard.mp4"


def object_files() -> Iterator[bytes]:
    """Yield all of them."""
    for make in (
        segmentation_file, structure_set_file, report_file, pdf_file, ecg_file, video_file, slide_file
    ):  # fmt: skip
        yield make()


def segmentation_file() -> bytes:
    """Return a segmentation of the nodule, over the first CT series. PS3.3 A.51."""
    nodule = inside(NODULE, (SLICES, SIZE, SIZE))
    indices = [int(one) for one in np.flatnonzero(nodule.any(axis=(1, 2)))]
    found = one_bit_image(nodule[indices])
    for keyword, value in identity(CHEST, SEG_SERIES, 1, "Nodule", "SEG").items():
        setattr(found, keyword, value)
    found.ImageType, found.FrameOfReferenceUID = ["DERIVED", "PRIMARY"], FRAME_OF_REFERENCE
    found.SegmentationType, found.ContentLabel, found.ContentDescription = "BINARY", "NODULE", ""
    found.ContentCreatorName, found.LossyImageCompression = "", "00"
    found.SegmentSequence = [_segment()]
    found.ReferencedSeriesSequence = [
        data(SeriesInstanceUID=f"2.25.{CHEST}.1", ReferencedInstanceSequence=[_ct(one) for one in indices])
    ]
    found.DimensionOrganizationSequence = [data(DimensionOrganizationUID="2.25.1.98")]
    found.DimensionIndexSequence = [_dimension(0x0062000B, 0x0062000A), _dimension(0x00200032, 0x00209113)]
    found.SharedFunctionalGroupsSequence = [
        data(
            PixelMeasuresSequence=[data(PixelSpacing=[SPACING, SPACING], SliceThickness=THICKNESS)],
            PlaneOrientationSequence=[data(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
        )
    ]
    found.PerFrameFunctionalGroupsSequence = [
        _segmented(index, number) for number, index in enumerate(indices, 1)
    ]
    return part10(found)


def _segment() -> Dataset:
    tissue = _code("85756007", "SCT", "Tissue")
    return data(
        SegmentNumber=1,
        SegmentLabel="Nodule",
        SegmentAlgorithmType="MANUAL",
        SegmentedPropertyCategoryCodeSequence=[tissue],
        SegmentedPropertyTypeCodeSequence=[_code("27925004", "SCT", "Nodule")],
        RecommendedDisplayCIELabValue=_CIELAB_RED,
    )


def _dimension(pointer: int, group: int) -> Dataset:
    return data(
        DimensionOrganizationUID="2.25.1.98", DimensionIndexPointer=pointer, FunctionalGroupPointer=group
    )


def _segmented(index: int, number: int) -> Dataset:
    """Return the functional groups of the frame that lies over a slice."""
    source = _ct(index)
    source.PurposeOfReferenceCodeSequence = [
        _code("121322", "DCM", "Source image for image processing operation")
    ]
    derivation = data(
        SourceImageSequence=[source], DerivationCodeSequence=[_code("113076", "DCM", "Segmentation")]
    )
    return data(
        DerivationImageSequence=[derivation],
        FrameContentSequence=[data(DimensionIndexValues=[1, number])],
        PlanePositionSequence=[data(ImagePositionPatient=position(index))],
        SegmentIdentificationSequence=[data(ReferencedSegmentNumber=1)],
    )


def structure_set_file() -> bytes:
    """Return a structure set with the nodule's outlines, over the first CT series. PS3.3 A.19."""
    nodule = inside(NODULE, (SLICES, SIZE, SIZE))
    contours = [_contour(index, nodule[index]) for index in range(SLICES) if nodule[index].any()]
    series = data(
        SeriesInstanceUID=f"2.25.{CHEST}.1", ContourImageSequence=[_ct(index) for index in range(SLICES)]
    )
    study = data(
        ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1",
        ReferencedSOPInstanceUID=f"2.25.{CHEST}",
        RTReferencedSeriesSequence=[series],
    )
    attributes = identity(CHEST, RTSTRUCT_SERIES, 1, "Outlines", "RTSTRUCT") | {
        "StructureSetLabel": "Outlines",
        "StructureSetDate": "20240201",
        "StructureSetTime": "093000",
        "ReferencedFrameOfReferenceSequence": [
            data(FrameOfReferenceUID=FRAME_OF_REFERENCE, RTReferencedStudySequence=[study])
        ],
        "StructureSetROISequence": [
            data(
                ROINumber=1,
                ROIName="Nodule",
                ROIGenerationAlgorithm="MANUAL",
                ReferencedFrameOfReferenceUID=FRAME_OF_REFERENCE,
            )
        ],
        "ROIContourSequence": [
            data(ROIDisplayColor=[255, 0, 0], ContourSequence=contours, ReferencedROINumber=1)
        ],
        "RTROIObservationsSequence": [
            data(ObservationNumber=1, ReferencedROINumber=1, RTROIInterpretedType="GTV", ROIInterpreter="")
        ],
    }
    return part10(without_pixels(RTStructureSetStorage, attributes))


def _contour(index: int, mask: np.ndarray[Any, Any]) -> Dataset:
    """Return the outline of a slice of the nodule: an ellipse, as far as its mask reaches."""
    rows, columns = np.nonzero(mask)
    left, top, z = position(index)
    angles = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    x = left + SPACING * (columns.mean() + (np.ptp(columns) / 2 + 0.5) * np.cos(angles))
    y = top + SPACING * (rows.mean() + (np.ptp(rows) / 2 + 0.5) * np.sin(angles))
    points = np.stack([x, y, np.full_like(x, z)], axis=1).round(2)
    return data(
        ContourImageSequence=[_ct(index)],
        ContourGeometricType="CLOSED_PLANAR",
        NumberOfContourPoints=len(points),
        ContourData=[float(value) for value in points.ravel()],
    )


def _ct(index: int) -> Dataset:
    return data(ReferencedSOPClassUID=CTImageStorage, ReferencedSOPInstanceUID=f"2.25.{CHEST}.1.{index + 1}")


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    return data(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def report_file() -> bytes:
    """Return a Basic Text SR with one finding."""
    finding = data(
        RelationshipType="CONTAINS",
        ValueType="TEXT",
        ConceptNameCodeSequence=[_code("121071", "DCM", "Finding")],
        TextValue="A nodule of ellipsoids in the right lung",
    )
    attributes = identity(REPORTS, SR_SERIES, 1, "Report", "SR") | {
        "ContentDate": "20240504",
        "ContentTime": "123000",
        "CompletionFlag": "COMPLETE",
        "VerificationFlag": "UNVERIFIED",
        "ValueType": "CONTAINER",
        "ContinuityOfContent": "SEPARATE",
        "ConceptNameCodeSequence": [_code("18748-4", "LN", "Diagnostic imaging report")],
        "ContentSequence": [finding],
    }
    return part10(without_pixels(BasicTextSRStorage, attributes))


def pdf_file() -> bytes:
    """Return an encapsulated PDF of one page."""
    content = _pdf("A page about ellipsoids")
    attributes = identity(REPORTS, PDF_SERIES, 1, "Letter", "DOC") | {
        "DocumentTitle": "Letter",
        "BurnedInAnnotation": "NO",
        "MIMETypeOfEncapsulatedDocument": "application/pdf",
        "EncapsulatedDocument": content + bytes(len(content) % 2),
        "EncapsulatedDocumentLength": len(content),
    }
    return part10(without_pixels(EncapsulatedPDFStorage, attributes))


def _pdf(text: str) -> bytes:
    drawn = f"BT /F1 24 Tf 60 700 Td ({text}) Tj ET"
    objects = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(drawn)}>>stream\n{drawn}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    body, offsets = f"%PDF-1.4\n%{'a comment, so that it is no inline value ' * 200}\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj{content}endobj\n"
    entries = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    table = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{entries}"
    return (
        f"{body}{table}trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{len(body)}\n%%EOF".encode()
    )


def ecg_file() -> bytes:
    """Return a 12-lead ECG of five seconds."""
    seconds = np.arange(2500) / 500
    beat = 800 * np.exp(-(((seconds % 0.8) - 0.4) ** 2) / 0.0004) + 120 * np.sin(2 * np.pi * seconds / 0.8)
    samples = np.outer(beat, np.linspace(-1, 1, 12)).astype("<i2")
    leads = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
    group = data(
        MultiplexGroupTimeOffset=0,
        WaveformOriginality="ORIGINAL",
        NumberOfWaveformChannels=12,
        NumberOfWaveformSamples=len(samples),
        SamplingFrequency=500,
        ChannelDefinitionSequence=[_channel(number, lead) for number, lead in enumerate(leads, 1)],
        WaveformBitsAllocated=16,
        WaveformSampleInterpretation="SS",
    )
    group.add_new("WaveformData", "OW", samples.tobytes())
    attributes = identity(REPORTS, ECG_SERIES, 1, "Rest", "ECG") | {
        "AcquisitionDateTime": "20240504123000",
        "WaveformSequence": [group],
    }
    return part10(without_pixels(TwelveLeadECGWaveformStorage, attributes))


def _channel(number: int, lead: str) -> Dataset:
    return data(
        WaveformChannelNumber=number,
        ChannelSourceSequence=[_code(f"2:{number}", "MDC", f"Lead {lead}")],
        ChannelSensitivity=1,
        ChannelSensitivityUnitsSequence=[_code("uV", "UCUM", "microvolt")],
        ChannelSensitivityCorrectionFactor=1,
        ChannelBaseline=0,
        ChannelSampleSkew=0,
        WaveformBitsStored=16,
    )


def video_file() -> bytes:
    """Return a video of two seconds, 20 frames of a test card."""
    found = image(
        np.zeros((20, 2, 2, 3), np.uint8),
        **identity(REPORTS, VIDEO_SERIES, 1, "Test card", "XC"),
        SOPClassUID=VideoPhotographicImageStorage,
        ImageType=["ORIGINAL", "PRIMARY"],
        CineRate=10,
        FrameTime=100,
        FrameIncrementPointer=0x00181063,
        LossyImageCompression="01",
    )
    found.Rows, found.Columns, found.PhotometricInterpretation = 120, 160, "YBR_PARTIAL_420"
    found.PixelData = encapsulate([_VIDEO.read_bytes()])
    found["PixelData"].is_undefined_length = True
    return part10(found, MPEG4)


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
    found = image(
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
            data(XOffsetInSlideCoordinateSystem=20, YOffsetInSlideCoordinateSystem=40)
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
            data(
                OpticalPathIdentifier="1",
                IlluminationTypeCodeSequence=[_code("111744", "DCM", "Brightfield illumination")],
                IlluminationColorCodeSequence=[_code("371251000", "SCT", "White")],
            )
        ],
        SharedFunctionalGroupsSequence=[
            data(PixelMeasuresSequence=[data(PixelSpacing=[0.001, 0.001], SliceThickness=0.001)])
        ],
    )
    found.PhotometricInterpretation = "YBR_FULL_422"
    found.PixelData = encapsulate(
        [imagecodecs.jpeg8_encode(np.ascontiguousarray(one), level=90) for one in tiles]
    )
    found["PixelData"].is_undefined_length = True
    return part10(found, JPEG)
