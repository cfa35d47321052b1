"""Arrays as answers: whole, or a range of their bytes, of which no more frames are made than it needs."""

from collections.abc import AsyncIterator, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from service.imaging.arrays import NumericFrame, array_chunks, array_range
from service.imaging.forms import Form, form_of
from service.pixels.numbers.making import Making
from service.web.http.responses import single_part
from service.web.http.stream import Runs, joined
from service.web.state import service_of

_FORM_BYTES = 1024


async def kept_form(request: Request, frames: Sequence[NumericFrame], making: Making, key: str) -> Form:
    """Return the form of an array, for which frames may have to be looked through: not for each range of it.

    Args:
        request: which is answered.
        frames: of the array.
        making: what is made of them.
        key: all that the form depends on, as an ETag has it.

    Raises:
        NoSuchValues: they do not fit, or are not of the kind asked for.
    """
    forms = service_of(request).forms
    form = forms.get(key)
    if form is None:
        form = await form_of(service_of(request).decoder, frames, making)
        forms.keep(key, form, _FORM_BYTES)
    return form


def array_answer(
    request: Request,
    head: bytes,
    frames: Sequence[NumericFrame],
    form: Form,
    *,
    content_type: str,
    etag: str,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the file of an array: all of it, or with 206 the range that was asked for.

    Raises:
        RangeNotSatisfiable: the range asked for begins after the last byte.
    """
    decoder = service_of(request).decoder
    frame_bytes = form.frame_bytes(frames[0])
    size = len(head) + frame_bytes * len(frames)

    async def run(offset: int, length: int) -> AsyncIterator[bytes]:
        yield head[offset : offset + length]
        start, end = max(0, offset - len(head)), offset + length - len(head)
        if start < end:
            async for chunk in array_range(decoder, frames, form.made_of, frame_bytes, start, end - start):
                yield chunk

    def source(offset: int, length: int) -> Runs:
        if (offset, length) == (0, size):
            return joined(array_chunks(decoder, head, frames, form.made_of, frame_bytes))
        return joined(run(offset, length))

    return single_part(request, source, size, content_type=content_type, etag=etag, extra=headers)
