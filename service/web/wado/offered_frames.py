"""Frames in the forms in which they can be had: as stored, or transcoded. PS3.18 8.7.3.3, 8.7.3.4."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from functools import lru_cache

from service.archive.files.reading.content import Content, InMemory, frame_content
from service.archive.instance import Located
from service.dicom.frames import EncapsulatedFrames, FrameTable
from service.errors import NotAcceptable
from service.imaging.transcoder import is_lossy, transcoded_frame
from service.transfer_syntaxes import (
    ENCAPSULATED_UNCOMPRESSED,
    EXPLICIT_VR_LITTLE_ENDIAN,
    OCTET_STREAM,
    frame_media_type,
)
from service.web.http.answers.responses import Part
from service.web.http.requests.accept import Accept, Offer
from service.web.state import Service


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

    A range that names neither type nor transfer syntax asks for native frames; where they cannot be made, the
    stored ones answer it. Standard: PS3.18 8.7.3.4.

    Args:
        stored: the transfer syntaxes in which they lie; also for those who take any bytes.
        forms: multipart or not.
        others: the transfer syntaxes that can be made.
    """
    undecoded = EXPLICIT_VR_LITTLE_ENDIAN not in (*stored, *others)
    kind = frame_media_type(stored[0])
    kinds = dict.fromkeys(
        (OCTET_STREAM, syntax) for syntax in stored if (kind, syntax) != (OCTET_STREAM, stored[0])
    )
    return (
        *(
            Offer(kind, stored[0], form, without_parameter=undecoded and kind != OCTET_STREAM)
            for form in forms
        ),
        *(Offer(*octets, form) for octets in kinds for form in forms),
        *(
            Offer(frame_media_type(syntax), syntax, form, only_by_name=is_lossy(syntax))
            for syntax in others
            for form in forms
        ),
    )


def undecoded_offers(transfer_syntax: str, forms: tuple[bool, ...]) -> tuple[Offer, ...]:
    """Return the stored forms of frames that cannot be decoded, for a range that names no transfer syntax.

    Not as any bytes: they could not be told from decoded ones.
    """
    kind = frame_media_type(transfer_syntax)
    if kind == OCTET_STREAM:
        return ()
    return tuple(Offer(kind, transfer_syntax, form, without_parameter=True) for form in forms)


async def feasible_offer(
    service: Service,
    located: Located,
    numbers: Sequence[int],
    offer: Offer,
    accept: Accept,
    undecoded: Sequence[Offer],
) -> Offer:
    """Return the offer if these frames can be made so, else the one of `undecoded` that the client accepts.

    Raises:
        UndecodableFrame, NotRenderable: there is none.
    """
    assert located.frames is not None
    stored = stored_syntaxes(located.instance.transfer_syntax, located.frames)
    if offer.transfer_syntax in stored:
        return offer
    try:
        await offered_frame(service, located, numbers[0], offer)
        await service.decoder.check(located, numbers)
    except NotAcceptable:
        with suppress(NotAcceptable):
            return accept.choose(*undecoded)
        raise
    return offer


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
