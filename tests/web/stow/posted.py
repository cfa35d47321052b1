"""Requests that store metadata and bulk data: written without the service's own code."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import httpx
import numpy as np
import orjson
import pydicom

from tests.metadata import instance
from tests.web.messages import fetch, items, url

BOUNDARY = "between"
JSON, XML, OCTETS = "application/dicom+json", "application/dicom+xml", "application/octet-stream"
PIXELS, DOCUMENT = "7FE00010", "00420011"
FAILED, OTHER_FAILURES, REFERENCED = "00081198", "0008119A", "00081199"
CANNOT_UNDERSTAND, SYNTAX_NOT_SUPPORTED, TOO_LARGE, OTHER_STUDY = 0xC000, 0xC122, 0xA701, 0xA901

_RANDOM = np.random.default_rng(5)
GRAY = _RANDOM.integers(0, 256, (3, 12, 16), np.uint8)
TWELVE = _RANDOM.integers(0, 4096, (3, 12, 16), np.uint16)
COLOUR = np.linspace(0, 255, 3 * 12 * 16 * 3).reshape(3, 12, 16, 3).astype(np.uint8)
"""Frames of 8 and of 12 bits, and in colour."""

_XML = """<?xml version="1.0" encoding="UTF-8"?>
<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM">{}</NativeDicomModel>"""


@dataclass(frozen=True, slots=True)
class Bulk:
    """A part that is bulk data."""

    location: str
    content: bytes
    media_type: str = OCTETS


def body(kind: str, documents: list[bytes], bulkdata: tuple[Bulk, ...]) -> bytes:
    """Return a multipart message: the metadata, then what they refer to."""
    parts = [(f"Content-Type: {kind}", document) for document in documents]
    parts += [
        (f"Content-Type: {bulk.media_type}\r\nContent-Location: {bulk.location}", bulk.content)
        for bulk in bulkdata
    ]
    pieces = (f"\r\n--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + content for head, content in parts)
    return b"".join(pieces) + f"\r\n--{BOUNDARY}--\r\n".encode()


def send(client: httpx.Client, content: bytes, kind: str, path: str = "studies") -> httpx.Response:
    """Send a multipart message."""
    content_type = f'multipart/related; type="{kind}"; boundary={BOUNDARY}'
    return client.post(path, content=content, headers={"content-type": content_type})


def post(client: httpx.Client, instances: Any, *bulkdata: Bulk, path: str = "studies") -> httpx.Response:
    """Store instances given as DICOM JSON objects."""
    return send(client, body(JSON, [orjson.dumps(instances)], bulkdata), JSON, path)


def post_xml(client: httpx.Client, documents: list[bytes], *bulkdata: Bulk) -> httpx.Response:
    """Store instances given as documents of the Native DICOM Model."""
    return send(client, body(XML, documents, bulkdata), XML)


def by_reference(vr: str, uri: str) -> dict[str, str]:
    """Return an attribute whose value is bulk data."""
    return {"vr": vr, "BulkDataURI": uri}


def picture(uid: str, location: str = "pixels", vr: str = "OB", **attributes: Any) -> dict[str, Any]:
    """Return metadata of an image that do not describe its pixels."""
    return instance(uid, **attributes) | {PIXELS: by_reference(vr, location)}


def stored(client: httpx.Client, uid: str) -> pydicom.Dataset:
    """Return the file of an instance, read by pydicom."""
    response = fetch(client, uid)
    assert response.status_code == 200, response.text
    return pydicom.dcmread(BytesIO(response.content))


def failure(response: httpx.Response, sequence: str = FAILED) -> tuple[int, str]:
    """Return Failure Reason and Error Comment of the only item of a sequence."""
    (item,) = items(response, sequence)
    return item["00081197"]["Value"][0], item["00000902"]["Value"][0]


def xml(uid: str, *more: str) -> bytes:
    """Return the document of an instance, and further attributes as XML."""
    study, series, _ = uid.split(".")
    uids = {"00080016": "1.2.840.10008.5.1.4.1.1.7", "00080018": uid, "0020000D": study}
    uids["0020000E"] = f"{study}.{series}"
    attributes = [
        f'<DicomAttribute tag="{tag}" vr="UI"><Value number="1">{uid}</Value></DicomAttribute>'
        for tag, uid in uids.items()
    ]
    return _XML.format("".join([*attributes, *more])).encode()


def metadata_of(client: httpx.Client, uid: str) -> dict[str, Any]:
    """Return the metadata of an instance."""
    (instance_metadata,) = client.get(f"{url(uid)}/metadata").json()
    return dict(instance_metadata)


def identify(dataset: pydicom.Dataset, study: str) -> None:
    """Make a data set the first instance of a study."""
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, f"{study}.1"
    dataset.SOPInstanceUID = f"{study}.1.1"
