"""A series, or a multi-frame instance, as one volume of modality values, or of labels. Not of the Standard.

Slices are put in order and checked with what the index knows: no file is opened before the answer begins.
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from service.imaging.numbers.descriptions import description_of
from service.web.http.answers.responses import not_modified
from service.web.http.requests.request import negotiated
from service.web.numbers.array_answer import ArrayFile
from service.web.numbers.masks import is_mask, mask_answer
from service.web.numbers.planning import plan_of, planning_of
from service.web.numbers.volume_answer import VOLUME_OFFERS, VolumeFile, answer, url_with
from service.web.numbers.wishes import refuse_wishes_of_masks
from service.web.state import service_of


async def retrieve_volume(request: Request) -> Response:
    """GET .../series/{series}[/instances/{instance}]/volume."""
    query = request.query_params
    if await is_mask(request, query):
        return await mask_answer(request)
    refuse_wishes_of_masks(query)
    planning = await planning_of(request, query)
    offer = negotiated(request, *VOLUME_OFFERS)
    etag = planning.etag(str(offer), request.state.base_url)
    if unchanged := not_modified(request, etag):
        return unchanged
    plan = await plan_of(request, query, planning, partial(url_with, request))
    file = VolumeFile(
        volume=plan.made,
        kind=plan.kind,
        file=lambda head: ArrayFile(service_of(request).decoder, head, plan.frames, plan.form),
        made=plan.form.making.as_json(),
        description=partial(description_of, plan),
    )
    return answer(request, file, offer.media_type, etag)
