"""What is no image among the phantoms: a report, a PDF, an ECG, a video."""

from pathlib import Path

import numpy as np
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    BasicTextSRStorage,
    EncapsulatedPDFStorage,
    TwelveLeadECGWaveformStorage,
    VideoPhotographicImageStorage,
)

from tests.builders import data_set, image, part10
from tests.viewer.phantoms import REPORTS, code, identity
from tests.web.series import item

MPEG4 = "1.2.840.10008.1.2.4.102"
SR_SERIES, PDF_SERIES, ECG_SERIES, VIDEO_SERIES = 1, 2, 3, 4
_VIDEO = Path(__file__).parent / "testcard.mp4"


def report_file() -> bytes:
    """Return a Basic Text SR with one finding."""
    finding = item(
        RelationshipType="CONTAINS",
        ValueType="TEXT",
        ConceptNameCodeSequence=[code("121071", "DCM", "Finding")],
        TextValue="A nodule of ellipsoids in the right lung",
    )
    attributes = identity(REPORTS, SR_SERIES, 1, "Report", "SR") | {
        "ContentDate": "20240504",
        "ContentTime": "123000",
        "CompletionFlag": "COMPLETE",
        "VerificationFlag": "UNVERIFIED",
        "ValueType": "CONTAINER",
        "ContinuityOfContent": "SEPARATE",
        "ConceptNameCodeSequence": [code("18748-4", "LN", "Diagnostic imaging report")],
        "ContentSequence": [finding],
    }
    return part10(data_set(SOPClassUID=BasicTextSRStorage, **attributes))


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
    return part10(data_set(SOPClassUID=EncapsulatedPDFStorage, **attributes))


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
    group = item(
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
    return part10(data_set(SOPClassUID=TwelveLeadECGWaveformStorage, **attributes))


def _channel(number: int, lead: str) -> Dataset:
    return item(
        WaveformChannelNumber=number,
        ChannelSourceSequence=[code(f"2:{number}", "MDC", f"Lead {lead}")],
        ChannelSensitivity=1,
        ChannelSensitivityUnitsSequence=[code("uV", "UCUM", "microvolt")],
        ChannelSensitivityCorrectionFactor=1,
        ChannelBaseline=0,
        ChannelSampleSkew=0,
        WaveformBitsStored=16,
    )


def video_file() -> bytes:
    """Return a video of two seconds, 20 frames of a test card."""
    dataset = image(
        np.zeros((20, 2, 2, 3), np.uint8),
        **identity(REPORTS, VIDEO_SERIES, 1, "Test card", "XC"),
        SOPClassUID=VideoPhotographicImageStorage,
        ImageType=["ORIGINAL", "PRIMARY"],
        CineRate=10,
        FrameTime=100,
        FrameIncrementPointer=0x00181063,
        LossyImageCompression="01",
    )
    dataset.Rows, dataset.Columns, dataset.PhotometricInterpretation = 120, 160, "YBR_PARTIAL_420"
    dataset.PixelData = encapsulate([_VIDEO.read_bytes()])
    dataset["PixelData"].is_undefined_length = True
    return part10(dataset, MPEG4)
