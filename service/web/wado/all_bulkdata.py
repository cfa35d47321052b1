"""All bulk data, or all pixel data, of a study, a series or an instance. PS3.18 10.4.1.1.5.

A message with a part for each value that the metadata leave out, at every depth. Which of them can be had in
a form that the client accepts is known before the first byte, and 206 says that some cannot; the values
themselves are looked up and read one instance after the other.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from service.archive.files.reading.opened import check_in_thread
from service.archive.index.lookups.bulkdata import PIXEL_DATA_PATHS, Held, places_of
from service.archive.instance import Instance
from service.dicom.json.writer import Bulkdata
from service.errors import InstanceGone, NoBulkdata, NotAcceptable
from service.web.http.answers.etags import etag_of
from service.web.http.answers.multipart import boundary_for
from service.web.http.answers.responses import SOME_LEFT_OUT, MultipartRelated, Part, not_modified
from service.web.http.requests.accept import Accept, Offer
from service.web.http.requests.media_ranges import ANY
from service.web.http.requests.urls import bulkdata_url
from service.web.state import scope_of, service_of
from service.web.wado.pixel_data import Forms, pixel_form, pixel_parts, undecoded_forms
from service.web.wado.syntaxes import MULTIPART_ONLY
from service.web.wado.value import VALUE, value_part

_PARTS = Forms(MULTIPART_ONLY, MULTIPART_ONLY)

Form = Offer | NotAcceptable | None
"""Of values: what the client accepts, why it gets none, or None where there are no such values."""


@dataclass(frozen=True, slots=True)
class OutgoingBulkdata:
    """An instance, and the forms in which its bulk data go out."""

    instance: Instance
    pixel_data: Form
    others: Form


async def answer_all_bulkdata(
    request: Request, instances: Sequence[Instance], holdings: Mapping[bytes, Held], accept: Accept
) -> Response:
    """Answer with the values that are held, by the digest of the file that holds them.

    Raises:
        NoBulkdata: nothing is held.
        NotAcceptable: the client accepts nothing of it.
        DamagedFile: the file of one is not as long as what was stored.
    """
    outgoing = [
        await _outgoing_bulkdata(request, instance, holdings[instance.digest], accept)
        for instance in instances
        if instance.digest in holdings
    ]
    forms = [form for values in outgoing for form in (values.pixel_data, values.others) if form]
    offers = [form for form in forms if isinstance(form, Offer)]
    if not forms:
        raise NoBulkdata("nothing of what was asked for is here: expected bulk data")
    if not offers:
        raise next(form for form in forms if isinstance(form, NotAcceptable))
    determinants = ((values.instance.digest, values.pixel_data, values.others) for values in outgoing)
    etag = etag_of(*(str(determinant) for of_instance in determinants for determinant in of_instance))
    if answer := not_modified(request, etag):
        return answer
    blobs = service_of(request).archive.blobs
    await check_in_thread(blobs, [values.instance for values in outgoing])
    status = 200 if len(offers) == len(forms) else SOME_LEFT_OUT
    parts = _parts(request, outgoing, accept)
    return MultipartRelated(parts, _common_offer(offers), boundary_for(etag), etag=etag, status_code=status)


def _common_offer(offers: Sequence[Offer]) -> Offer:
    """Return what describes a message of such parts: the type of the first, their syntax if all share it."""
    syntaxes = {offer.transfer_syntax for offer in offers}
    return Offer(offers[0].media_type, syntaxes.pop() if len(syntaxes) == 1 else ANY, multipart=True)


async def _outgoing_bulkdata(
    request: Request, instance: Instance, holding: Held, accept: Accept
) -> OutgoingBulkdata:
    archive = service_of(request).archive
    pixel_data: Form = None
    others: Form = None
    try:
        if holding.pixel_data:
            pixel_data = await pixel_form(
                archive, accept, instance, _PARTS, encapsulated=holding.encapsulated
            )
    except NotAcceptable as error:
        pixel_data = error
    try:
        if holding.others:
            others = accept.choose(VALUE)
    except NotAcceptable as error:
        others = error
    return OutgoingBulkdata(instance, pixel_data, others)


async def _parts(
    request: Request, outgoing: Sequence[OutgoingBulkdata], accept: Accept
) -> AsyncIterator[Part]:
    """Yield the values of all instances; those that cannot be decoded after all are left out.

    Raises:
        NotAcceptable: they were all there is.
    """
    refusal, none_made = None, True
    for values in outgoing:
        try:
            async for part in _parts_of(request, values, accept):
                none_made = False
                yield part
        except NotAcceptable as error:
            refusal = error
    if refusal and none_made:
        raise refusal


async def _parts_of(request: Request, values: OutgoingBulkdata, accept: Accept) -> AsyncIterator[Part]:
    archive, instance = service_of(request).archive, values.instance
    for path, place in (await archive.index.read(places_of, instance)).items():
        url = bulkdata_url(request.state.base_url, instance, path)
        if path not in PIXEL_DATA_PATHS:
            if isinstance(values.others, Offer):
                yield await value_part(archive, instance, place, url)
        elif isinstance(values.pixel_data, Offer):
            async for part in _pixel_parts(request, values, place, url, accept):
                yield part


async def _pixel_parts(
    request: Request, values: OutgoingBulkdata, place: Bulkdata, url: str, accept: Accept
) -> AsyncIterator[Part]:
    """Yield pixel data; what cannot be decoded after all goes as it is stored, if the client left that open.

    Raises:
        NotAcceptable: it did not.
    """
    service, instance = service_of(request), values.instance
    located = await service.archive.recent.find(scope_of(request), instance.uids)
    if located.instance.digest != instance.digest:
        raise InstanceGone(instance.uids.instance)
    assert isinstance(values.pixel_data, Offer)
    has_begun = False
    try:
        async for part in pixel_parts(service, located, place, values.pixel_data, url):
            has_begun = True
            yield part
    except NotAcceptable:
        if has_begun:
            raise
        offer = accept.choose(*undecoded_forms(located))
        async for part in pixel_parts(service, located, place, offer, url):
            yield part
