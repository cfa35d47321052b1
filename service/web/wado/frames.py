"""WADO-RS: frames, as they are stored or in another transfer syntax. PS3.18 10.4.1.1.6, 8.7.3.3."""

from collections.abc import AsyncIterator, Sequence
from functools import lru_cache, partial

from starlette.requests import Request
from starlette.responses import Response

from service.archive.files.content import Content, InMemory, frame_content
from service.archive.instance import Located
from service.dicom.frames import EncapsulatedFrames, FrameTable
from service.errors import FrameNotFound
from service.imaging.transcoder import transcoded_frame
from service.transfer_syntaxes import (
    ENCAPSULATED_UNCOMPRESSED,
    EXPLICIT_VR_LITTLE_ENDIAN,
    OCTET_STREAM,
    frame_media_type,
)
from service.web.http.accept import Offer
from service.web.http.etags import etag_of
from service.web.http.multipart import boundary_for
from service.web.http.request import frame_numbers, uids_of
from service.web.http.responses import MultipartRelated, Part, message_of_one, not_modified, single_part
from service.web.http.urls import instance_url
from service.web.state import service_of
from service.web.wado.syntaxes import ANY_FORM, MULTIPART, chosen, is_lossy


async def retrieve_frames(request: Request) -> Response:
    """GET .../instances/{instance}/frames/{frames}. Standard: PS3.18 10.4.1.1.6."""
    archive = service_of(request).archive
    numbers = frame_numbers(request)
    located = await archive.located.find(uids_of(request))
    stored = stored_syntaxes(located.instance.transfer_syntax, checked(located, numbers))
    forms = ANY_FORM if len(numbers) == 1 else MULTIPART
    offer = await chosen(request, located.instance, stored, partial(frame_offers, stored, forms))
    etag = etag_of(located.instance.digest, str(offer), *numbers)
    if unchanged := not_modified(request, etag):
        return unchanged
    url = f"{instance_url(request.state.base_url, located.instance)}/frames"
    if len(numbers) > 1:
        parts = frame_parts(request, located, numbers, offer, url)
        return MultipartRelated(parts, offer, boundary_for(etag), etag=etag)
    content = await offered_frame(request, located, numbers[0], offer)
    kind, location = offer.content_type, f"{url}/{numbers[0]}"
    if offer.multipart:
        return message_of_one(request, content.runs, content.size, offer, etag=etag, location=location)
    return single_part(request, content.runs, content.size, content_type=kind, etag=etag, location=location)


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


def stored_syntaxes(transfer_syntax: str, frames: FrameTable) -> tuple[str, ...]:
    """Return the transfer syntaxes in which the frames of an instance lie."""
    if not isinstance(frames, EncapsulatedFrames):
        return (EXPLICIT_VR_LITTLE_ENDIAN,)
    if transfer_syntax == ENCAPSULATED_UNCOMPRESSED:  # its code streams are native frames
        return (transfer_syntax, EXPLICIT_VR_LITTLE_ENDIAN)
    return (transfer_syntax,)


@lru_cache(maxsize=256)
def frame_offers(
    stored: tuple[str, ...], forms: tuple[bool, ...], others: tuple[str, ...]
) -> tuple[Offer, ...]:
    """Return the forms in which frames can be had, best first.

    Args:
        stored: the transfer syntaxes in which they lie; also for those who take any bytes.
        forms: multipart or not.
        others: the transfer syntaxes that can be made.
    """
    kinds = [(frame_media_type(stored[0]), stored[0]), *((OCTET_STREAM, one) for one in stored)]
    return (
        *(Offer(*kind, form) for kind in dict.fromkeys(kinds) for form in forms),
        *(
            Offer(frame_media_type(one), one, form, only_by_name=is_lossy(one))
            for one in others
            for form in forms
        ),
    )


async def frame_parts(
    request: Request, located: Located, numbers: Sequence[int], offer: Offer, url: str
) -> AsyncIterator[Part]:
    """Yield frames as parts of a message."""
    for number in numbers:
        content = await offered_frame(request, located, number, offer)
        body = content.runs(0, content.size)
        yield Part(offer.content_type, body, content.size, f"{url}/{number}")


async def offered_frame(request: Request, located: Located, number: int, offer: Offer) -> Content:
    """Return a frame in the transfer syntax of an offer that `frame_offers` made.

    Raises:
        UndecodableFrame, NotRenderable: it has to be decoded for that, and cannot be.
    """
    assert located.frames is not None
    assert offer.transfer_syntax is not None
    if offer.transfer_syntax in stored_syntaxes(located.instance.transfer_syntax, located.frames):
        archive = service_of(request).archive
        return await frame_content(archive.blobs, located.instance, located.frames, number)
    frame = await transcoded_frame(service_of(request).decoder, located, number, offer.transfer_syntax)
    return InMemory(frame.content)
