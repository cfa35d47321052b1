"""WADO-RS: metadata, written when the instances arrived. No file is opened here. PS3.18 10.4.1.1.4.

Those of a study or series that is read again and again are kept as they were sent. Its revision tells whether
they still hold, so that a kept answer costs one look at one row.
"""

from collections.abc import AsyncIterator, Sequence

from isal import isal_zlib
from starlette.requests import Request
from starlette.responses import Response

from service.archive import Archive
from service.archive.documents import first_metadata, metadata_of, revision_of
from service.archive.instances import Target, find_all
from service.web.accept import Offer
from service.web.asked import negotiated, target_of
from service.web.etags import etag_of
from service.web.kept import Kept
from service.web.responses import DicomJson, DicomJsonArray, not_modified, takes_gzip

_OFFERS = (Offer("application/dicom+json"), Offer("application/json"))
_AT_ONCE = 64  # instances whose metadata are in memory together
BASE_URL = b"\x1a"  # what stands for it in stored metadata


async def retrieve_metadata(request: Request) -> Response:
    """GET .../metadata of a study, a series or an instance. Standard: PS3.18 10.4.1.1.4."""
    target, offer = target_of(request), negotiated(request, *_OFFERS)
    if target.instance is not None:
        return await _of_instance(request, target, offer)
    archive: Archive = request.app.state.archive
    revision, number_of_instances = await archive.index.read(revision_of, target)
    etag = etag_of(request.state.base_url, target.study, target.series or "", revision, offer.media_type)
    if unchanged := not_modified(request, etag):
        return unchanged
    kept: Kept[Response] = request.app.state.kept_metadata
    key = etag, takes_gzip(request.headers.get("accept-encoding", ""))
    if answer := kept.get(key):
        return answer
    if number_of_instances > _AT_ONCE:
        found = await archive.index.read(find_all, target.study, target.series)
        items = _items(archive, [one.key for one in found], request.state.base_url.encode())
        return DicomJsonArray(
            items,
            request,
            offer.media_type,
            etag=etag,
            keep=lambda made: kept.keep(key, made, len(made.body)),
        )
    page = await archive.index.read(first_metadata, target, number_of_instances)
    made = _array(request, offer, [text for _, text in page], etag)
    kept.keep(key, made, len(made.body))
    return made


async def _of_instance(request: Request, target: Target, offer: Offer) -> Response:
    archive: Archive = request.app.state.archive
    [(digest, text)] = await archive.index.read(first_metadata, target, 1)
    etag = etag_of(request.state.base_url, digest, offer.media_type)
    return not_modified(request, etag) or _array(request, offer, [text], etag)


def _array(request: Request, offer: Offer, texts: Sequence[bytes], etag: str) -> Response:
    """Return the answer with the metadata of a few instances."""
    body = b"[" + b",".join(map(isal_zlib.decompress, texts)) + b"]"
    body = body.replace(BASE_URL, request.state.base_url.encode())
    return DicomJson(body, request, offer.media_type, etag=etag)


async def _items(archive: Archive, keys: Sequence[int], base_url: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(keys), _AT_ONCE):
        for text in await archive.index.read(metadata_of, keys[start : start + _AT_ONCE]):
            yield isal_zlib.decompress(text).replace(BASE_URL, base_url)
