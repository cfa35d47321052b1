"""WADO-RS: studies, series and instances as Part 10 files. PS3.18 10.4.1.1.1 to 10.4.1.1.3."""

from collections.abc import AsyncIterator, Sequence

from starlette.requests import Request
from starlette.responses import Response

from service.archive import Archive
from service.archive.content import instance_content
from service.archive.files import sent_as_stored
from service.archive.instances import Instance, find_all
from service.dicom.part10 import EXPLICIT_VR_LITTLE_ENDIAN
from service.web.accept import ANY, Offer
from service.web.asked import negotiated, target_of, uids_of
from service.web.etags import etag_of
from service.web.multipart import boundary_for, message_length
from service.web.responses import MultipartRelated, Part, not_modified, single_part


async def retrieve_instance(request: Request) -> Response:
    """GET /studies/{study}/series/{series}/instances/{instance}. Standard: PS3.18 10.4.1.1.3."""
    archive: Archive = request.app.state.archive
    instance = (await archive.located.find(uids_of(request))).instance
    offer = negotiated(request, *_offers(outgoing_syntax(instance)))
    etag = etag_of(instance.digest, str(offer))
    if unchanged := not_modified(request, etag):
        return unchanged
    if offer.multipart:
        return _message(request, [instance], offer, etag)
    content = await instance_content(archive.blobs, instance)
    return single_part(request, content.read, content.size, content_type=offer.content_type, etag=etag)


async def retrieve_instances(request: Request) -> Response:
    """GET /studies/{study} and /studies/{study}/series/{series}. Standard: PS3.18 10.4.1.1.1, 10.4.1.1.2."""
    archive: Archive = request.app.state.archive
    study, series, _ = target_of(request)
    found = await archive.index.read(find_all, study, series)
    syntaxes = {outgoing_syntax(one) for one in found}
    offer, _ = _offers(syntaxes.pop() if len(syntaxes) == 1 else ANY)
    offer = negotiated(request, offer)
    etag = etag_of(*(one.digest for one in found), str(offer))
    return not_modified(request, etag) or _message(request, found, offer, etag)


def outgoing_syntax(instance: Instance) -> str:
    """Return the transfer syntax in which an instance goes out."""
    return instance.transfer_syntax if sent_as_stored(instance) else EXPLICIT_VR_LITTLE_ENDIAN


def instance_url(base_url: str, instance: Instance) -> str:
    """Return the URL of an instance."""
    uids = instance.uids
    return f"{base_url}/studies/{uids.study}/series/{uids.series}/instances/{uids.instance}"


def _offers(syntax: str) -> tuple[Offer, Offer]:
    """Return the multipart and the single form. Nothing is decoded here, which PS3.18 8.7.3.4 allows."""
    return (
        Offer("application/dicom", syntax, multipart=True, without_parameter=True),
        Offer("application/dicom", syntax, without_parameter=True),
    )


def _message(request: Request, found: Sequence[Instance], offer: Offer, etag: str) -> Response:
    boundary = boundary_for(etag)
    base_url: str = request.state.base_url
    length = None
    if all(sent_as_stored(one) for one in found):
        heads = ((_part_type(one), one.size, instance_url(base_url, one)) for one in found)
        length = message_length(boundary, heads)
    parts = _parts(request.app.state.archive, found, base_url)
    return MultipartRelated(parts, offer, boundary, etag=etag, length=length)


async def _parts(archive: Archive, found: Sequence[Instance], base_url: str) -> AsyncIterator[Part]:
    for one in found:
        content = await instance_content(archive.blobs, one)
        body = content.read(0, content.size)
        yield Part(_part_type(one), body, content.size, instance_url(base_url, one))


def _part_type(instance: Instance) -> str:
    return Offer("application/dicom", outgoing_syntax(instance)).content_type
