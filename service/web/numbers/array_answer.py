"""Arrays as answers: whole, or a range of their bytes, of which no more frames are made than it needs."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from service.imaging.decoder import Decoder
from service.imaging.numbers.arrays import array_chunks, array_range
from service.imaging.numbers.forms import Form, form_of
from service.imaging.numbers.numeric_frames import NumericFrame
from service.pixels.numbers.quantities.making import Making
from service.web.http.answers.responses import single_part
from service.web.http.answers.stream import Runs, joined
from service.web.http.answers.zipping import Zipped
from service.web.state import service_of

FORM_BYTES = 1024
"""Of the memory that the form of an array takes, with its key."""


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
        forms.keep(key, form, FORM_BYTES)
    return form


@dataclass(frozen=True, slots=True)
class ArrayFile:
    """The file of an array, whose frames are made when they are read.

    Attributes:
        decoder: of the frames.
        head: of the file.
        frames: of the array.
        form: in which they come.
    """

    decoder: Decoder
    head: bytes
    frames: Sequence[NumericFrame]
    form: Form

    @property
    def size(self) -> int:
        """Return the number of bytes."""
        return len(self.head) + self.form.frame_bytes(self.frames[0]) * len(self.frames)

    async def read(self, offset: int, length: int) -> AsyncIterator[bytes]:
        """Yield a run of the bytes, for which no more frames are made than have any of it."""
        decoder, frames, made_of = self.decoder, self.frames, self.form.made_of
        frame_bytes = self.form.frame_bytes(frames[0])
        if (offset, length) == (0, self.size):
            async for chunk in array_chunks(decoder, self.head, frames, made_of, frame_bytes):
                yield chunk
            return
        yield self.head[offset : offset + length]
        start, end = max(0, offset - len(self.head)), offset + length - len(self.head)
        if start < end:
            async for chunk in array_range(decoder, frames, made_of, frame_bytes, start, end - start):
                yield chunk


def array_answer(
    request: Request,
    file: Zipped,
    *,
    content_type: str,
    etag: str,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the file of an array: all of it, or with 206 the range that was asked for.

    Raises:
        RangeNotSatisfiable: the range asked for begins after the last byte.
    """

    def source(offset: int, length: int) -> Runs:
        return joined(file.read(offset, length))

    return single_part(request, source, file.size, content_type=content_type, etag=etag, extra=headers)
