"""WADO-RS: one of the values that metadata leave out, or all of them. PS3.18 10.4.1.1.5."""

from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.lookups.bulkdata import PIXEL_DATA_PATHS, held_by, places_of
from service.errors import NoBulkdata
from service.web.http.requests.request import accept_of, instances_of, located_instance, target_of
from service.web.state import scope_of, service_of
from service.web.wado.all_bulkdata import answer_all_bulkdata
from service.web.wado.value import answer_value


async def retrieve_bulkdata(request: Request) -> Response:
    """GET .../instances/{instance}/bulkdata/{path}. Standard: PS3.18 10.4.1.1.5."""
    path = request.path_params["path"].upper()
    return await answer_value(request, await located_instance(request), path, accept_of(request))


async def retrieve_all_bulkdata(request: Request) -> Response:
    """GET .../bulkdata of a study, a series or an instance. Standard: PS3.18 10.4.1.1.5."""
    holdings = await service_of(request).archive.index.read(held_by, scope_of(request), target_of(request))
    return await answer_all_bulkdata(request, await instances_of(request), holdings, accept_of(request))


async def retrieve_all_pixeldata(request: Request) -> Response:
    """GET .../pixeldata of a study or a series. Standard: PS3.18 10.4.1.1.5."""
    holdings = await service_of(request).archive.index.read(held_by, scope_of(request), target_of(request))
    pixels = {digest: values._replace(others=False) for digest, values in holdings.items()}
    return await answer_all_bulkdata(request, await instances_of(request), pixels, accept_of(request))


async def retrieve_pixeldata(request: Request) -> Response:
    """GET .../instances/{instance}/pixeldata: one value, which may be a single part."""
    located = await located_instance(request)
    places = await service_of(request).archive.index.read(places_of, located.instance)
    path = next((path for path in PIXEL_DATA_PATHS if path in places), None)
    if path is None:
        raise NoBulkdata("the instance has no pixel data")
    return await answer_value(request, located, path, accept_of(request))
