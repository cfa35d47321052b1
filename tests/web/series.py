"""Small series of images as DICOM files, stored through the service."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, CTImageStorage, EnhancedMRImageStorage, ExplicitVRLittleEndian

from service.app import create_app
from service.archive import open_archive
from service.pixels.arrays import Values
from service.settings import Settings

ROOT = "http://127.0.0.1:8080/dicom-web"
SERIES = f"{ROOT}/studies/1.1/series/1.1.1"


@asynccontextmanager
async def serving(database_url: str, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Lend a client of a service of its own."""
    app = create_app(Settings(), open_archive(database_url, folder, replace=False))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client,
    ):
        yield client


async def store(client: httpx.AsyncClient, *data_sets: Dataset) -> None:
    for data_set in data_sets:
        file = BytesIO()
        data_set.save_as(file, enforce_file_format=True)
        headers = {"content-type": "application/dicom"}
        response = await client.post(f"{ROOT}/studies", content=file.getvalue(), headers=headers)
        assert response.status_code == 200, response.text


def ct_slice(number: int, stored: Values, **attributes: Any) -> Dataset:
    """Return an axial slice that lies 2.5 mm above that of the number before; 12 bits, from -1024 HU up."""
    defaults = {
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": f"1.1.1.{number}",
        "InstanceNumber": number,
        "ImagePositionPatient": [-10, -20, 2.5 * number],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [0.5, 0.8],
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
    }
    return image(stored, **(defaults | attributes))


def enhanced_mr(stored: Values, positions: Sequence[float]) -> Dataset:
    """Return an instance with a frame at each z, and a slope of its own for each: 1, 2, 3 ..."""
    shared = item(
        PixelMeasuresSequence=[item(PixelSpacing=[0.5, 0.5], SliceThickness=2)],
        PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
    )
    frames = [
        item(
            PlanePositionSequence=[item(ImagePositionPatient=[0, 0, z])],
            PixelValueTransformationSequence=[item(RescaleSlope=slope, RescaleIntercept=0)],
        )
        for slope, z in enumerate(positions, 1)
    ]
    return image(
        stored,
        SOPClassUID=EnhancedMRImageStorage,
        SOPInstanceUID="1.1.1.1",
        NumberOfFrames=len(positions),
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=frames,
    )


def image(stored: Values, **attributes: Any) -> Dataset:
    """Return an image of 16 bits, of which 12 are stored, unless stated otherwise."""
    defaults = {
        "StudyInstanceUID": "1.1",
        "SeriesInstanceUID": "1.1.1",
        "Rows": stored.shape[-2],
        "Columns": stored.shape[-1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "PixelData": stored.tobytes(),
    }
    dataset = item(**(defaults | attributes))
    dataset["PixelData"].VR = "OW"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def compressed(dataset: Dataset, transfer_syntax: UID, *frames: bytes) -> Dataset:
    """Return the data set with these code streams instead of its pixels."""
    dataset.file_meta.TransferSyntaxUID = transfer_syntax
    dataset.PixelData = encapsulate(list(frames))
    dataset["PixelData"].VR = "OB"
    return dataset


def stored_values(*shape: int) -> Values:
    """Return the same arbitrary values of 12 bits each time."""
    return np.random.default_rng(1).integers(0, 4096, shape, np.uint16)


def item(**attributes: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def with_text(dataset: Dataset, keyword: str, text: str | None) -> Dataset:
    """Return the data set with a text where a number should be, which pydicom does not write by itself."""
    setattr(dataset, keyword, None)
    if text is not None:
        dataset[keyword].VR = "LO"
        setattr(dataset, keyword, text)
    return dataset
