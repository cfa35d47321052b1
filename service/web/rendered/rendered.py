"""WADO-RS: rendered studies, series, instances and frames. PS3.18 8.3.5, 10.4.1.1.7."""

from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.lookups.lookup import find_all, find_pictures
from service.web.http.requests.request import accept_of, frame_numbers, located_instance, target_of
from service.web.rendered.answers import answer_frames, answer_instance, answer_instances
from service.web.rendered.parameters import rendering_of
from service.web.state import scope_of, service_of


async def retrieve_rendered(request: Request) -> Response:
    """GET .../instances/{instance}/rendered. Standard: PS3.18 10.4.1.1.7."""
    rendering = rendering_of(request.query_params)
    return await answer_instance(request, await located_instance(request), rendering, accept_of(request))


async def retrieve_rendered_frames(request: Request) -> Response:
    """GET .../instances/{instance}/frames/{frames}/rendered. Standard: PS3.18 10.4.1.1.7."""
    rendering, numbers = rendering_of(request.query_params), frame_numbers(request)
    located = await located_instance(request)
    return await answer_frames(request, located, numbers, rendering, accept_of(request))


async def retrieve_rendered_all(request: Request) -> Response:
    """GET /studies/{study}/rendered and .../series/{series}/rendered. Standard: PS3.18 10.4.1.1.7."""
    rendering, index = rendering_of(request.query_params), service_of(request).archive.index
    study, series, _ = target_of(request)
    instances = await index.read(find_all, scope_of(request), study, series)
    images = await index.read(find_pictures, scope_of(request), study, series)
    return await answer_instances(request, instances, images, rendering, accept_of(request))
