"""Frames of an instance as an array: modality values, or red, green and blue. Not of the Standard."""

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from service.errors import NotRenderable
from service.imaging.arrays import check_number_of_frames, numeric_frames
from service.pixels.numbers.array_files import NPY, npy_head
from service.pixels.numbers.modality import REVISION
from service.web.http.accept import Offer
from service.web.http.etags import etag_of
from service.web.http.request import frame_numbers_or_ranges, negotiated, uids_of
from service.web.http.responses import not_modified
from service.web.numbers.array_answer import array_answer, kept_form
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
    check_number_of_frames(len(numbers))
    making = making_of(request)
    offer = negotiated(request, Offer(NPY))
    etag = etag_of(
        located.instance.digest,
        str(offer),
        REVISION,
        str(making),
        await revision_for(request, making),
        *numbers,
    )
    if answer := not_modified(request, etag):
        return answer
    frames = await anyio.to_thread.run_sync(numeric_frames, [(located, number) for number in numbers])
    frames = list(await quantified(request, frames, making))
    form = await kept_form(request, frames, making, etag)
    own_shape = form.shape(frames[0])
    shape = own_shape if len(frames) == 1 else (len(frames), *own_shape)
    head = npy_head(shape, form.kind)
    return array_answer(request, head, frames, form, content_type=NPY, etag=etag)
