"""Compressed images, the service they are stored in, and its answers taken apart."""

from typing import Any

import httpx
import imagecodecs
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import CTImageStorage

EXPLICIT, JPEG_2000, JPEG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.50"
JPEG_LS, HTJ2K, RLE = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.5"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
DEFLATED_FRAMES, MPEG4 = "1.2.840.10008.1.2.8.1", "1.2.840.10008.1.2.4.102"
OCTETS, DICOM = "application/octet-stream", "application/dicom"

MEDIA_TYPES = {
    JPEG_LS: "image/jls",
    JPEG_2000: "image/jp2",
    HTJ2K: "image/jphc",
    RLE: "image/dicom-rle",
    JPEG_LOSSLESS: "image/jpeg",
}
OTHERS = [JPEG_LS, HTJ2K, RLE, JPEG_LOSSLESS]  # than the stored JPEG 2000

CT = np.random.default_rng(3).integers(-1024, 3000, (3, 16, 12)).astype(np.int16)
GRAY = np.linspace(0, 255, 3 * 16 * 12).reshape(3, 16, 12).astype(np.uint8)

Array = np.ndarray[Any, Any]


def image(pixels: Array, **attributes: Any) -> Dataset:
    """Return an image of several gray frames, in Explicit VR Little Endian."""
    dataset, bits = Dataset(), 8 * pixels.itemsize
    defaults = {
        "SOPClassUID": CTImageStorage,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "NumberOfFrames": len(pixels),
        "Rows": pixels.shape[1],
        "Columns": pixels.shape[2],
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
        "PixelData": pixels.tobytes(),
    }
    for keyword, value in (defaults | attributes).items():
        setattr(dataset, keyword, value)
    dataset["PixelData"].VR = "OW" if bits > 8 else "OB"
    return dataset


def compressed(pixels: Array, **attributes: Any) -> Dataset:
    """Return an image whose frames are JPEG 2000."""
    streams = [
        imagecodecs.jpeg2k_encode(frame, level=0, codecformat="j2k", reversible=True) for frame in pixels
    ]
    return image(pixels, **{"PixelData": encapsulate(streams)} | attributes)


def store(
    client: httpx.Client, study: str, data_set: Dataset, syntax: str = EXPLICIT, number: int = 1
) -> str:
    """Store an instance of the study's series, and return its path."""
    data_set.StudyInstanceUID, data_set.SeriesInstanceUID = study, f"{study}.1"
    data_set.SOPInstanceUID, data_set.InstanceNumber = f"{study}.1.{number}", number
    stored = client.post("studies", content=_file(data_set, syntax), headers={"content-type": DICOM})
    assert stored.status_code in (200, 202)
    return f"studies/{study}/series/{study}.1/instances/{study}.1.{number}"


def _file(data_set: Dataset, syntax: str) -> bytes:
    """Return a file; `dcmwrite` refuses transfer syntaxes that it does not know."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = (
        data_set.SOPClassUID,
        data_set.SOPInstanceUID,
    )
    meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    if "PixelData" in data_set:
        data_set["PixelData"].is_undefined_length = syntax != EXPLICIT
    file = DicomBytesIO(bytes(128) + b"DICM")
    file.seek(132)
    file.is_little_endian, file.is_implicit_VR = True, False
    write_file_meta_info(file, meta)
    write_dataset(file, data_set)
    return file.getvalue()


def get(client: httpx.Client, path: str, accept: str) -> httpx.Response:
    return client.get(path, headers={"accept": accept})


def parts_of(response: httpx.Response) -> list[tuple[str, bytes]]:
    """Return the Content-Type and the body of each part."""
    boundary = response.headers["content-type"].partition("boundary=")[2].partition(";")[0].strip('"')
    pieces = response.content.split(f"--{boundary}".encode())[1:-1]
    halves = [piece.removesuffix(b"\r\n").partition(b"\r\n\r\n") for piece in pieces]
    return [(head.decode().partition("Content-Type: ")[2].split("\r\n")[0], body) for head, _, body in halves]


def decoded(stream: bytes, transfer_syntax: str) -> Array:
    """Return the values of a frame of CT."""
    if transfer_syntax == RLE:
        return _from_rle(stream)
    decoders = {JPEG_LS: imagecodecs.jpegls_decode, JPEG_LOSSLESS: imagecodecs.ljpeg_decode}
    values: Array = decoders.get(transfer_syntax, imagecodecs.jpeg2k_decode)(stream)
    return values.view(np.int16)


def _from_rle(stream: bytes) -> Array:
    first, second = np.frombuffer(stream[4:12], "<u4").tolist()
    segments = stream[first:second], stream[second:]
    high, low = (
        np.frombuffer(imagecodecs.packbits_decode(segment), np.uint8)[: CT[0].size] for segment in segments
    )
    return np.stack([low, high], axis=-1).view(np.int16).reshape(CT[0].shape)
