"""WADO-RS: studies, series and instances as Part 10 files. PS3.18 10.4.1.1.1 to 10.4.1.1.3.

An instance goes out as it is stored wherever that is acceptable. Otherwise its pixels are transcoded; those
that turn out to be broken go as they are stored, if the client left that open (PS3.18 8.7.3.4).
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial

from starlette.requests import Request
from starlette.responses import Response

from service.archive.files.content import instance_content
from service.archive.index.lookup import find, find_all
from service.archive.instance import Instance
from service.errors import NotAcceptable
from service.imaging.transcoder import transcoded_file, transcoded_pixels
from service.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN
from service.web.http.accept import ANY, Offer
from service.web.http.etags import etag_of
from service.web.http.multipart import boundary_for, message_length
from service.web.http.request import negotiated, target_of, uids_of
from service.web.http.responses import MultipartRelated, Part, not_modified, one_part, single_part, streamed
from service.web.http.stream import Chunks
from service.web.http.urls import instance_url
from service.web.state import service_of
from service.web.wado.syntaxes import ANY_FORM, MULTIPART, as_stored, chosen, is_lossy

_DICOM = "application/dicom"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An instance, and the form in which it goes out."""

    instance: Instance
    offer: Offer

    @property
    def is_transcoded(self) -> bool:
        """Whether its pixels go out in another transfer syntax than that of the stored file."""
        return self.offer.transfer_syntax != self.instance.outgoing_syntax


async def retrieve_instance(request: Request) -> Response:
    """GET /studies/{study}/series/{series}/instances/{instance}. Standard: PS3.18 10.4.1.1.3."""
    archive = service_of(request).archive
    instance = (await archive.located.find(uids_of(request))).instance
    one = Outgoing(instance, await _chosen(request, instance, ANY_FORM))
    if unchanged := not_modified(request, _etag([one])):
        return unchanged
    try:
        return await _answer(request, one)
    except NotAcceptable as error:
        return await _answer(request, _as_stored(request, instance, error))


async def retrieve_instances(request: Request) -> Response:
    """GET /studies/{study} and /studies/{study}/series/{series}. Standard: PS3.18 10.4.1.1.1, 10.4.1.1.2."""
    found = await instances_of(request)
    outgoing = await _acceptable(request, found)
    if unchanged := not_modified(request, _etag(outgoing)):
        return unchanged
    return _message(request, outgoing, 200 if len(outgoing) == len(found) else 206)


async def instances_of(request: Request) -> list[Instance]:
    """Return the instances of the study or series that the path names, or the one that it names.

    Raises:
        StudyNotFound, SeriesNotFound, InstanceNotFound: it is not here.
    """
    archive = service_of(request).archive
    study, series, instance = target_of(request)
    if instance is not None:
        return [await archive.index.read(find, uids_of(request))]
    return await archive.index.read(find_all, study, series)


async def _chosen(request: Request, instance: Instance, forms: tuple[bool, ...]) -> Offer:
    stored = instance.outgoing_syntax
    return await chosen(request, instance, (stored,), partial(_offers, stored, forms))


@lru_cache(maxsize=256)
def _offers(stored: str, forms: tuple[bool, ...], others: tuple[str, ...]) -> tuple[Offer, ...]:
    """Return the forms of an instance, best first.

    A range that names no transfer syntax asks for Explicit VR Little Endian; where that cannot be made, the
    stored transfer syntax answers it. Standard: PS3.18 8.7.3.4.
    """
    undecoded = EXPLICIT_VR_LITTLE_ENDIAN not in others
    as_stored = [Offer(_DICOM, stored, form, without_parameter=undecoded) for form in forms]
    return (
        *as_stored,
        *(Offer(_DICOM, one, form, only_by_name=is_lossy(one)) for one in others for form in forms),
    )


async def _acceptable(request: Request, found: Sequence[Instance]) -> list[Outgoing]:
    """Return those instances that can be had in a form that the client accepts.

    Raises:
        NotAcceptable: none of them.
    """
    outgoing, refusal = [], None
    syntaxes = {one.outgoing_syntax for one in found}
    undecoded = {one: as_stored(request, (one,), partial(_offers, one, MULTIPART)) for one in syntaxes}
    for one in found:
        try:
            offer = undecoded[one.outgoing_syntax] or await _chosen(request, one, MULTIPART)
            outgoing.append(Outgoing(one, offer))
        except NotAcceptable as error:
            refusal = error
    if refusal and not outgoing:
        raise refusal
    return outgoing


def _as_stored(request: Request, instance: Instance, error: NotAcceptable) -> Outgoing:
    """Return the stored form of an instance that cannot be decoded after all, if that is acceptable too.

    Raises:
        NotAcceptable: the error, if it is not.
    """
    with suppress(NotAcceptable):
        return Outgoing(instance, negotiated(request, *_offers(instance.outgoing_syntax, ANY_FORM, ())))
    raise error


async def _answer(request: Request, one: Outgoing) -> Response:
    """Answer with one instance; the first frame of a transcoded one is made before the answer begins."""
    etag, offer = _etag([one]), one.offer
    if one.is_transcoded:
        chunks = await _transcoded(request, one)
        if not offer.multipart:
            return streamed(chunks, content_type=offer.content_type, etag=etag)
        part = Part(offer.content_type, chunks, location=instance_url(request.state.base_url, one.instance))
        return MultipartRelated(one_part(part), offer, boundary_for(etag), etag=etag)
    if offer.multipart:
        return _message(request, [one])
    archive = service_of(request).archive
    content = await instance_content(archive.blobs, one.instance)
    return single_part(request, content.runs, content.size, content_type=offer.content_type, etag=etag)


def _etag(outgoing: Sequence[Outgoing]) -> str:
    return etag_of(*(part for one in outgoing for part in (one.instance.digest, str(one.offer))))


def _message(request: Request, outgoing: Sequence[Outgoing], status_code: int = 200) -> Response:
    etag, base_url = _etag(outgoing), request.state.base_url
    boundary = boundary_for(etag)
    syntaxes = {one.offer.transfer_syntax for one in outgoing}
    offer = Offer(_DICOM, syntaxes.pop() if len(syntaxes) == 1 else ANY, multipart=True)
    length = None
    if all(one.instance.goes_as_stored and not one.is_transcoded for one in outgoing):
        files = ((one.offer.content_type, one.instance) for one in outgoing)
        heads = ((kind, one.size, instance_url(base_url, one)) for kind, one in files)
        length = message_length(boundary, heads)
    parts = _parts(request, outgoing)
    return MultipartRelated(parts, offer, boundary, etag=etag, length=length, status_code=status_code)


async def _parts(request: Request, outgoing: Sequence[Outgoing]) -> AsyncIterator[Part]:
    for one in outgoing:
        yield await _part(request, one)


async def _part(request: Request, one: Outgoing) -> Part:
    """Return an instance as a part; what cannot be decoded after all goes as it is stored, and says so."""
    url = instance_url(request.state.base_url, one.instance)
    if one.is_transcoded:
        with suppress(NotAcceptable):
            return Part(one.offer.content_type, await _transcoded(request, one), location=url)
    archive = service_of(request).archive
    content = await instance_content(archive.blobs, one.instance)
    kind = Offer(_DICOM, one.instance.outgoing_syntax).content_type
    return Part(kind, content.runs(0, content.size), content.size, url)


async def _transcoded(request: Request, one: Outgoing) -> Chunks:
    """Return the bytes of an instance in the transfer syntax of its offer.

    Raises:
        NotAcceptable: its pixels cannot be decoded.
    """
    archive = service_of(request).archive
    assert one.offer.transfer_syntax is not None
    located = await archive.located.find(one.instance.uids)
    pixels = await transcoded_pixels(service_of(request).decoder, located, one.offer.transfer_syntax)
    return transcoded_file(archive.blobs, pixels)
