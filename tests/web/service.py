"""The whole service over HTTP, and datasets to store in it."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pydicom
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian

from service.app import create_app
from service.archive import open_archive
from service.settings import Settings

BASE = "http://test/dicom-web"


@asynccontextmanager
async def serving(database_url: str, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Lend a client of a service with an empty archive."""
    app = create_app(Settings(data=folder), open_archive(database_url, folder, replace=False))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client,
    ):
        yield client


async def stored(client: httpx.AsyncClient, dataset: pydicom.Dataset) -> str:
    """Store a dataset and return the path of its instance."""
    content = io.BytesIO()
    dataset.save_as(content, enforce_file_format=True)
    answer = await client.post(
        "/studies", content=content.getvalue(), headers={"content-type": "application/dicom"}
    )
    assert answer.status_code == 200, answer.text
    return (
        f"/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
        f"/instances/{dataset.SOPInstanceUID}"
    )


def instance(number: int = 1, **attributes: Any) -> pydicom.Dataset:
    """Return an instance of one study and series, without pixels."""
    dataset = pydicom.Dataset()
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    dataset.SOPInstanceUID = f"1.2.3.4.{number}"
    dataset.InstanceNumber = number
    dataset.Modality = "OT"
    dataset.PatientName, dataset.PatientID = "Doe^Jane", "7"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def image(levels: np.ndarray, number: int = 1, **attributes: Any) -> pydicom.Dataset:
    """Return an 8-bit image, shape ([frames,] rows, columns[, 3])."""
    colour = levels.shape[-1] == 3 and levels.ndim > 2
    frames = levels.reshape(-1, *levels.shape[-3:] if colour else levels.shape[-2:])
    dataset = instance(
        number,
        Rows=frames.shape[1],
        Columns=frames.shape[2],
        NumberOfFrames=len(frames),
        SamplesPerPixel=3 if colour else 1,
        PhotometricInterpretation="RGB" if colour else "MONOCHROME2",
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelRepresentation=0,
        PixelData=levels.tobytes() + bytes(levels.size % 2),
        **attributes,
    )
    dataset["PixelData"].VR = "OB"
    if colour:
        dataset.PlanarConfiguration = 0
    return dataset


def video(stream: bytes, syntax: str) -> pydicom.Dataset:
    """Return an instance that is a video."""
    dataset = image(np.zeros((2, 2), np.uint8))
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    dataset.PixelData = encapsulate([stream])
    return dataset
