"""The body of a store request as it comes: parts, within the limits of this server."""

import re
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

from service.errors import ContentTooLarge, InvalidMultipart
from service.web.http.answers.multipart import MULTIPART_RELATED, PartBegins, PartEnds, Splitter, boundary_of
from service.web.http.requests import header_fields
from service.web.state import StoreLimits

_CONTENT_LENGTH = re.compile(r"[0-9]{1,20}", re.ASCII)


async def parts_of(request: Request, limits: StoreLimits) -> AsyncIterator[PartBegins | bytes | PartEnds]:
    """Yield the parts of the body; one that is no multipart message is a part, unless it is empty.

    Raises:
        InvalidMultipart: it is broken, or ends early.
        ContentTooLarge: it is larger than the server takes.
    """
    content_type = request.headers.get("content-type", "")
    if header_fields.media_type(content_type)[0] == MULTIPART_RELATED:
        splitter = Splitter(boundary_of(content_type)[1], limits.parts)
        async for chunk in _chunks(request, limits.request_bytes):
            for event in splitter.feed(chunk):
                yield event
        splitter.finish()
        return
    chunks = _chunks(request, limits.request_bytes)
    if first_chunk := await anext(chunks, b""):
        yield PartBegins({"content-type": content_type})
        yield first_chunk
        async for chunk in chunks:
            yield chunk
        yield PartEnds()


async def _chunks(request: Request, max_bytes: int) -> AsyncIterator[bytes]:
    content_length, size = request.headers.get("content-length", ""), 0
    if _CONTENT_LENGTH.fullmatch(content_length) and int(content_length) > max_bytes:
        raise _too_large(max_bytes)
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > max_bytes:
                raise _too_large(max_bytes)
            if chunk:
                yield chunk
    except ClientDisconnect as error:
        raise InvalidMultipart("the connection was closed before the end of the body") from error


def _too_large(max_bytes: int) -> ContentTooLarge:
    return ContentTooLarge(f"the body is larger than the {max_bytes} bytes this server takes")
