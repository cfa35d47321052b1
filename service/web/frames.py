"""WADO-RS: frames as they are stored, one range read each. PS3.18 10.4.1.1.6, 8.7.3.3."""

from collections.abc import AsyncIterator, Sequence

from starlette.requests import Request
from starlette.responses import Response

from service.archive import Archive
from service.archive.content import frame_content
from service.archive.instances import Instance, Located
from service.dicom.frames import EncapsulatedFrames, FrameTable
from service.dicom.part10 import EXPLICIT_VR_LITTLE_ENDIAN
from service.errors import FrameNotFound
from service.web.accept import Offer
from service.web.asked import frame_numbers, negotiated, uids_of
from service.web.etags import etag_of
from service.web.instances import instance_url
from service.web.media_types import OCTET_STREAM, frame_media_type
from service.web.multipart import boundary_for
from service.web.responses import MultipartRelated, Part, not_modified, single_part

_ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"


async def retrieve_frames(request: Request) -> Response:
    """GET .../instances/{instance}/frames/{frames}. Standard: PS3.18 10.4.1.1.6."""
    archive: Archive = request.app.state.archive
    numbers = frame_numbers(request)
    located = await archive.located.find(uids_of(request))
    instance, frames = located.instance, checked(located, numbers)
    offer = negotiated(request, *frame_offers(instance, frames, single=len(numbers) == 1))
    etag = etag_of(instance.digest, str(offer), *numbers)
    if unchanged := not_modified(request, etag):
        return unchanged
    url = f"{instance_url(request.state.base_url, instance)}/frames"
    if offer.multipart:
        parts = frame_parts(archive, located, numbers, offer, url)
        return MultipartRelated(parts, offer, boundary_for(etag), etag=etag)
    content = await frame_content(archive.blobs, instance, frames, numbers[0])
    kind, location = offer.content_type, f"{url}/{numbers[0]}"
    return single_part(request, content.read, content.size, content_type=kind, etag=etag, location=location)


def checked(located: Located, numbers: Sequence[int]) -> FrameTable:
    """Return the table of an instance that has all these frames.

    Raises:
        FrameNotFound: it lacks one, or has no pixels at all.
    """
    if located.frames is None:
        raise FrameNotFound(numbers[0], 0)
    for number in numbers:
        located.frames.span(number)
    return located.frames


def frame_offers(instance: Instance, frames: FrameTable, *, single: bool) -> list[Offer]:
    """Return the forms in which frames can be had, best first; a single part only for one frame."""
    kinds = [(OCTET_STREAM, EXPLICIT_VR_LITTLE_ENDIAN)]
    if isinstance(frames, EncapsulatedFrames):
        syntax = instance.transfer_syntax
        kinds = [(frame_media_type(syntax), syntax), (OCTET_STREAM, syntax)]
        if syntax == _ENCAPSULATED_UNCOMPRESSED:  # its code streams are native frames
            kinds.append((OCTET_STREAM, EXPLICIT_VR_LITTLE_ENDIAN))
    forms = (True, False) if single else (True,)
    return [Offer(media_type, syntax, multipart) for media_type, syntax in kinds for multipart in forms]


async def frame_parts(
    archive: Archive, located: Located, numbers: Sequence[int], offer: Offer, url: str
) -> AsyncIterator[Part]:
    """Yield frames as parts of a message."""
    assert located.frames is not None
    for number in numbers:
        content = await frame_content(archive.blobs, located.instance, located.frames, number)
        body = content.read(0, content.size)
        yield Part(offer.content_type, body, content.size, f"{url}/{number}")
