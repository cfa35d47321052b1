"""Statistics of the modality values of a series, an instance or frames. Not of the Standard.

As JSON, or as a picture of the histogram.
"""

from collections.abc import Sequence
from functools import partial

import anyio.to_thread
import orjson
from starlette.requests import Request
from starlette.responses import Response

from service.archive.instance import Located
from service.errors import NotRenderable
from service.imaging.decoder import Decoder
from service.imaging.numbers.numeric_frames import check_number_of_frames, numeric_frames
from service.pixels.display.histogram import histogram_picture
from service.pixels.display.image_files import png
from service.pixels.numbers.quantities.modality import REVISION
from service.pixels.numbers.quantities.statistics import Statistics, Tally
from service.web.http.answers.etags import etag_of
from service.web.http.answers.responses import not_modified, single_part
from service.web.http.answers.stream import in_memory
from service.web.http.answers.text import TextResponse
from service.web.http.requests.accept import Offer
from service.web.http.requests.request import frame_numbers, located_instances, negotiated
from service.web.state import service_of

_JSON, _PNG = "application/json", "image/png"


async def retrieve_statistics(request: Request) -> Response:
    """GET .../series/{series}[/instances/{instance}[/frames/{frames}]]/statistics."""
    decoder = service_of(request).decoder
    images = [located for located in await located_instances(request) if located.frames]
    if not images:
        raise NotRenderable("no pixels: expected an image")
    check_number_of_frames(sum(len(_numbers(request, located)) for located in images))
    places = [(located, number) for located in images for number in _numbers(request, located)]
    offer = negotiated(request, Offer(_JSON), Offer(_PNG))
    etag = etag_of(
        *(located.instance.digest for located in images),
        str(offer),
        REVISION,
        request.path_params.get("frames", ""),
    )
    if answer := not_modified(request, etag):
        return answer
    statistics = await _statistics(decoder, places)
    if offer.media_type == _JSON:
        return TextResponse(orjson.dumps(statistics.as_json()), request, _JSON, etag=etag)
    picture = await decoder.threads.run(partial(_picture, statistics))
    return single_part(request, in_memory(picture), len(picture), content_type=_PNG, etag=etag)


def _picture(statistics: Statistics) -> bytes:
    return png(histogram_picture(statistics))


def _numbers(request: Request, located: Located) -> Sequence[int]:
    """Return the frames of an instance that count: those that the path names, or all."""
    assert located.frames is not None
    if "frames" not in request.path_params:
        return range(1, located.frames.number_of_frames + 1)
    numbers = frame_numbers(request)
    located.frames_with(numbers)
    return numbers


async def _statistics(decoder: Decoder, places: Sequence[tuple[Located, int]]) -> Statistics:
    frames = await anyio.to_thread.run_sync(numeric_frames, places)
    if not all(frame.is_grayscale for frame in frames):
        raise NotRenderable("a colour image has no modality values: expected a grayscale image")
    tally = Tally()
    for frame in frames:
        decoded_frame = await decoder.decode(frame.located, frame.number)
        await decoder.threads.run(partial(tally.add, decoded_frame.values, frame.description))
    return await decoder.threads.run(tally.statistics)
