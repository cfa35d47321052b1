"""WADO-RS: rendered frames and thumbnails. PS3.18 10.4.1.1.7, 10.4.1.1.8.

The ETag is compared before any pixel is touched. Pixel work runs in threads, a few at a time: cores, not
requests, are what there is to share.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

import anyio.to_thread
import orjson
from isal import isal_zlib
from starlette.requests import Request
from starlette.responses import Response

from service.archive import Archive
from service.archive.content import frame_content
from service.archive.instances import Located
from service.dicom.frames import EncapsulatedFrames
from service.dicom.json_model import DicomJson
from service.errors import NotRenderable
from service.pixels.description import describe
from service.pixels.render import MEDIA_TYPES, RenderOptions, render
from service.pixels.viewport import Viewport
from service.web import rendering
from service.web.accept import Offer
from service.web.asked import frame_numbers, negotiated, uids_of
from service.web.etags import etag_of
from service.web.frames import checked
from service.web.instances import instance_url
from service.web.multipart import boundary_for
from service.web.responses import MultipartRelated, Part, not_modified, single_part
from service.web.stream import in_memory

_THUMBNAIL = Viewport(128, 128)
_THUMBNAIL_QUALITY = 80


async def retrieve_rendered(request: Request) -> Response:
    """GET .../instances/{instance}[/frames/{frames}]/rendered. Standard: PS3.18 8.3.5, 10.4.1.1.7."""
    parameters = request.query_params
    rendering.check_icc_profile(parameters)
    window, viewport = rendering.window_of(parameters), rendering.viewport_of(parameters)
    quality = rendering.quality_of(parameters)
    return await _answer(request, lambda kind: RenderOptions(kind, window, viewport, quality))


async def retrieve_thumbnail(request: Request) -> Response:
    """GET .../instances/{instance}[/frames/{frames}]/thumbnail. Standard: PS3.18 10.4.1.1.8."""
    viewport = rendering.viewport_of(request.query_params, cropping=False) or _THUMBNAIL
    return await _answer(request, lambda kind: RenderOptions(kind, None, viewport, _THUMBNAIL_QUALITY))


async def _answer(request: Request, options_for: Callable[[str], RenderOptions]) -> Response:
    archive: Archive = request.app.state.archive
    numbers = frame_numbers(request) if "frames" in request.path_params else [1]
    located = await archive.located.find(uids_of(request))
    _check_renderable(located, numbers)
    forms = (False, True) if len(numbers) == 1 else (True,)
    offers = (Offer(kind, multipart=form) for kind in MEDIA_TYPES for form in forms)
    offer = negotiated(request, *offers)
    options = options_for(offer.media_type)
    etag = etag_of(located.instance.digest, repr(options), offer.multipart, *numbers)
    if unchanged := not_modified(request, etag):
        return unchanged
    pictures = _pictures(request, located, numbers, options)
    if offer.multipart:
        return MultipartRelated(
            _parts(request, located, numbers, pictures, offer), offer, boundary_for(etag), etag=etag
        )
    picture = await anext(pictures)
    return single_part(request, in_memory(picture), len(picture), content_type=offer.media_type, etag=etag)


async def _pictures(
    request: Request, located: Located, numbers: Sequence[int], options: RenderOptions
) -> AsyncIterator[bytes]:
    archive: Archive = request.app.state.archive
    assert located.frames is not None
    for number in numbers:
        content = await frame_content(archive.blobs, located.instance, located.frames, number)
        frame = b"".join([chunk async for chunk in content.read(0, content.size)])
        work = partial(_render, frame, located.image or b"", number, options)
        yield await anyio.to_thread.run_sync(work, limiter=request.app.state.pixel_work)


def _render(frame: bytes, image: bytes, number: int, options: RenderOptions) -> bytes:
    attributes: DicomJson = orjson.loads(isal_zlib.decompress(image))
    return render(frame, describe(attributes, number), options)


async def _parts(
    request: Request, located: Located, numbers: Sequence[int], pictures: AsyncIterator[bytes], offer: Offer
) -> AsyncIterator[Part]:
    url = f"{instance_url(request.state.base_url, located.instance)}/frames"
    for number in numbers:
        picture = await anext(pictures)
        yield Part(offer.media_type, picture, len(picture), f"{url}/{number}")


def _check_renderable(located: Located, numbers: Sequence[int]) -> None:
    """Raise what stands in the way of a picture before any work is done."""
    if located.frames is None:
        raise NotRenderable("the instance has no pixels, so that there is no picture of it")
    checked(located, numbers)
    if isinstance(located.frames, EncapsulatedFrames):
        syntax = located.instance.transfer_syntax
        raise NotRenderable(f"pixels stored in transfer syntax {syntax} cannot be decoded here")
