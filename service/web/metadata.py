"""WADO-RS: metadata, written when the instances arrived. No file is opened here. PS3.18 10.4.1.1.4."""

from collections.abc import AsyncIterator, Sequence

from starlette.requests import Request
from starlette.responses import Response

from service.archive import Archive
from service.archive.instances import find_all, metadata_of
from service.web.accept import Offer
from service.web.asked import negotiated, uids_of
from service.web.etags import etag_of
from service.web.responses import DicomJson, DicomJsonArray, not_modified

_OFFERS = (Offer("application/dicom+json"), Offer("application/json"))
_AT_ONCE = 64  # instances whose metadata are in memory together
_BASE_URL = b"\x1a"


async def retrieve_metadata(request: Request) -> Response:
    """GET .../metadata of a study, a series or an instance. Standard: PS3.18 10.4.1.1.4."""
    archive: Archive = request.app.state.archive
    path, base_url = request.path_params, request.state.base_url.encode()
    offer = negotiated(request, *_OFFERS)
    if "instance" in path:
        found = [(await archive.located.find(uids_of(request))).instance]
    else:
        found = await archive.index.read(find_all, path["study"], path.get("series"))
    etag = etag_of(base_url, *(one.digest for one in found))
    if unchanged := not_modified(request, etag):
        return unchanged
    keys = [one.key for one in found]
    if len(keys) > _AT_ONCE:
        return DicomJsonArray(_items(archive, keys, base_url), request, offer.media_type, etag=etag)
    items = await archive.index.read(metadata_of, keys)
    body = b"[" + b",".join(items).replace(_BASE_URL, base_url) + b"]"
    return DicomJson(body, request, offer.media_type, etag=etag)


async def _items(archive: Archive, keys: Sequence[int], base_url: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(keys), _AT_ONCE):
        for item in await archive.index.read(metadata_of, keys[start : start + _AT_ONCE]):
            yield item.replace(_BASE_URL, base_url)
