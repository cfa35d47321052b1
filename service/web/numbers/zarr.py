"""A volume as a Zarr store, of which every file is made when it is asked for. Not of the Standard.

Those who open a store put names of files behind its URL, where a query would be in the way: it stands in the
path instead.
"""

from collections.abc import AsyncIterator
from functools import partial
from urllib.parse import quote

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from service.errors import InstanceGone, NoSuchFile, NotFound, VolumeGone
from service.imaging.arrays import array_of
from service.imaging.descriptions import summary_of
from service.imaging.plans import Plan
from service.pixels.numbers.zarr_files import METADATA, array_json, group_json, is_chunk, slice_index
from service.web.http.responses import not_modified, single_part
from service.web.http.stream import Source, in_memory
from service.web.numbers.planning import plan_of, planning_of
from service.web.state import service_of

_JSON, _OCTETS = "application/json", "application/octet-stream"
_OURS = "dicomweb"  # among the attributes of the group


async def retrieve_zarr(request: Request) -> Response:
    """GET .../series/{series}[/instances/{instance}]/volume[/{query}].zarr/{key}."""
    key = request.path_params["key"]
    if key not in METADATA and not is_chunk(key):
        raise NoSuchFile(key)
    query = QueryParams(request.path_params.get("query", ""))
    try:
        planning = await planning_of(request, query)
        plan = await plan_of(request, query, planning, partial(_url, request))
    except InstanceGone:
        raise
    except NotFound as error:
        if is_chunk(key):
            raise VolumeGone from error
        raise
    content_type = _JSON if key in METADATA else _OCTETS
    source, size = _file(request, plan, key)
    etag = planning.etag(key, request.state.base_url)
    if answer := not_modified(request, etag):
        return answer
    return single_part(request, source, size, content_type=content_type, etag=etag)


def _file(request: Request, plan: Plan, key: str) -> tuple[Source, int]:
    """Return a file of the store, and how many bytes it has.

    Raises:
        NoSuchFile: the store does not have it.
    """
    if is_chunk(key):
        index = slice_index(key, plan.volume)
        if index is None:
            raise NoSuchFile(key)
        return partial(_slice, request, plan, index), plan.form.frame_bytes(plan.frames[0])
    volume, kind = plan.made, plan.kind
    if key != METADATA[0]:
        content = array_json(volume, kind)
    else:
        url = _url(request, request.path_params.get("query", ""))
        content = group_json(
            volume, kind, request.path_params["series"], {_OURS: {"url": url, **summary_of(plan)}}
        )
    return in_memory(content), len(content)


async def _slice(request: Request, plan: Plan, index: int, offset: int, length: int) -> AsyncIterator[bytes]:
    content = await array_of(service_of(request).decoder, plan.frames[index], plan.form.made_of)
    yield content[offset : offset + length]


def _url(request: Request, query: str) -> str:
    """Return the URL of a store, whose query is part of its name."""
    path = request.path_params
    instance = f"/instances/{path['instance']}" if "instance" in path else ""
    volume = f"{request.state.base_url}/studies/{path['study']}/series/{path['series']}{instance}/volume"
    return f"{volume}/{quote(query, safe='=&,')}.zarr" if query else f"{volume}.zarr"
