"""WADO-RS: all bulk data, or all pixel data, of a study, a series or an instance. PS3.18 10.4.1.1.5.

A message with a part for each value that the metadata leave out, at every depth. Which of them can be had in
a form that the client accepts is known before the first byte, and 206 says that some cannot; the values
themselves are looked up and read one instance after the other.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.bulkdata import PIXEL_DATA, Held, held_by, places_of
from service.archive.instance import Instance
from service.dicom.json.writer import Bulkdata
from service.errors import InstanceGone, NoBulkdata, NotAcceptable
from service.web.http.accept import ANY, Offer
from service.web.http.etags import etag_of
from service.web.http.multipart import boundary_for
from service.web.http.request import negotiated, target_of, uids_of
from service.web.http.responses import MultipartRelated, Part, not_modified
from service.web.http.urls import bulkdata_url
from service.web.state import service_of
from service.web.wado.bulkdata import VALUE, retrieve_value, value_part
from service.web.wado.instances import instances_of
from service.web.wado.pixel_data import Forms, as_stored, pixel_form, pixel_parts
from service.web.wado.syntaxes import MULTIPART

_PARTS = Forms(MULTIPART, MULTIPART)
_SOME_LEFT_OUT = 206  # PS3.18 Table 10.4.3-1

Form = Offer | NotAcceptable | None
"""Of values: what the client accepts, why it gets none, or None where there are no such values."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An instance, and the forms in which its bulk data go out."""

    instance: Instance
    pixel_data: Form
    others: Form


async def retrieve_all_bulkdata(request: Request) -> Response:
    """GET .../bulkdata of a study, a series or an instance. Standard: PS3.18 10.4.1.1.5."""
    archive = service_of(request).archive
    return await _answer(request, await archive.index.read(held_by, target_of(request)))


async def retrieve_all_pixeldata(request: Request) -> Response:
    """GET .../pixeldata of a study or a series. Standard: PS3.18 10.4.1.1.5."""
    archive = service_of(request).archive
    held = await archive.index.read(held_by, target_of(request))
    return await _answer(request, {key: has._replace(others=False) for key, has in held.items()})


async def retrieve_pixeldata(request: Request) -> Response:
    """GET .../instances/{instance}/pixeldata: one value, which may be a single part."""
    archive = service_of(request).archive
    located = await archive.located.find(uids_of(request))
    places = await archive.index.read(places_of, located.instance)
    path = next((one for one in PIXEL_DATA if one in places), None)
    if path is None:
        raise NoBulkdata("the instance has no pixel data")
    return await retrieve_value(request, located, path)


async def _answer(request: Request, held: Mapping[bytes, Held]) -> Response:
    """Answer with the values that are held, by the digest of the file that holds them."""
    found = await instances_of(request)
    outgoing = [await _outgoing(request, one, held[one.digest]) for one in found if one.digest in held]
    forms = [form for one in outgoing for form in (one.pixel_data, one.others) if form]
    offers = [form for form in forms if isinstance(form, Offer)]
    if not forms:
        raise NoBulkdata("nothing of what was asked for is here: expected bulk data")
    if not offers:
        raise next(form for form in forms if isinstance(form, NotAcceptable))
    determinants = ((one.instance.digest, one.pixel_data, one.others) for one in outgoing)
    etag = etag_of(*(str(value) for one in determinants for value in one))
    if unchanged := not_modified(request, etag):
        return unchanged
    status = 200 if len(offers) == len(forms) else _SOME_LEFT_OUT
    parts = _parts(request, outgoing)
    return MultipartRelated(parts, _common(offers), boundary_for(etag), etag=etag, status_code=status)


def _common(offers: Sequence[Offer]) -> Offer:
    """Return what describes a message of such parts: the type of the first, their syntax if all share it."""
    syntaxes = {one.transfer_syntax for one in offers}
    return Offer(offers[0].media_type, syntaxes.pop() if len(syntaxes) == 1 else ANY, multipart=True)


async def _outgoing(request: Request, instance: Instance, held: Held) -> Outgoing:
    pixel_data: Form = None
    others: Form = None
    try:
        if held.pixel_data:
            pixel_data = await pixel_form(request, instance, _PARTS, encapsulated=held.encapsulated)
    except NotAcceptable as error:
        pixel_data = error
    try:
        if held.others:
            others = negotiated(request, VALUE)
    except NotAcceptable as error:
        others = error
    return Outgoing(instance, pixel_data, others)


async def _parts(request: Request, outgoing: Sequence[Outgoing]) -> AsyncIterator[Part]:
    """Yield the values of all instances; those that cannot be decoded after all are left out.

    Raises:
        NotAcceptable: they were all there is.
    """
    refusal, none_made = None, True
    for one in outgoing:
        try:
            async for part in _parts_of(request, one):
                none_made = False
                yield part
        except NotAcceptable as error:
            refusal = error
    if refusal and none_made:
        raise refusal


async def _parts_of(request: Request, one: Outgoing) -> AsyncIterator[Part]:
    archive = service_of(request).archive
    places = await archive.index.read(places_of, one.instance)
    for path, place in places.items():
        url = bulkdata_url(request.state.base_url, one.instance, path)
        if path not in PIXEL_DATA:
            if isinstance(one.others, Offer):
                yield await value_part(request, one.instance, place, url)
        elif isinstance(one.pixel_data, Offer):
            async for part in _pixel_parts(request, one.instance, place, one.pixel_data, url):
                yield part


async def _pixel_parts(
    request: Request, instance: Instance, place: Bulkdata, offer: Offer, url: str
) -> AsyncIterator[Part]:
    """Yield pixel data; what cannot be decoded after all goes as it is stored, if the client left that open.

    Raises:
        NotAcceptable: it did not.
    """
    archive = service_of(request).archive
    located = await archive.located.find(instance.uids)
    if located.instance.digest != instance.digest:
        raise InstanceGone(instance.uids.instance)
    begun = False
    try:
        async for part in pixel_parts(request, located, place, offer, url):
            begun = True
            yield part
    except NotAcceptable:
        if begun:
            raise
        stored = negotiated(request, as_stored(located))
        async for part in pixel_parts(request, located, place, stored, url):
            yield part
