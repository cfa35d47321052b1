"""Small DICOM files of every encoding, made with pydicom.

UIDs are given as study.series.instance, as in `tests.metadata`: 1.2.3 is of series 1.2 of study 1.
"""

import struct
import zlib
from collections.abc import Sequence
from copy import deepcopy
from io import BytesIO
from itertools import accumulate
from typing import Any

import numpy as np
from pydicom import DataElement, Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate_extended
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import dcmwrite, write_file_meta_info
from pydicom.uid import (
    UID,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    MRImageStorage,
    RTDoseStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)

EXPLICIT, IMPLICIT = str(ExplicitVRLittleEndian), str(ImplicitVRLittleEndian)
BIG_ENDIAN, DEFLATED = str(ExplicitVRBigEndian), str(DeflatedExplicitVRLittleEndian)
JPEG_2000 = str(JPEG2000Lossless)

NATIVE_SYNTAXES = (EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED)

PREAMBLE = bytes(128) + b"DICM"
_WORD_SIZES = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
_STREAM_START, _STREAM_END = b"\xff\x4f\xff\x51", b"\xff\xd9"


def data_set(uid: str = "1.2.3", **attributes: Any) -> Dataset:
    """Return the least that can be stored, and further attributes by keyword."""
    study, series, _ = uid.split(".")
    defaults = {
        "SOPClassUID": MRImageStorage,
        "SOPInstanceUID": uid,
        "StudyInstanceUID": study,
        "SeriesInstanceUID": f"{study}.{series}",
    }
    dataset = Dataset()
    for keyword, value in (defaults | attributes).items():
        setattr(dataset, keyword, value)
    return dataset


def image(pixels: np.ndarray[Any, Any], uid: str = "1.2.3", **attributes: Any) -> Dataset:
    """Return an image of unsigned or signed integers.

    Args:
        pixels: shape (rows, columns) for one gray frame, (frames, rows, columns) for several, and with a last
            axis of three samples for RGB.
        uid: as study.series.instance.
        attributes: further ones by keyword.
    """
    colour = pixels.ndim > 2 and pixels.shape[-1] == 3
    *frames, rows, columns = pixels.shape[:-1] if colour else pixels.shape
    bits = pixels.dtype.itemsize * 8
    defaults: dict[str, Any] = {
        "SOPClassUID": SecondaryCaptureImageStorage,
        "SamplesPerPixel": 3 if colour else 1,
        "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2",
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
    }
    if colour:
        defaults["PlanarConfiguration"] = 0
    if frames:
        defaults["NumberOfFrames"] = frames[0]
    dataset = data_set(uid, **defaults | attributes)
    _set_pixels(dataset, pixels.astype(pixels.dtype.newbyteorder("<")).tobytes(), "OW" if bits > 8 else "OB")
    return dataset


def ct_image(uid: str = "1.2.3", **attributes: Any) -> Dataset:
    """Return a CT slice of 8 × 8 pixels, a ramp from -1024 to 3008 HU."""
    defaults = {
        "SOPClassUID": CTImageStorage,
        "Modality": "CT",
        "PatientName": "Doe^Jane",
        "PatientID": "P1",
        "StudyDate": "20240131",
        "SeriesNumber": 1,
        "InstanceNumber": 1,
        "BitsStored": 12,
        "HighBit": 11,
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
        "WindowCenter": 40,
        "WindowWidth": 400,
    }
    return image(64 * np.arange(64, dtype=np.uint16).reshape(8, 8), uid, **defaults | attributes)


def one_bit_image(pixels: np.ndarray[Any, Any], uid: str = "1.2.3") -> Dataset:
    """Return a segmentation of Bits Allocated 1, its frames packed without gaps. PS3.5 8.1.1.

    Args:
        pixels: zeros and ones, shape (frames, rows, columns).
        uid: as study.series.instance.
    """
    one_bit = {"SOPClassUID": SegmentationStorage, "BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}
    dataset = image(pixels.astype(np.uint8), uid, **one_bit)
    _set_pixels(dataset, np.packbits(pixels.astype(np.uint8), bitorder="little").tobytes(), "OB")
    return dataset


def float_image(pixels: np.ndarray[Any, Any], uid: str = "1.2.3") -> Dataset:
    """Return an image of Float or Double Float Pixel Data.

    Args:
        pixels: of 32 or 64 bits, shape (frames, rows, columns).
        uid: as study.series.instance.
    """
    bits = pixels.dtype.itemsize * 8
    dataset = data_set(
        uid,
        SOPClassUID=RTDoseStorage,
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        NumberOfFrames=pixels.shape[0],
        Rows=pixels.shape[1],
        Columns=pixels.shape[2],
        BitsAllocated=bits,
    )
    value = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    setattr(dataset, "FloatPixelData" if bits == 32 else "DoubleFloatPixelData", value)
    return dataset


def code_stream(content: bytes) -> bytes:
    """Return bytes that begin and end as a JPEG 2000 code stream does; nobody can decode them."""
    return _STREAM_START + content + b"\0" * (len(content) % 2) + _STREAM_END


def encapsulated(frames: Sequence[Sequence[bytes]], table: str = "basic", uid: str = "1.2.3") -> Dataset:
    """Return an image whose frames are given as the fragments that they are made of.

    Args:
        frames: per frame its fragments, each of even length.
        table: "empty", "basic" or "extended" (one fragment per frame): the kind of offset table.
        uid: as study.series.instance.
    """
    dataset = image(np.zeros((len(frames), 2, 2), np.uint8), uid)
    if table == "extended":
        parts = [b"".join(frame) for frame in frames]
        value, dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = encapsulate_extended(parts)
    else:
        sizes = [sum(8 + len(fragment) for fragment in frame) for frame in frames]
        offsets = list(accumulate(sizes, initial=0))[:-1]
        entries = np.array(offsets, "<u4").tobytes() if table == "basic" else b""
        value = b"".join(map(item, (entries, *(fragment for frame in frames for fragment in frame))))
    _set_pixels(dataset, value, "OB")
    dataset["PixelData"].is_undefined_length = True
    return dataset


def item(value: bytes) -> bytes:
    """Return a value with the header of an item before it, in little endian."""
    return b"\xfe\xff\x00\xe0" + len(value).to_bytes(4, "little") + value


def element(tag: int, vr: str, value: bytes) -> bytes:
    """Return one element in explicit VR little endian, whatever its value: pydicom would complain."""
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    long = vr in _WORD_SIZES or vr in ("OB", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
    return head + struct.pack("<xxL" if long else "<H", len(value)) + value


def encoded(dataset: Dataset, transfer_syntax: str = EXPLICIT) -> bytes:
    """Return the data set alone, without preamble and group 0002; not deflated."""
    big_endian = transfer_syntax == BIG_ENDIAN
    file = BytesIO()
    dcmwrite(
        file,
        _swapped(dataset) if big_endian else dataset,
        implicit_vr=transfer_syntax == IMPLICIT,
        little_endian=not big_endian,
    )
    return file.getvalue()


def file_head(dataset: Dataset, transfer_syntax: str = EXPLICIT) -> bytes:
    """Return preamble and group 0002 of a data set's file."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", CTImageStorage)
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "1.2.3")
    meta.TransferSyntaxUID = UID(transfer_syntax)
    file = DicomBytesIO()
    write_file_meta_info(file, meta)
    return PREAMBLE + file.getvalue()


def part10(dataset: Dataset, transfer_syntax: str = EXPLICIT) -> bytes:
    """Return the whole file; explicit VR little endian in any transfer syntax not named above."""
    body = encoded(dataset, transfer_syntax)
    if transfer_syntax == DEFLATED:
        deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        body = deflater.compress(body) + deflater.flush()
        body += b"\0" * (len(body) % 2)
    return file_head(dataset, transfer_syntax) + body


def _set_pixels(dataset: Dataset, value: bytes, vr: str) -> None:
    dataset.add_new("PixelData", vr, value + b"\0" * (len(value) % 2))


def _swapped(dataset: Dataset) -> Dataset:
    """Return the data set with its binary values in big endian: pydicom writes them as they are."""
    swapped = deepcopy(dataset)
    pixel_size = 4 if dataset.get("BitsAllocated") == 32 else 2

    def swap(_: Dataset, element: DataElement) -> None:
        size = pixel_size if element.keyword == "PixelData" else _WORD_SIZES.get(element.VR, 1)
        if element.VR in _WORD_SIZES and element.value:
            element.value = np.frombuffer(element.value, f"<u{size}").byteswap().tobytes()

    swapped.walk(swap)
    return swapped
