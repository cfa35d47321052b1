"""Studies, series and instances as Part 10 files. PS3.18 10.4.1.1.1 to 10.4.1.1.3.

An instance goes out as it is stored wherever that is acceptable. Otherwise its pixels are transcoded; those
that turn out to be broken go as they are stored, if the client left that open (PS3.18 8.7.3.4).
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial

from starlette.requests import Request
from starlette.responses import Response

from service.archive.files.file_run import Chunk, ChunkGroup
from service.archive.files.reading.content import instance_content
from service.archive.files.reading.opened import check_in_thread
from service.archive.files.reading.runs import bring_all_near
from service.archive.files.reading.together import files_together
from service.archive.instance import Instance
from service.errors import NotAcceptable
from service.imaging.transcoder import is_lossy, transcoded_file, transcoded_pixels
from service.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN
from service.web.http.answers.etags import etag_of
from service.web.http.answers.multipart import boundary_for, closing, part_head
from service.web.http.answers.responses import (
    SOME_LEFT_OUT,
    MultipartRelated,
    Part,
    not_modified,
    one_part,
    single_part,
    streamed,
)
from service.web.http.answers.stream import Chunks, Groups
from service.web.http.requests.accept import Accept, Offer
from service.web.http.requests.media_ranges import ANY, DICOM
from service.web.http.requests.urls import instance_url
from service.web.state import scope_of, service_of
from service.web.wado.syntaxes import ANY_FORM, MULTIPART_ONLY, choose_form, stored_form


@dataclass(frozen=True, slots=True)
class OutgoingInstance:
    """An instance, and the form in which it goes out."""

    instance: Instance
    offer: Offer

    @property
    def is_transcoded(self) -> bool:
        """Whether its pixels go out in another transfer syntax than that of the stored file."""
        return self.offer.transfer_syntax != self.instance.outgoing_syntax

    @property
    def goes_as_stored(self) -> bool:
        """Whether its file goes out as it is."""
        return self.instance.conformant and self.offer.transfer_syntax == self.instance.transfer_syntax


async def answer_instance(request: Request, instance: Instance, accept: Accept) -> Response:
    """Answer with an instance.

    Raises:
        NotAcceptable: in no form that the client accepts.
    """
    outgoing = OutgoingInstance(instance, await _form(request, instance, accept, ANY_FORM))
    if answer := not_modified(request, _etag([outgoing])):
        return answer
    try:
        return await _answer(request, outgoing)
    except NotAcceptable as error:
        return await _answer(request, _fallback(instance, accept, error))


async def answer_instances(request: Request, instances: Sequence[Instance], accept: Accept) -> Response:
    """Answer with those instances that the client accepts, as parts of one message.

    Raises:
        NotAcceptable: it accepts none of them.
        DamagedFile: the file of one is not as long as what was stored.
    """
    outgoing = await _acceptable(request, instances, accept)
    etag = _etag(outgoing)
    if answer := not_modified(request, etag):
        return answer
    blobs = service_of(request).archive.blobs
    await check_in_thread(blobs, [instance.instance for instance in outgoing])
    return _message(request, outgoing, etag, 200 if len(outgoing) == len(instances) else SOME_LEFT_OUT)


async def _form(request: Request, instance: Instance, accept: Accept, forms: tuple[bool, ...]) -> Offer:
    stored = instance.outgoing_syntax
    offers = partial(_offers, stored, forms)
    return await choose_form(service_of(request).archive, accept, instance, (stored,), offers)


@lru_cache(maxsize=256)
def _offers(stored: str, forms: tuple[bool, ...], others: tuple[str, ...]) -> tuple[Offer, ...]:
    """Return the forms of an instance, best first.

    A range that names no transfer syntax asks for Explicit VR Little Endian; where that cannot be made, the
    stored transfer syntax answers it. Standard: PS3.18 8.7.3.4.
    """
    undecoded = EXPLICIT_VR_LITTLE_ENDIAN not in others
    return (
        *(Offer(DICOM, stored, form, without_parameter=undecoded) for form in forms),
        *(Offer(DICOM, syntax, form, only_by_name=is_lossy(syntax)) for syntax in others for form in forms),
    )


async def _acceptable(
    request: Request, instances: Sequence[Instance], accept: Accept
) -> list[OutgoingInstance]:
    """Return those instances that can be had in a form that the client accepts.

    Raises:
        NotAcceptable: none of them.
    """
    outgoing, refusal = [], None
    syntaxes = {instance.outgoing_syntax for instance in instances}
    undecoded = {
        syntax: stored_form(accept, (syntax,), partial(_offers, syntax, MULTIPART_ONLY))
        for syntax in syntaxes
    }
    for instance in instances:
        try:
            offer = undecoded[instance.outgoing_syntax]
            offer = offer or await _form(request, instance, accept, MULTIPART_ONLY)
            outgoing.append(OutgoingInstance(instance, offer))
        except NotAcceptable as error:
            refusal = error
    if refusal and not outgoing:
        raise refusal
    return outgoing


def _fallback(instance: Instance, accept: Accept, error: NotAcceptable) -> OutgoingInstance:
    """Return the stored form of an instance that cannot be decoded after all, if that is acceptable too.

    Raises:
        NotAcceptable: the error, if it is not.
    """
    with suppress(NotAcceptable):
        return OutgoingInstance(instance, accept.choose(*_offers(instance.outgoing_syntax, ANY_FORM, ())))
    raise error


async def _answer(request: Request, outgoing: OutgoingInstance) -> Response:
    """Answer with one instance; the first frame of a transcoded one is made before the answer begins."""
    instance, offer, etag = outgoing.instance, outgoing.offer, _etag([outgoing])
    if outgoing.is_transcoded:
        chunks = await _transcoded(request, outgoing)
        if not offer.multipart:
            return streamed(chunks, content_type=offer.content_type, etag=etag)
        part = Part(offer.content_type, chunks, location=instance_url(request.state.base_url, instance.uids))
        return MultipartRelated(one_part(part), offer, boundary_for(etag), etag=etag)
    if offer.multipart:
        return _message(request, [outgoing], etag)
    archive = service_of(request).archive
    content = await instance_content(archive.blobs, instance, archive.conversions)
    return single_part(request, content.runs, content.size, content_type=offer.content_type, etag=etag)


def _etag(instances: Sequence[OutgoingInstance]) -> str:
    names = {key: str(offer) for key, offer in _offers_of(instances).items()}
    return etag_of(
        *(part for outgoing in instances for part in (outgoing.instance.digest, names[id(outgoing.offer)]))
    )


def _offers_of(instances: Sequence[OutgoingInstance]) -> dict[int, Offer]:
    """Return the few offers that many instances have, by their identity."""
    return {id(outgoing.offer): outgoing.offer for outgoing in instances}


def _message(
    request: Request, instances: Sequence[OutgoingInstance], etag: str, status_code: int = 200
) -> Response:
    boundary = boundary_for(etag)
    syntaxes = {outgoing.offer.transfer_syntax for outgoing in instances}
    offer = Offer(DICOM, syntaxes.pop() if len(syntaxes) == 1 else ANY, multipart=True)
    if not all(outgoing.goes_as_stored for outgoing in instances):
        parts = _parts(request, instances)
        return MultipartRelated(parts, offer, boundary, etag=etag, status_code=status_code)
    files, end = _headed(instances, boundary, request.state.base_url), closing(boundary)
    length = sum([len(head) + instance.size for head, instance in files]) + len(end)
    blobs = service_of(request).archive.blobs
    if blobs.is_remote:  # the next ones are fetched while one goes out
        parts = _parts(request, instances)
        return MultipartRelated(parts, offer, boundary, etag=etag, length=length, status_code=status_code)
    chunks, content_type = _with_end(files_together(blobs, files), end), offer.envelope(boundary)
    return streamed(chunks, content_type=content_type, etag=etag, length=length, status_code=status_code)


def _headed(
    instances: Sequence[OutgoingInstance], boundary: str, base_url: str
) -> list[tuple[bytes, Instance]]:
    """Return the instances, each behind what goes before its file."""
    kinds = {key: offer.content_type for key, offer in _offers_of(instances).items()}
    files = [(kinds[id(outgoing.offer)], outgoing.instance) for outgoing in instances]
    return [
        (part_head(boundary, kind, instance.size, instance_url(base_url, instance.uids)), instance)
        for kind, instance in files
    ]


async def _with_end(chunks: Groups, end: bytes) -> AsyncIterator[Chunk | ChunkGroup]:
    async for chunk in chunks:
        yield chunk
    yield end


async def _parts(request: Request, instances: Sequence[OutgoingInstance]) -> AsyncIterator[Part]:
    blobs = service_of(request).archive.blobs
    following = iter(instances)
    async for _ in bring_all_near(blobs, [outgoing.instance for outgoing in instances]):
        yield await _part(request, next(following))


async def _part(request: Request, outgoing: OutgoingInstance) -> Part:
    """Return an instance as a part; what cannot be decoded after all goes as it is stored, and says so."""
    instance = outgoing.instance
    url, kind = instance_url(request.state.base_url, instance.uids), outgoing.offer.content_type
    if outgoing.is_transcoded:
        with suppress(NotAcceptable):
            return Part(kind, await _transcoded(request, outgoing), location=url)
        kind = Offer(DICOM, instance.outgoing_syntax).content_type
    archive = service_of(request).archive
    content = await instance_content(archive.blobs, instance, archive.conversions)
    return Part(kind, content.runs(0, content.size), content.size, url)


async def _transcoded(request: Request, outgoing: OutgoingInstance) -> Chunks:
    """Return the bytes of an instance in the transfer syntax of its offer.

    Raises:
        NotAcceptable: its pixels cannot be decoded.
    """
    service = service_of(request)
    assert outgoing.offer.transfer_syntax is not None
    located = await service.archive.recent.find(scope_of(request), outgoing.instance.uids)
    pixels = await transcoded_pixels(service.decoder, located, outgoing.offer.transfer_syntax)
    return transcoded_file(service.archive.blobs, pixels)
