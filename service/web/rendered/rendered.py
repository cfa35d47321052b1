"""WADO-RS: rendered studies, series, instances and frames. PS3.18 8.3.5, 10.4.1.1.7.

An instance is one picture: its first frame, or, as GIF, all of its frames one after the other. A study or
a series is a message with the picture of each instance; asked for as a single image, it is the one in the
middle, and as GIF the run through all. What the Standard renders otherwise (video, documents, reports) is
`documents`' part. The ETag is compared before any pixel is touched.
"""

from collections.abc import AsyncIterator, Sequence

from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.lookup import find_all, find_pictures
from service.archive.index.metadata import attributes_of
from service.archive.instance import Instance, Located
from service.errors import NotRenderable
from service.imaging.decoder import check_decodable
from service.imaging.kinds import frame_seconds, has_picture
from service.imaging.pictures import (
    Shot,
    decodable,
    frames_of,
    middle,
    reel,
    stills,
)
from service.imaging.rendering import Rendering
from service.pixels.display import gif
from service.pixels.display.render import RENDERED_MEDIA_TYPES
from service.web.http.accept import Offer
from service.web.http.etags import etag_of
from service.web.http.multipart import boundary_for
from service.web.http.request import frame_numbers, negotiated, uids_of
from service.web.http.responses import MultipartRelated, Part, not_modified, single_part
from service.web.http.stream import Stream, in_memory
from service.web.http.urls import instance_url
from service.web.rendered.documents import retrieve_document
from service.web.rendered.parameters import rendering_of
from service.web.state import service_of

GIF = "image/gif"
SINGLE = tuple(Offer(kind) for kind in RENDERED_MEDIA_TYPES)
_MULTIPART = tuple(Offer(kind, multipart=True) for kind in RENDERED_MEDIA_TYPES)
_SOME_LEFT_OUT = 206  # PS3.18 Table 10.4.3-1


async def retrieve_rendered(request: Request) -> Response:
    """GET .../instances/{instance}/rendered. Standard: PS3.18 10.4.1.1.7."""
    archive = service_of(request).archive
    rendering = rendering_of(request.query_params)
    located = await archive.located.find(uids_of(request))
    if not has_picture(located):
        return await retrieve_document(request, located)
    assert located.frames is not None
    check_decodable(located, 1)
    offer = negotiated(request, *SINGLE, *_MULTIPART)
    numbers = range(1, located.frames.number_of_frames + 1 if _is_film(offer) else 2)
    return await _answer_frames(request, located, numbers, rendering, offer)


async def retrieve_rendered_frames(request: Request) -> Response:
    """GET .../instances/{instance}/frames/{frames}/rendered. Standard: PS3.18 10.4.1.1.7."""
    archive = service_of(request).archive
    rendering, numbers = rendering_of(request.query_params), frame_numbers(request)
    located = await archive.located.find(uids_of(request))
    if located.frames is None:
        raise NotRenderable("the instance has no pixels, so that there is no picture of it")
    for number in numbers:
        check_decodable(located, number)
    offers = (*SINGLE, *_MULTIPART) if len(numbers) == 1 else (*_MULTIPART, Offer(GIF))
    return await _answer_frames(request, located, numbers, rendering, negotiated(request, *offers))


async def retrieve_rendered_all(request: Request) -> Response:
    """GET /studies/{study}/rendered and .../series/{series}/rendered. Standard: PS3.18 10.4.1.1.7."""
    archive = service_of(request).archive
    rendering = rendering_of(request.query_params)
    names = request.path_params["study"], request.path_params.get("series")
    found = await archive.index.read(find_all, *names)
    shown = decodable(await archive.index.read(find_pictures, *names))
    if not shown:
        raise NotRenderable("no instance here has pixels that are decoded here: there is no picture of it")
    offer = negotiated(request, *_MULTIPART, *SINGLE)
    rendering.check(offer.media_type)
    etag = etag_of(*(one.digest for one in found), repr(rendering), str(offer))
    if unchanged := not_modified(request, etag):
        return unchanged
    if _is_film(offer):
        made = service_of(request).pictures.possible(reel(archive, shown), rendering, GIF)
        return _noted(request, rendering, await _film(request, shown[0], made, etag))
    if not offer.multipart:
        made = service_of(request).pictures.of(stills(archive, [middle(shown)]), rendering, offer.media_type)
        return _noted(request, rendering, await _still(request, made, offer, etag))
    made = service_of(request).pictures.possible(stills(archive, shown), rendering, offer.media_type)
    status = 200 if len(shown) == len(found) else _SOME_LEFT_OUT
    return _noted(request, rendering, _message(request, made, offer, etag, status))


async def _answer_frames(
    request: Request, located: Located, numbers: Sequence[int], rendering: Rendering, offer: Offer
) -> Response:
    rendering.check(offer.media_type)
    etag = etag_of(located.instance.digest, repr(rendering), str(offer), *numbers)
    if unchanged := not_modified(request, etag):
        return unchanged
    made = service_of(request).pictures.of(frames_of(located, numbers), rendering, offer.media_type)
    if offer.multipart:
        response: Response = _message(request, made, offer, etag)
    elif len(numbers) > 1:
        response = await _film(request, located.instance, made, etag)
    else:
        response = await _still(request, made, offer, etag)
    return _noted(request, rendering, response)


def _is_film(offer: Offer) -> bool:
    return offer == Offer(GIF)


Made = AsyncIterator[tuple[Shot, bytes]]


async def _still(request: Request, made: Made, offer: Offer, etag: str) -> Response:
    _, picture = await anext(made)
    return single_part(request, in_memory(picture), len(picture), content_type=offer.media_type, etag=etag)


async def _film(request: Request, first: Instance, made: Made, etag: str) -> Response:
    archive = service_of(request).archive
    seconds = frame_seconds(await archive.index.read(attributes_of, first))
    headers = {"content-type": GIF, "vary": "Accept", "etag": etag}
    return Stream(_animation(made, seconds), headers)


async def _animation(made: Made, seconds: float) -> AsyncIterator[bytes]:
    begun = False
    async for _, picture in made:
        if not begun:
            yield gif.animation_head(picture)
            begun = True
        yield gif.animation_frame(picture, seconds)
    yield gif.TRAILER


def _message(request: Request, made: Made, offer: Offer, etag: str, status: int = 200) -> Response:
    parts = _parts(request, made, offer)
    return MultipartRelated(parts, offer, boundary_for(etag), etag=etag, status_code=status)


async def _parts(request: Request, made: Made, offer: Offer) -> AsyncIterator[Part]:
    async for shot, picture in made:
        url = f"{instance_url(request.state.base_url, shot.located.instance)}/frames/{shot.number}"
        yield Part(offer.media_type, picture, len(picture), url)


def _noted(request: Request, rendering: Rendering, response: Response) -> Response:
    """Return the response with a warning about annotation that was asked for and is not known."""
    if unknown := rendering.unsupported_annotation:
        text = f"The following annotation values are not supported: {', '.join(unknown)}"
        response.headers["warning"] = f"299 {request.state.base_url}: {text}"
    return response
