"""Pixel data as one of the values that metadata leave out: PS3.18 8.7.3.3, 10.4.1.1.5.

Native, or decoded, they are one value. In a compressed transfer syntax each frame is a part of its own; where
there is but one frame, it stands for the whole. What cannot be decoded answers a client that leaves the
transfer syntax open as it is stored, and its Content-Type says so.
"""

from collections.abc import AsyncIterator
from functools import lru_cache, partial
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from service.archive import Archive
from service.archive.files.reading.content import Content, bulkdata_content
from service.archive.instance import Instance, Located
from service.dicom.frames import EncapsulatedFrames
from service.dicom.json.writer import Bulkdata
from service.imaging.decoder import Decoder
from service.imaging.transcoder import TranscodedPixels, transcoded_pixels
from service.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, OCTET_STREAM
from service.web.http.answers.etags import etag_of
from service.web.http.answers.multipart import boundary_for
from service.web.http.answers.responses import MultipartRelated, Part, not_modified, single_part, streamed
from service.web.http.requests.accept import Accept, Offer
from service.web.state import Service, service_of
from service.web.wado.offered_frames import (
    feasible_offer,
    frame_offers,
    frame_parts,
    offered_frame,
    undecoded_offers,
)
from service.web.wado.syntaxes import ANY_FORM, MULTIPART_ONLY, choose_form


class Forms(NamedTuple):
    """In which forms pixel data can be had, multipart or not: as one native value, and as code streams."""

    value: tuple[bool, ...]
    streams: tuple[bool, ...]


async def answer_pixel_data(
    request: Request, located: Located, place: Bulkdata, url: str, accept: Accept
) -> Response:
    """Answer with the pixel data of one instance.

    Args:
        request: with its Range.
        located: the instance, which has frames.
        place: where its pixel data lie.
        url: their Bulkdata URI.
        accept: of the client.

    Raises:
        NotAcceptable: in no form that the client accepts.
    """
    assert located.frames is not None
    service, encapsulated = service_of(request), _is_encapsulated(located)
    forms = Forms(ANY_FORM, ANY_FORM if located.frames.number_of_frames == 1 else MULTIPART_ONLY)
    offer = await pixel_form(service.archive, accept, located.instance, forms, encapsulated=encapsulated)
    if answer := not_modified(request, etag_of(located.instance.digest, str(offer), url)):
        return answer
    numbers = range(1, max(located.frames.number_of_frames, 1) + 1)
    offer = await feasible_offer(service, located, numbers, offer, accept, undecoded_forms(located))
    etag = etag_of(located.instance.digest, str(offer), url)
    if offer.multipart:
        parts = pixel_parts(service, located, place, offer, url)
        return MultipartRelated(parts, offer, boundary_for(etag), etag=etag)
    kind = offer.content_type
    if _is_decoded(located, offer):
        pixels = await _decoded_pixels(service.decoder, located)
        value, length = pixels.native_value(), pixels.native_length
        return streamed(value, content_type=kind, etag=etag, length=length, location=url)
    content = await _content(service, located, place, offer)
    return single_part(request, content.runs, content.size, content_type=kind, etag=etag, location=url)


async def pixel_form(
    archive: Archive, accept: Accept, instance: Instance, forms: Forms, *, encapsulated: bool
) -> Offer:
    """Return the form of an instance's pixel data that the client likes best.

    Args:
        archive: where the instance is.
        accept: of the client.
        instance: that is wanted.
        forms: that are possible.
        encapsulated: the stored pixels are.

    Raises:
        NotAcceptable: none.
    """
    stored = instance.transfer_syntax if encapsulated else EXPLICIT_VR_LITTLE_ENDIAN
    return await choose_form(archive, accept, instance, (stored,), partial(_offers, stored, forms))


def undecoded_forms(located: Located) -> tuple[Offer, ...]:
    """Return the stored forms of pixels that cannot be decoded: for a range that names no transfer syntax."""
    syntax = located.instance.transfer_syntax if _is_encapsulated(located) else EXPLICIT_VR_LITTLE_ENDIAN
    return _undecoded_offers(syntax)


async def pixel_parts(
    service: Service, located: Located, place: Bulkdata, offer: Offer, url: str
) -> AsyncIterator[Part]:
    """Yield the pixel data of an instance as parts of a message.

    Each names the Bulkdata URI; one of several frames, with `/frames/` and its number behind.

    Raises:
        UndecodableFrame, NotRenderable: they would have to be decoded, and cannot be.
    """
    assert located.frames is not None
    if _is_decoded(located, offer):
        pixels = await _decoded_pixels(service.decoder, located)
        yield Part(offer.content_type, pixels.native_value(), pixels.native_length, url)
        return
    numbers = range(1, located.frames.number_of_frames + 1)
    if offer.transfer_syntax == EXPLICIT_VR_LITTLE_ENDIAN or len(numbers) == 1:
        content = await _content(service, located, place, offer)
        yield Part(offer.content_type, content.runs(0, content.size), content.size, url)
        return
    async for part in frame_parts(service, located, numbers, offer, f"{url}/frames"):
        yield part


async def _content(service: Service, located: Located, place: Bulkdata, offer: Offer) -> Content:
    """Return the native value as it is stored, or the code stream of the only frame."""
    if offer.transfer_syntax != EXPLICIT_VR_LITTLE_ENDIAN:
        return await offered_frame(service, located, 1, offer)
    return await bulkdata_content(service.archive.blobs, located.instance, place)


async def _decoded_pixels(decoder: Decoder, located: Located) -> TranscodedPixels:
    return await transcoded_pixels(decoder, located, EXPLICIT_VR_LITTLE_ENDIAN)


def _is_decoded(located: Located, offer: Offer) -> bool:
    return _is_encapsulated(located) and offer.transfer_syntax == EXPLICIT_VR_LITTLE_ENDIAN


def _is_encapsulated(located: Located) -> bool:
    return isinstance(located.frames, EncapsulatedFrames)


@lru_cache(maxsize=256)
def _offers(stored: str, forms: Forms, others: tuple[str, ...]) -> tuple[Offer, ...]:
    """Return the forms of pixel data, best first."""
    offers = frame_offers((stored,), forms.streams, others)
    if EXPLICIT_VR_LITTLE_ENDIAN not in (stored, *others):
        return (*offers, *_undecoded_offers(stored))
    value = (Offer(OCTET_STREAM, EXPLICIT_VR_LITTLE_ENDIAN, form) for form in forms.value)
    return tuple(dict.fromkeys((*offers, *value)))


def _undecoded_offers(transfer_syntax: str) -> tuple[Offer, ...]:
    octets = Offer(OCTET_STREAM, transfer_syntax, multipart=True, without_parameter=True)
    return (*undecoded_offers(transfer_syntax, MULTIPART_ONLY), octets)
