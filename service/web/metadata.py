"""WADO-RS: metadata, written when the instances arrived. No file is opened here. PS3.18 10.4.1.1.4."""

from collections.abc import AsyncIterator, Sequence
from functools import partial

from isal import isal_zlib
from starlette.requests import Request
from starlette.responses import Response

from service.archive import Archive
from service.archive.instances import Target, find_all, first_metadata, metadata_of
from service.dicom import json_model
from service.web.accept import Offer
from service.web.asked import negotiated, target_of
from service.web.dicom_xml import DICOM_XML, xml_message
from service.web.etags import etag_of
from service.web.instances import instances_of
from service.web.multipart import boundary_for
from service.web.responses import DicomJson, DicomJsonArray, not_modified

_OFFERS = (Offer("application/dicom+json"), Offer("application/json"), DICOM_XML)
_AT_ONCE = 64  # instances whose metadata are in memory together
BASE_URL = b"\x1a"  # what stands for it in stored metadata
_STUDY, _SERIES, _INSTANCE = "0020000D", "0020000E", "00080018"


async def retrieve_metadata(request: Request) -> Response:
    """GET .../metadata of a study, a series or an instance. Standard: PS3.18 10.4.1.1.4."""
    archive: Archive = request.app.state.archive
    target, base_url = target_of(request), request.state.base_url.encode()
    offer = negotiated(request, *_OFFERS)
    if offer is DICOM_XML:
        return await _xml_answer(request)
    page = await archive.index.read(first_metadata, target, _AT_ONCE + 1)
    if len(page) > _AT_ONCE:
        return await _long_answer(request, target, offer)
    etag = etag_of(base_url, *(digest for digest, _ in page))
    if unchanged := not_modified(request, etag):
        return unchanged
    body = b"[" + b",".join(isal_zlib.decompress(text) for _, text in page) + b"]"
    return DicomJson(body.replace(BASE_URL, base_url), request, offer.media_type, etag=etag)


async def _long_answer(request: Request, target: Target, offer: Offer) -> Response:
    """Answer with the metadata of many instances, a few at a time."""
    archive: Archive = request.app.state.archive
    base_url = request.state.base_url.encode()
    found = await archive.index.read(find_all, target.study, target.series)
    etag = etag_of(base_url, *(one.digest for one in found))
    items = _items(archive, [one.key for one in found], base_url)
    return not_modified(request, etag) or DicomJsonArray(items, request, offer.media_type, etag=etag)


async def _xml_answer(request: Request) -> Response:
    """Answer with one part per instance."""
    base_url = request.state.base_url
    found = await instances_of(request)
    etag = etag_of(str(DICOM_XML), base_url, *(one.digest for one in found))
    items = _items(request.app.state.archive, [one.key for one in found], base_url.encode())
    message = xml_message(
        request, items, boundary_for(etag), location=partial(_metadata_url, base_url), etag=etag
    )
    return not_modified(request, etag) or message


def _metadata_url(base_url: str, metadata: json_model.DicomJson) -> str:
    study, series, instance = (metadata[tag]["Value"][0] for tag in (_STUDY, _SERIES, _INSTANCE))
    return f"{base_url}/studies/{study}/series/{series}/instances/{instance}/metadata"


async def _items(archive: Archive, keys: Sequence[int], base_url: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(keys), _AT_ONCE):
        for text in await archive.index.read(metadata_of, keys[start : start + _AT_ONCE]):
            yield isal_zlib.decompress(text).replace(BASE_URL, base_url)
