"""WADO-RS: thumbnails, one small picture of whatever is there. PS3.18 10.4.1.1.8, 10.4.3.3.4.

Of several instances the one in the middle is shown, of a slide the one made for it, never one that says it
shows a label or burned-in text; of several frames the one in the middle. What has no pixels is answered with
a card that says what it is, so that a list of thumbnails has no holes.
"""

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.lookups.lookup import find_all, find_pictures
from service.archive.index.lookups.metadata import attributes_of
from service.archive.instance import Instance, Located
from service.errors import NotAcceptable
from service.imaging.decoder import check_decodable
from service.imaging.display.kinds import has_picture, kind_of
from service.imaging.display.pictures import decodable, frames_of
from service.imaging.display.rendering import Rendering
from service.imaging.display.representative import presentable, representative
from service.pixels.display.annotation import placeholder
from service.pixels.display.render import RenderOptions, finished
from service.pixels.display.viewport import Viewport
from service.transfer_syntaxes import is_video
from service.web.http.answers.etags import etag_of
from service.web.http.answers.responses import not_modified, single_part
from service.web.http.answers.stream import in_memory
from service.web.http.requests.accept import Offer
from service.web.http.requests.request import frame_numbers, located_instance, negotiated, target_of
from service.web.rendered.parameters import PICTURE_OFFERS, viewport_of
from service.web.state import scope_of, service_of

_DEFAULT_VIEWPORT = Viewport(128, 128)
_QUALITY = 80
_VIDEO = "video"


async def retrieve_thumbnail(request: Request) -> Response:
    """GET .../thumbnail of an instance or of its frames. Standard: PS3.18 10.4.1.1.8."""
    numbers = frame_numbers(request) if "frames" in request.path_params else []
    located = await located_instance(request)
    return await _thumbnail(request, located, numbers[0] if numbers else None)


async def retrieve_thumbnail_of_many(request: Request) -> Response:
    """GET .../thumbnail of a study or a series. Standard: PS3.18 10.4.1.1.8."""
    archive = service_of(request).archive
    study, series, _ = target_of(request)
    images = presentable(decodable(await archive.index.read(find_pictures, scope_of(request), study, series)))
    if not images:
        first, *_ = await archive.index.read(find_all, scope_of(request), study, series)
        return await _card(request, first, *_form(request))
    instance = representative(images)
    return await _thumbnail(request, await archive.recent.find(scope_of(request), instance.uids), None)


async def _thumbnail(request: Request, located: Located, number: int | None) -> Response:
    """Answer with a frame; with a card where none is named and the one in the middle cannot be shown."""
    viewport, offer = _form(request)
    if number is None and not has_picture(located):
        return await _card(request, located.instance, viewport, offer)
    is_named = number is not None
    if number is None and located.frames is not None:
        number = (located.frames.number_of_frames + 1) // 2
    number = number or 1
    check_decodable(located, number)
    etag = etag_of(located.instance.digest, "thumbnail", repr(viewport), str(offer), number)
    if answer := not_modified(request, etag):
        return answer
    rendering = Rendering(viewport=viewport, quality=_QUALITY)
    try:
        _, picture = await anext(
            service_of(request).pictures.of(frames_of(located, [number]), rendering, offer.media_type)
        )
    except NotAcceptable:
        if is_named:
            raise
        return await _card(request, located.instance, viewport, offer)
    return single_part(request, in_memory(picture), len(picture), content_type=offer.media_type, etag=etag)


def _form(request: Request) -> tuple[Viewport, Offer]:
    """Return how large the picture is wanted, and in which form."""
    viewport = viewport_of(request.query_params, cropping=False) or _DEFAULT_VIEWPORT
    return viewport, negotiated(request, *PICTURE_OFFERS)


async def _card(request: Request, instance: Instance, viewport: Viewport, offer: Offer) -> Response:
    archive = service_of(request).archive
    attributes = await archive.index.read(attributes_of, instance)
    kind = _VIDEO if is_video(instance.transfer_syntax) else kind_of(attributes)
    etag = etag_of("card", kind, repr(viewport), str(offer))
    if answer := not_modified(request, etag):
        return answer
    picture = await anyio.to_thread.run_sync(_card_picture, kind, viewport, offer.media_type)
    return single_part(request, in_memory(picture), len(picture), content_type=offer.media_type, etag=etag)


def _card_picture(kind: str, viewport: Viewport, media_type: str) -> bytes:
    return finished(placeholder(kind, viewport), RenderOptions(media_type, quality=_QUALITY))
