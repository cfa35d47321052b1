"""Pictures as answers: one, a message of many, or an animation. PS3.18 8.3.5, 10.4.1.1.7.

An instance is one picture: its first frame, or, as GIF, all of its frames one after the other. A study or
a series is a message with the picture of each instance; asked for as a single image, it is the one in the
middle, and as GIF the run through all. What the Standard renders otherwise (video, documents, reports) is
`documents`' part. The ETag is compared before any pixel is touched.
"""

from collections.abc import AsyncIterator, Sequence

from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.lookups.lookup import Pictured
from service.archive.index.lookups.metadata import attributes_of
from service.archive.instance import Instance, Located
from service.dicom_json import integer
from service.errors import ContentTooLarge, NotRenderable
from service.imaging.decoder import check_decodable
from service.imaging.display.kinds import frame_seconds, has_picture
from service.imaging.display.pictures import Shot, decodable, reel, stills
from service.imaging.display.rendering import Rendering
from service.imaging.display.representative import presentable, representative
from service.pixels.display import gif
from service.web.http.answers.etags import etag_of
from service.web.http.answers.multipart import boundary_for
from service.web.http.answers.responses import (
    SOME_LEFT_OUT,
    MultipartRelated,
    Part,
    not_modified,
    single_part,
)
from service.web.http.answers.stream import Stream, in_memory
from service.web.http.answers.warnings import warning
from service.web.http.requests.accept import Accept, Offer
from service.web.http.requests.urls import instance_url
from service.web.rendered.documents import answer_document
from service.web.rendered.parameters import GIF, PICTURE_MESSAGE_OFFERS, PICTURE_OFFERS
from service.web.state import service_of

MAX_FILM_FRAMES = 4096
_NUMBER_OF_FRAMES = "00280008"

PicturedFrames = AsyncIterator[tuple[Shot, bytes]]
"""Frames, each with its picture as an image file."""


async def answer_instance(
    request: Request, located: Located, rendering: Rendering, accept: Accept
) -> Response:
    """Answer with an instance as people look at it.

    Raises:
        NotRenderable, UndecodableFrame: it cannot be shown.
        NotAcceptable: in no form that the client accepts.
    """
    if not has_picture(located):
        return await answer_document(request, located, accept)
    assert located.frames is not None
    check_decodable(located, 1)
    offer = accept.choose(*PICTURE_OFFERS, *PICTURE_MESSAGE_OFFERS)
    numbers = range(1, located.frames.number_of_frames + 1 if offer == GIF else 2)
    _check_film(len(numbers))
    return await _answer_frames(request, located, numbers, rendering, offer)


async def answer_frames(
    request: Request, located: Located, numbers: Sequence[int], rendering: Rendering, accept: Accept
) -> Response:
    """Answer with frames of an instance, their numbers counted from 1.

    Raises:
        FrameNotFound: one is not there.
        NotRenderable, UndecodableFrame: one cannot be shown.
        NotAcceptable: in no form that the client accepts.
    """
    if located.frames is None:
        raise NotRenderable("the instance has no pixels, so that there is no picture of it")
    for number in numbers:
        check_decodable(located, number)
    offers = (
        (*PICTURE_OFFERS, *PICTURE_MESSAGE_OFFERS) if len(numbers) == 1 else (*PICTURE_MESSAGE_OFFERS, GIF)
    )
    return await _answer_frames(request, located, numbers, rendering, accept.choose(*offers))


async def answer_instances(
    request: Request,
    instances: Sequence[Instance],
    images: Sequence[Pictured],
    rendering: Rendering,
    accept: Accept,
) -> Response:
    """Answer with the pictures of a study or a series.

    Args:
        request: that is answered.
        instances: all there are.
        images: those of them with frames that are no video.
        rendering: how they are wanted.
        accept: of the client.

    Raises:
        NotRenderable: none can be shown.
        NotAcceptable: in no form that the client accepts.
    """
    service, images = service_of(request), decodable(images)
    if not images:
        raise NotRenderable("no instance here has pixels that are decoded here: there is no picture of it")
    offer = accept.choose(*PICTURE_MESSAGE_OFFERS, *PICTURE_OFFERS)
    if not offer.multipart and not (images := presentable(images)):
        raise NotRenderable("every image here says that it shows a label or burned-in text")
    rendering.check(offer.media_type)
    etag = etag_of(*(instance.digest for instance in instances), repr(rendering), str(offer))
    if answer := not_modified(request, etag):
        return answer
    pictures, archive = service.pictures, service.archive
    if offer == GIF:
        _check_film(sum(integer(image.row.parsed(), _NUMBER_OF_FRAMES) or 1 for image in images))
        shown = [image.instance for image in images]
        frames = pictures.possible(reel(archive, shown), rendering, offer.media_type)
        return _with_annotation_warning(request, rendering, await _film(request, shown[0], frames, etag))
    if not offer.multipart:
        frames = pictures.of(stills(archive, [representative(images)]), rendering, offer.media_type)
        return _with_annotation_warning(request, rendering, await _still(request, frames, offer, etag))
    shown = [image.instance for image in images]
    frames = pictures.possible(stills(archive, shown), rendering, offer.media_type)
    status = 200 if len(images) == len(instances) else SOME_LEFT_OUT
    return _with_annotation_warning(request, rendering, _message(request, frames, offer, etag, status))


def _check_film(number: int) -> None:
    """Refuse a film that nobody will wait for to its end.

    Raises:
        ContentTooLarge: it has more than `MAX_FILM_FRAMES`.
    """
    if number > MAX_FILM_FRAMES:
        raise ContentTooLarge(
            f"{number} frames: a film has up to {MAX_FILM_FRAMES}; /frames/1,2,3/rendered has some of them"
        )


async def _answer_frames(
    request: Request, located: Located, numbers: Sequence[int], rendering: Rendering, offer: Offer
) -> Response:
    rendering.check(offer.media_type)
    etag = etag_of(located.instance.digest, repr(rendering), str(offer), *numbers)
    if answer := not_modified(request, etag):
        return answer
    pictures = service_of(request).pictures
    frames = pictures.all_of(located, numbers, rendering, offer.media_type)
    if offer.multipart:
        response: Response = _message(request, frames, offer, etag)
    elif len(numbers) > 1:
        response = await _film(request, located.instance, frames, etag)
    else:
        response = await _still(request, frames, offer, etag)
    return _with_annotation_warning(request, rendering, response)


async def _still(request: Request, frames: PicturedFrames, offer: Offer, etag: str) -> Response:
    _, picture = await anext(frames)
    return single_part(request, in_memory(picture), len(picture), content_type=offer.media_type, etag=etag)


async def _film(request: Request, instance: Instance, frames: PicturedFrames, etag: str) -> Response:
    archive = service_of(request).archive
    seconds = frame_seconds(await archive.index.read(attributes_of, instance))
    headers = {"content-type": GIF.media_type, "vary": "Accept", "etag": etag}
    return Stream(_animation(frames, seconds), headers)


async def _animation(frames: PicturedFrames, seconds: float) -> AsyncIterator[bytes]:
    has_begun = False
    async for _, picture in frames:
        if not has_begun:
            yield gif.animation_head(picture)
            has_begun = True
        yield gif.animation_frame(picture, seconds)
    yield gif.TRAILER


def _message(
    request: Request, frames: PicturedFrames, offer: Offer, etag: str, status: int = 200
) -> Response:
    parts = _parts(request, frames, offer)
    return MultipartRelated(parts, offer, boundary_for(etag), etag=etag, status_code=status)


async def _parts(request: Request, frames: PicturedFrames, offer: Offer) -> AsyncIterator[Part]:
    async for shot, picture in frames:
        url = f"{instance_url(request.state.base_url, shot.located.instance.uids)}/frames/{shot.number}"
        yield Part(offer.media_type, picture, len(picture), url)


def _with_annotation_warning(request: Request, rendering: Rendering, response: Response) -> Response:
    """Return the response with a warning about annotation that was asked for and is not known."""
    if keywords := rendering.unsupported_annotation:
        text = f"The following annotation values are not supported: {', '.join(keywords)}"
        response.headers["warning"] = warning(request.state.base_url, [text])
    return response
