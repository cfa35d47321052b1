"""A volume as a Zarr store, of which every file is made when it is asked for. Not of the Standard.

Those who open a store put names of files behind its URL, where a query would be in the way: it stands in the
path instead.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from service.errors import InstanceGone, NoSuchFile, NotFound, VolumeGone
from service.imaging.masks.mask_volume import mask_description
from service.imaging.numbers.descriptions import summary_of
from service.imaging.numbers.small_arrays import bytes_of_frame
from service.pixels.numbers.files.zarr_files import METADATA, array_json, group_json, is_chunk, slice_index
from service.pixels.numbers.geometry.volume import Volume
from service.web.http.answers.etags import etag_of
from service.web.http.answers.responses import not_modified, single_part
from service.web.http.answers.stream import Source, in_memory
from service.web.numbers.masks import MaskFile, is_mask, mask_of, mask_planning_of
from service.web.numbers.planning import plan_of, planning_of
from service.web.numbers.volume_answer import target_url
from service.web.numbers.wishes import refuse_wishes_of_masks
from service.web.state import service_of

_JSON, _OCTETS = "application/json", "application/octet-stream"
_OURS = "dicomweb"  # among the attributes of the group
_OF_SLICES = ("slices", "varying")  # what is told of each slice


class _Store(NamedTuple):
    """A volume as a store.

    Attributes:
        volume: whose slices are chunks.
        made: returns the volume with these slices as they are made.
        kind: of its values.
        key: of all that it depends on.
        slice_bytes: of each slice.
        read: yields a run of the bytes of a slice.
        summary: returns what there is to know about it.
    """

    volume: Volume
    made: Callable[[], Volume]
    kind: np.dtype[Any]
    key: str
    slice_bytes: int
    read: Callable[[int, int, int], AsyncIterator[bytes]]
    summary: Callable[[], Mapping[str, object]]


async def retrieve_zarr(request: Request) -> Response:
    """GET .../series/{series}[/instances/{instance}]/volume[/{query}].zarr/{key}."""
    key = request.path_params["key"]
    if key not in METADATA and not is_chunk(key):
        raise NoSuchFile(key)
    query = QueryParams(request.path_params.get("query", ""))
    try:
        store = await (_of_mask if await is_mask(request, query) else _of_slices)(request, query)
    except InstanceGone:
        raise
    except NotFound as error:
        if is_chunk(key):
            raise VolumeGone from error
        raise
    content_type = _JSON if key in METADATA else _OCTETS
    source, size = _file(request, store, key)
    etag = etag_of(store.key, key, request.state.base_url)
    if answer := not_modified(request, etag):
        return answer
    return single_part(request, source, size, content_type=content_type, etag=etag)


async def _of_slices(request: Request, query: QueryParams) -> _Store:
    refuse_wishes_of_masks(query)
    planning = await planning_of(request, query)
    plan = await plan_of(request, query, planning, partial(_url, request))
    decoder, frames, form = service_of(request).decoder, plan.frames, plan.form

    async def read(index: int, offset: int, length: int) -> AsyncIterator[bytes]:
        content = await bytes_of_frame(decoder, frames[index], form)
        yield content[offset : offset + length]

    frame_bytes = form.frame_bytes(frames[0])
    return _Store(
        plan.volume,
        lambda: plan.made,
        plan.kind,
        planning.key,
        frame_bytes,
        read,
        partial(summary_of, plan),
    )


async def _of_mask(request: Request, query: QueryParams) -> _Store:
    url_of = partial(_url, request)
    planning = await mask_planning_of(request, query, url_of)
    mask = await mask_of(request, query, planning, url_of)
    file, image_bytes = MaskFile(service_of(request).decoder, b"", mask), mask.images.image_bytes

    def read(index: int, offset: int, length: int) -> AsyncIterator[bytes]:
        return file.read(index * image_bytes + offset, length)

    def summary() -> Mapping[str, object]:
        return {name: told for name, told in mask_description(mask).items() if name not in _OF_SLICES}

    kind = mask.images.dtype
    return _Store(mask.volume, lambda: mask.made, kind, planning.key, image_bytes, read, summary)


def _file(request: Request, store: _Store, key: str) -> tuple[Source, int]:
    """Return a file of the store, and how many bytes it has.

    Raises:
        NoSuchFile: the store does not have it.
    """
    if is_chunk(key):
        index = slice_index(key, store.volume)
        if index is None:
            raise NoSuchFile(key)
        return partial(store.read, index), store.slice_bytes
    volume = store.made()
    if key != METADATA[0]:
        content = array_json(volume, store.kind)
    else:
        ours = {"url": _url(request, request.path_params.get("query", "")), **store.summary()}
        content = group_json(volume, store.kind, request.path_params["series"], {_OURS: ours})
    return in_memory(content), len(content)


def _url(request: Request, query: str, instance: str | None = None) -> str:
    """Return the URL of a store, whose query is part of its name."""
    volume = f"{target_url(request, instance)}/volume"
    return f"{volume}/{quote(query, safe='=&,')}.zarr" if query else f"{volume}.zarr"
