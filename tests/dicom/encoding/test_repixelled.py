from collections.abc import Iterable
from io import BytesIO
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames
from pydicom.filewriter import dcmwrite
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    SecondaryCaptureImageStorage,
    VLWholeSlideMicroscopyImageStorage,
)

from service.dicom.encoding.explicit import Value, file_head
from service.dicom.encoding.part10 import read_file_meta
from service.dicom.encoding.repixelled import (
    LossyCompression,
    PixelEncoding,
    derived_uid,
    item,
    transcoded,
)
from service.dicom.encoding.walk import walk

STREAMS = [b"first", b"second one"]
NATIVE = PixelEncoding(str(ExplicitVRLittleEndian), "RGB", 0, 8, 7, native_length=9, number_of_frames=2)
ENCAPSULATED = PixelEncoding("1.2.840.10008.1.2.4.80", "MONOCHROME2", None, 16, 12, None, number_of_frames=2)
LOSSY = LossyCompression("2.25.7", "ISO_10918_1", 12.3456, "Lossy compression by ISO_10918_1")


def data_set(**attributes: Any) -> Dataset:
    """Return an image of two frames in JPEG 2000, without any streams that could be decoded."""
    instance = Dataset()
    usual = {
        "SOPClassUID": SecondaryCaptureImageStorage,
        "SOPInstanceUID": "1.2.3",
        "PatientName": "Doe^Jane",
        "PhotometricInterpretation": "YBR_RCT",
        "NumberOfFrames": 2,
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 15,
        "PixelData": encapsulate(STREAMS),
    }
    for keyword, value in (usual | attributes).items():
        setattr(instance, keyword, value)
    instance["PixelData"].VR = "OB"
    return instance


def sent(stored: Dataset, pixels: PixelEncoding, frames: bytes) -> Dataset:
    """Return what an independent reader finds in the transcoded file."""
    file = BytesIO()
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = JPEG2000Lossless
    stored.file_meta = meta
    dcmwrite(file, stored, enforce_file_format=True)
    buffer = file.getvalue()
    head = read_file_meta(buffer)
    elements = walk(buffer, head.dataset_offset, head.encoding)
    before, after = transcoded(buffer, elements, head.encoding, pixels)
    start = file_head(stored.SOPClassUID, stored.SOPInstanceUID, pixels.transfer_syntax)
    content = start + joined(buffer, before) + frames + joined(buffer, after)
    return pydicom.dcmread(BytesIO(content))


def joined(buffer: bytes, pieces: Iterable[bytes | Value]) -> bytes:
    return b"".join(
        buffer[piece.offset : piece.offset + piece.length] if isinstance(piece, Value) else piece
        for piece in pieces
    )


def test_native_pixels_are_padded_and_described() -> None:
    instance = sent(data_set(), NATIVE, b"123456789")

    assert instance.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert (instance.PhotometricInterpretation, instance.PlanarConfiguration, instance.HighBit) == (
        "RGB",
        0,
        6,
    )
    assert (instance["PixelData"].VR, instance.PixelData) == ("OB", b"123456789\0")


def test_encapsulated_pixels_follow_an_empty_offset_table() -> None:
    frames = item(b"odd") + item(b"even")

    instance = sent(data_set(), ENCAPSULATED, frames)

    assert instance.file_meta.TransferSyntaxUID == ENCAPSULATED.transfer_syntax
    assert instance["PixelData"].is_undefined_length
    assert instance.PixelData[:8] == b"\xfe\xff\x00\xe0" + bytes(4)
    assert list(generate_frames(instance.PixelData, number_of_frames=2)) == [b"odd\0", b"even"]
    assert "PlanarConfiguration" not in instance


@pytest.mark.parametrize("pixels", [NATIVE, ENCAPSULATED], ids=["native", "encapsulated"])
def test_every_other_attribute_keeps_its_value(pixels: PixelEncoding) -> None:
    stored = data_set(StudyDate="20240131", WindowCenter=[40, 400], DataSetTrailingPadding=b"\0\0\0\0")
    code = Dataset()
    code.CodeValue = "T-D1100"
    stored.AnatomicRegionSequence = [code]
    stored.private_block(0x11, "A CREATOR", create=True).add_new(1, "LO", "a value")

    instance = sent(stored, pixels, b"123456789")

    changed = {"PhotometricInterpretation", "HighBit", "PlanarConfiguration", "PixelData"}
    kept = [element for element in stored if element.keyword not in changed]
    assert [instance[element.tag] for element in kept] == kept
    assert {element.tag for element in instance} - {element.tag for element in kept} <= {
        pydicom.tag.Tag(keyword) for keyword in changed
    }


def test_extended_offset_tables_do_not_stay() -> None:
    pixels, offsets, lengths = encapsulate_extended(STREAMS)
    stored = data_set(PixelData=pixels, ExtendedOffsetTable=offsets, ExtendedOffsetTableLengths=lengths)

    instance = sent(stored, ENCAPSULATED, b"")

    assert "ExtendedOffsetTable" not in instance
    assert "ExtendedOffsetTableLengths" not in instance


def test_an_icon_in_the_stored_transfer_syntax_does_not_stay() -> None:
    icon = Dataset()
    icon.PixelData = encapsulate([b"icon"])
    icon["PixelData"].VR = "OB"
    icon["PixelData"].is_undefined_length = True

    instance = sent(data_set(IconImageSequence=[icon]), NATIVE, b"123456789")

    assert "IconImageSequence" not in instance


def test_an_image_that_lost_values_is_another_instance_and_says_whence() -> None:
    pixels = PixelEncoding("1.2.840.10008.1.2.4.50", "MONOCHROME2", None, 8, 8, None, LOSSY)

    instance = sent(data_set(ImageType=["ORIGINAL", "PRIMARY", "AXIAL"]), pixels, item(b"jpeg"))

    assert instance.SOPInstanceUID == "2.25.7"
    assert instance.ImageType == ["DERIVED", "PRIMARY", "AXIAL"]
    assert instance.LossyImageCompression == "01"
    assert instance.LossyImageCompressionMethod == "ISO_10918_1"
    assert instance.LossyImageCompressionRatio == 12.35
    assert instance.SourceImageSequence[0].ReferencedSOPInstanceUID == "1.2.3"
    assert instance.SourceImageSequence[0].ReferencedSOPClassUID == SecondaryCaptureImageStorage
    assert instance.DerivationCodeSequence[0].CodeValue == "113040"
    assert instance.DerivationDescription == LOSSY.description


def references(instance: Dataset) -> dict[str, list[str]]:
    """Return the instances that are referred to, by series."""
    return {
        series.SeriesInstanceUID: [one.ReferencedSOPInstanceUID for one in series.ReferencedInstanceSequence]
        for series in instance.ReferencedSeriesSequence
    }


def referenced(series_uid: str, *uids: str) -> Dataset:
    """Return an item of Referenced Series Sequence."""
    series = Dataset()
    series.SeriesInstanceUID = series_uid
    series.ReferencedInstanceSequence = [Dataset() for _ in uids]
    for reference, uid in zip(series.ReferencedInstanceSequence, uids, strict=True):
        reference.ReferencedSOPClassUID = SecondaryCaptureImageStorage
        reference.ReferencedSOPInstanceUID = uid
    return series


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        pytest.param([], {"1.2": ["1.2.3"]}, id="none so far"),
        pytest.param(
            [referenced("1.9", "1.9.1", "1.9.2")],
            {"1.9": ["1.9.1", "1.9.2"], "1.2": ["1.2.3"]},
            id="another series",
        ),
        pytest.param(
            [referenced("1.2", "1.2.2"), referenced("1.9", "1.9.1")],
            {"1.2": ["1.2.2", "1.2.3"], "1.9": ["1.9.1"]},
            id="the same series",
        ),
    ],
)
@pytest.mark.parametrize("sop_class", [VLWholeSlideMicroscopyImageStorage, SecondaryCaptureImageStorage])
def test_the_source_of_an_image_that_lost_values_is_among_what_it_refers_to(
    stored: list[Dataset], expected: dict[str, list[str]], sop_class: str
) -> None:
    pixels = PixelEncoding("1.2.840.10008.1.2.4.50", "MONOCHROME2", None, 8, 8, None, LOSSY)
    more = {"ReferencedSeriesSequence": stored} if stored else {}

    instance = sent(data_set(SeriesInstanceUID="1.2", SOPClassUID=sop_class, **more), pixels, item(b"jpeg"))

    assert references(instance) == expected
    [own] = (series for series in instance.ReferencedSeriesSequence if series.SeriesInstanceUID == "1.2")
    assert own.ReferencedInstanceSequence[-1].ReferencedSOPClassUID == sop_class
    assert instance.SourceImageSequence[0].ReferencedSOPInstanceUID == "1.2.3"


def test_an_image_that_lost_nothing_refers_to_nothing_new() -> None:
    assert "ReferencedSeriesSequence" not in sent(data_set(SeriesInstanceUID="1.2"), ENCAPSULATED, b"")


def test_an_image_that_lost_values_before_keeps_their_history() -> None:
    stored = data_set(LossyImageCompressionRatio="4.5", LossyImageCompressionMethod="ISO_15444_1")
    pixels = PixelEncoding("1.2.840.10008.1.2.4.50", "MONOCHROME2", None, 8, 8, None, LOSSY)

    instance = sent(stored, pixels, item(b"jpeg"))

    assert list(instance.LossyImageCompressionRatio) == [4.5, 12.35]
    assert list(instance.LossyImageCompressionMethod) == ["ISO_15444_1", "ISO_10918_1"]


def test_the_uid_of_a_derived_image_is_always_the_same() -> None:
    uid = derived_uid("1.2.3", "1.2.840.10008.1.2.4.50")

    assert uid == derived_uid("1.2.3", "1.2.840.10008.1.2.4.50")
    assert uid != derived_uid("1.2.4", "1.2.840.10008.1.2.4.50")
    assert pydicom.uid.UID(uid).is_valid
