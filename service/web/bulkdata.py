"""WADO-RS: the values that metadata leave out. PS3.18 10.4.1.1.5."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response

from service.archive import Archive
from service.archive.content import bulkdata_content
from service.archive.instances import Located, bulkdata_of
from service.dicom.frames import EncapsulatedFrames
from service.dicom.part10 import EXPLICIT_VR_LITTLE_ENDIAN
from service.web.accept import Offer
from service.web.asked import negotiated, uids_of
from service.web.etags import etag_of
from service.web.frames import frame_offers, frame_parts
from service.web.instances import instance_url
from service.web.media_types import OCTET_STREAM
from service.web.multipart import boundary_for
from service.web.responses import MultipartRelated, Part, not_modified, single_part

_PIXEL_DATA = "7FE00010"
_OFFERS = (
    Offer(OCTET_STREAM, EXPLICIT_VR_LITTLE_ENDIAN, multipart=True),
    Offer(OCTET_STREAM, EXPLICIT_VR_LITTLE_ENDIAN),
)


async def retrieve_bulkdata(request: Request) -> Response:
    """GET .../instances/{instance}/bulkdata/{path}. Standard: PS3.18 10.4.1.1.5."""
    archive: Archive = request.app.state.archive
    path = request.path_params["path"].upper()
    located = await archive.located.find(uids_of(request))
    instance = located.instance
    url = instance_url(request.state.base_url, instance)
    if path == _PIXEL_DATA and isinstance(located.frames, EncapsulatedFrames):
        return _encapsulated(request, located, url)
    place = await archive.index.read(bulkdata_of, instance, path)
    offer = negotiated(request, *_OFFERS)
    etag = etag_of(instance.digest, str(offer), path)
    if unchanged := not_modified(request, etag):
        return unchanged
    content = await bulkdata_content(archive.blobs, instance, place)
    url = f"{url}/bulkdata/{path}"
    if offer.multipart:
        part = Part(offer.content_type, content.read(0, content.size), content.size, url)
        return MultipartRelated(_one(part), offer, boundary_for(etag), etag=etag)
    kind = offer.content_type
    return single_part(request, content.read, content.size, content_type=kind, etag=etag, location=url)


def _encapsulated(request: Request, located: Located, url: str) -> Response:
    """Answer with one part per frame, as they are stored: PS3.18 10.5.1.4 calls this the value's form."""
    assert isinstance(located.frames, EncapsulatedFrames)
    numbers = range(1, located.frames.number_of_frames + 1)
    offer = negotiated(request, *frame_offers(located.instance, located.frames, single=False))
    etag = etag_of(located.instance.digest, str(offer), _PIXEL_DATA)
    if unchanged := not_modified(request, etag):
        return unchanged
    parts = frame_parts(request.app.state.archive, located, numbers, offer, f"{url}/frames")
    return MultipartRelated(parts, offer, boundary_for(etag), etag=etag)


async def _one(part: Part) -> AsyncIterator[Part]:
    yield part
