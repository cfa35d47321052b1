"""Frames in the forms in which they can be had: as stored, or transcoded. PS3.18 8.7.3.3, 8.7.3.4."""

from collections.abc import AsyncIterator, Sequence
from functools import lru_cache

from service.archive.files.content import Content, InMemory, frame_content
from service.archive.instance import Located
from service.dicom.frames import EncapsulatedFrames, FrameTable
from service.imaging.transcoder import transcoded_frame
from service.transfer_syntaxes import (
    ENCAPSULATED_UNCOMPRESSED,
    EXPLICIT_VR_LITTLE_ENDIAN,
    OCTET_STREAM,
    frame_media_type,
)
from service.web.http.accept import Offer
from service.web.http.responses import Part
from service.web.state import Service
from service.web.wado.syntaxes import is_lossy


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
    kinds = [(frame_media_type(stored[0]), stored[0]), *((OCTET_STREAM, syntax) for syntax in stored)]
    return (
        *(Offer(*kind, form) for kind in dict.fromkeys(kinds) for form in forms),
        *(
            Offer(frame_media_type(syntax), syntax, form, only_by_name=is_lossy(syntax))
            for syntax in others
            for form in forms
        ),
    )


async def frame_parts(
    service: Service, located: Located, numbers: Sequence[int], offer: Offer, url: str
) -> AsyncIterator[Part]:
    """Yield frames as parts of a message."""
    for number in numbers:
        content = await offered_frame(service, located, number, offer)
        body = content.runs(0, content.size)
        yield Part(offer.content_type, body, content.size, f"{url}/{number}")


async def offered_frame(service: Service, located: Located, number: int, offer: Offer) -> Content:
    """Return a frame in the transfer syntax of an offer that `frame_offers` made.

    Raises:
        UndecodableFrame, NotRenderable: it has to be decoded for that, and cannot be.
    """
    assert located.frames is not None
    assert offer.transfer_syntax is not None
    if offer.transfer_syntax in stored_syntaxes(located.instance.transfer_syntax, located.frames):
        return await frame_content(service.archive.blobs, located.instance, located.frames, number)
    frame = await transcoded_frame(service.decoder, located, number, offer.transfer_syntax)
    return InMemory(frame.content)
