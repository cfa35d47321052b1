"""WADO-RS: the values that metadata leave out. PS3.18 10.4.1.1.5."""

from functools import lru_cache, partial

from starlette.requests import Request
from starlette.responses import Response

from service.archive import Archive
from service.archive.content import bulkdata_content
from service.archive.documents import bulkdata_of
from service.archive.instances import Located
from service.dicom.frames import EncapsulatedFrames
from service.dicom.part10 import EXPLICIT_VR_LITTLE_ENDIAN
from service.web.accept import Offer
from service.web.asked import negotiated, uids_of
from service.web.etags import etag_of
from service.web.frames import frame_offers, frame_parts
from service.web.instances import instance_url
from service.web.media_types import OCTET_STREAM
from service.web.multipart import boundary_for
from service.web.responses import MultipartRelated, Part, not_modified, one_part, single_part, streamed
from service.web.syntaxes import MULTIPART, chosen
from service.web.transcoding import transcoded_pixels

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
    if path == _PIXEL_DATA and isinstance(located.frames, EncapsulatedFrames):
        return await _encapsulated(request, located, located.frames.number_of_frames)
    place = await archive.index.read(bulkdata_of, instance, path)
    offer = negotiated(request, *_OFFERS)
    etag = etag_of(instance.digest, str(offer), path)
    if unchanged := not_modified(request, etag):
        return unchanged
    content = await bulkdata_content(archive.blobs, instance, place)
    url, kind = f"{instance_url(request.state.base_url, instance)}/bulkdata/{path}", offer.content_type
    if offer.multipart:
        part = Part(kind, content.read(0, content.size), content.size, url)
        return MultipartRelated(one_part(part), offer, boundary_for(etag), etag=etag)
    return single_part(request, content.read, content.size, content_type=kind, etag=etag, location=url)


async def _encapsulated(request: Request, located: Located, number_of_frames: int) -> Response:
    """Answer with one part per frame, PS3.18 10.5.1.4, or decoded with the one value they make."""
    instance = located.instance
    stored = (instance.transfer_syntax,)
    offer = await chosen(request, instance, stored, partial(_encapsulated_offers, stored))
    etag = etag_of(instance.digest, str(offer), _PIXEL_DATA)
    if unchanged := not_modified(request, etag):
        return unchanged
    url = instance_url(request.state.base_url, instance)
    if offer.transfer_syntax != EXPLICIT_VR_LITTLE_ENDIAN:
        parts = frame_parts(request, located, range(1, number_of_frames + 1), offer, f"{url}/frames")
        return MultipartRelated(parts, offer, boundary_for(etag), etag=etag)
    pixels = await transcoded_pixels(request.app.state.pixels, located, EXPLICIT_VR_LITTLE_ENDIAN)
    kind, url = offer.content_type, f"{url}/bulkdata/{_PIXEL_DATA}"
    if not offer.multipart:
        return streamed(
            pixels.native_value(), content_type=kind, etag=etag, length=pixels.native_length, location=url
        )
    part = Part(kind, pixels.native_value(), pixels.native_length, url)
    return MultipartRelated(one_part(part), offer, boundary_for(etag), etag=etag)


@lru_cache(maxsize=256)
def _encapsulated_offers(stored: tuple[str, ...], others: tuple[str, ...]) -> tuple[Offer, ...]:
    """Return the forms of encapsulated Pixel Data, best first; the decoded value can be a single part."""
    decoded = tuple(one for one in _OFFERS if one.transfer_syntax in others and not one.multipart)
    return (*frame_offers(stored, MULTIPART, others), *decoded)
