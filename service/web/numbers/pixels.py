"""Frames of an instance or series as an array: modality values, or colours. Not of the Standard."""

from collections.abc import Sequence
from functools import lru_cache, partial
from itertools import groupby

import anyio.to_thread
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from service.archive.files.reading.runs import read_run_behind
from service.archive.instance import Located
from service.errors import NotRenderable
from service.imaging.numbers.numeric_frames import check_number_of_frames, numeric_frames
from service.imaging.numbers.small_arrays import (
    HEAD_BYTES,
    check_alike,
    is_quick,
    is_small,
    rows_of_region,
    small_array,
)
from service.pixels.numbers.files.array_files import NPY, npy_head
from service.pixels.numbers.quantities.making import Making
from service.pixels.numbers.quantities.modality import REVISION
from service.web.http.answers.etags import etag_of
from service.web.http.answers.responses import not_modified, single_part
from service.web.http.answers.stream import in_memory
from service.web.http.requests.accept import Offer
from service.web.http.requests.request import frame_numbers_or_ranges, located_instances, negotiated, uids_of
from service.web.numbers.array_answer import FORM_BYTES, ArrayFile, array_answer, kept_form
from service.web.numbers.quantities import quantified, revision_for
from service.web.numbers.wishes import making_of
from service.web.state import scope_of, service_of


async def retrieve_pixels(request: Request) -> Response:
    """GET .../instances/{instance}[/frames/{frames}]/pixels.

    An array of one frame has the shape of the frame; one of several has the frames as its first axis.
    """
    archive = service_of(request).archive
    located = await archive.recent.find(scope_of(request), uids_of(request))
    if located.frames is None or not located.frames.number_of_frames:
        raise NotRenderable("the instance has no pixels")
    all_numbers = range(1, located.frames.number_of_frames + 1)
    numbers = frame_numbers_or_ranges(request) if "frames" in request.path_params else all_numbers
    located.frames_with(numbers)
    return await _answer(request, [(located, number) for number in numbers], is_stack=len(numbers) > 1)


async def retrieve_series_pixels(request: Request) -> Response:
    """GET .../series/{series}/pixels: its frames by Instance Number, always the first axis."""
    places = [
        (located, number)
        for located in await located_instances(request)
        if located.frames is not None
        for number in range(1, located.frames.number_of_frames + 1)
    ]
    if not places:
        raise NotRenderable("the series has no pixels")
    return await _answer(request, places, is_stack=True)


async def _answer(request: Request, places: Sequence[tuple[Located, int]], *, is_stack: bool) -> Response:
    check_number_of_frames(len(places))
    making, written_making = _making_of(request.scope["query_string"])
    offer = negotiated(request, Offer(NPY))
    frames_of = groupby(places, lambda place: place[0].instance.digest)
    etag = etag_of(
        *(str(offer), REVISION, written_making, await revision_for(request, making)),
        *(part for digest, some in frames_of for part in (digest, *(number for _, number in some))),
        *(["stack"] if is_stack else []),
    )
    if answer := not_modified(request, etag):
        return answer
    if is_small(places, making):
        array = await _small_array(request, places, making, is_stack=is_stack)
        return single_part(request, in_memory(array), len(array), content_type=NPY, etag=etag)
    frames = await anyio.to_thread.run_sync(numeric_frames, places)
    check_alike(frames)
    frames = list(await quantified(request, frames, making))
    form = await kept_form(request, frames, making, etag)
    own_shape = form.shape(frames[0])
    head = npy_head((len(frames), *own_shape) if is_stack else own_shape, form.kind)
    file = ArrayFile(service_of(request).decoder, head, frames, form)
    return array_answer(request, file, content_type=NPY, etag=etag)


@lru_cache(maxsize=64)
def _making_of(query: bytes) -> tuple[Making, str]:
    """Return what is to be made, also as text: who asks for many frames asks for the same of each."""
    making = making_of(QueryParams(query))
    return making, str(making)


async def _small_array(
    request: Request, places: Sequence[tuple[Located, int]], making: Making, *, is_stack: bool
) -> memoryview:
    decoder, forms = service_of(request).decoder, service_of(request).forms
    key = making.values, *((located.instance.digest, number) for located, number in places)
    known, quick = forms.get(key), is_quick(places, making)
    rows = rows_of_region(*places[0], making, known) if quick and not is_stack else None
    contents = [
        await read_run_behind(
            decoder.blobs, located.instance, rows or located.frames.span(number), HEAD_BYTES
        )
        for located, number in places
        if located.frames is not None
    ]
    work = partial(small_array, places, contents, making, known, is_stack=is_stack, has_rows=rows is not None)
    file, form = work() if quick else await decoder.threads.run(work)
    forms.keep(key, form, FORM_BYTES * len(key))
    return file
