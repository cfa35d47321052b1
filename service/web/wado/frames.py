"""WADO-RS: frames, as they are stored or in another transfer syntax. PS3.18 10.4.1.1.6, 8.7.3.3."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from service.web.http.answers.etags import etag_of
from service.web.http.answers.multipart import boundary_for
from service.web.http.answers.responses import MultipartRelated, message_of_one, not_modified, single_part
from service.web.http.requests.request import accept_of, frame_numbers, located_instance
from service.web.http.requests.urls import instance_url
from service.web.state import service_of
from service.web.wado.offered_frames import (
    feasible_offer,
    frame_offers,
    frame_parts,
    offered_frame,
    stored_syntaxes,
    undecoded_offers,
)
from service.web.wado.syntaxes import ANY_FORM, MULTIPART_ONLY, choose_form


async def retrieve_frames(request: Request) -> Response:
    """GET .../instances/{instance}/frames/{frames}. Standard: PS3.18 10.4.1.1.6."""
    service, numbers = service_of(request), frame_numbers(request)
    located = await located_instance(request)
    instance = located.instance
    stored = stored_syntaxes(instance.transfer_syntax, located.frames_with(numbers))
    forms = ANY_FORM if len(numbers) == 1 else MULTIPART_ONLY
    accept, offers = accept_of(request), partial(frame_offers, stored, forms)
    offer = await choose_form(service.archive, accept, instance, stored, offers)
    if answer := not_modified(request, etag_of(instance.digest, str(offer), *numbers)):
        return answer
    offer = await feasible_offer(service, located, numbers, offer, accept, undecoded_offers(stored[0], forms))
    etag = etag_of(instance.digest, str(offer), *numbers)
    url = f"{instance_url(request.state.base_url, instance.uids)}/frames"
    if len(numbers) > 1:
        parts = frame_parts(service, located, numbers, offer, url)
        return MultipartRelated(parts, offer, boundary_for(etag), etag=etag)
    content = await offered_frame(service, located, numbers[0], offer)
    kind, location = offer.content_type, f"{url}/{numbers[0]}"
    if offer.multipart:
        return message_of_one(request, content.runs, content.size, offer, etag=etag, location=location)
    return single_part(request, content.runs, content.size, content_type=kind, etag=etag, location=location)
