"""The answers of DICOMweb: DICOM JSON, multipart messages, single bodies with ranges, errors.

What cannot be answered is raised before a response is made; a response only writes. Tags (ETag) are given
with their quotes, as `etags.etag_of` makes them.
"""

from collections.abc import AsyncIterable, AsyncIterator, Mapping
from dataclasses import dataclass

import orjson
from starlette.requests import Request
from starlette.responses import Response

from service.archive.files.file_run import Chunk
from service.errors import (
    ChangesForgotten,
    DicomwebError,
    IrregularVolume,
    NotAcceptable,
    RangeNotSatisfiable,
    Unauthorized,
    UnsupportedMediaType,
)
from service.web.http.answers import etags, multipart
from service.web.http.answers.stream import Groups, Runs, Source, Stream, between, joined
from service.web.http.requests.accept import Offer
from service.web.http.requests.ranges import requested_range

RETRY_AFTER = "5"  # seconds
CHALLENGE = 'Bearer realm="dicomweb"'  # not Basic: a browser would ask people for a password by itself
SOME_LEFT_OUT = 206  # the status of a message that lacks parts, PS3.18 Table 10.4.3-1
KEEP_FOR_EVER, ASK_EACH_TIME = "public, max-age=31536000, immutable", "private, no-cache"
"""What Cache-Control says: of a URL whose content never changes, and of any other."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart message.

    Attributes:
        content_type: with its transfer-syntax parameter.
        body: all of its bytes, or those bytes in chunks.
        length: bytes of the body, where it is known.
        location: URL of the resource that the part represents.
    """

    content_type: str
    body: bytes | Runs
    length: int | None = None
    location: str | None = None


class MultipartRelated(Stream):
    """A multipart/related message. Standard: PS3.18 8.6.1.2."""

    def __init__(
        self,
        parts: AsyncIterable[Part],
        offer: Offer,
        boundary: str,
        *,
        etag: str | None = None,
        length: int | None = None,
        status_code: int = 200,
    ) -> None:
        headers = _headers(offer.envelope(boundary), etag)
        super().__init__(joined(_message(parts, boundary)), headers, length, status_code)


def single_part(
    request: Request,
    source: Source,
    size: int,
    *,
    content_type: str,
    etag: str,
    location: str | None = None,
    extra: Mapping[str, str] | None = None,
) -> Response:
    """Return the answer with one body: all of it, or with 206 the range that was asked for.

    Raises:
        RangeNotSatisfiable: the range asked for begins after the last byte.
    """
    headers = _headers(content_type, etag) | {"accept-ranges": "bytes"} | dict(extra or {})
    if location:
        headers["content-location"] = location
    header = request.headers.get("range") if request.method == "GET" else None
    byte_range = requested_range(header, request.headers.get("if-range"), etag, size) if header else None
    if byte_range is None:
        return Stream(source(0, size), headers, size)
    headers["content-range"] = byte_range.content_range
    return Stream(source(byte_range.offset, byte_range.length), headers, byte_range.length, 206)


def message_of_one(
    request: Request, source: Source, size: int, offer: Offer, *, etag: str, location: str
) -> Response:
    """Return the message with one part: all of it, or with 206 the range of the message that was asked for.

    Raises:
        RangeNotSatisfiable: the range asked for begins after the last byte.

    Standard: PS3.18 8.6.1.2.
    """
    boundary = multipart.boundary_for(etag)
    head = multipart.part_head(boundary, offer.content_type, size, location)
    end = multipart.closing(boundary)
    length = len(head) + size + len(end)
    message = between(head, source, size, end)
    return single_part(request, message, length, content_type=offer.envelope(boundary), etag=etag)


def streamed(
    chunks: Groups,
    *,
    content_type: str,
    etag: str,
    length: int | None = None,
    location: str | None = None,
    status_code: int = 200,
) -> Response:
    """Return the answer with one body that is made while it is sent, so that no range of it can be had."""
    headers = _headers(content_type, etag) | ({"content-location": location} if location else {})
    return Stream(chunks, headers, length, status_code)


async def one_part(part: Part) -> AsyncIterator[Part]:
    """Yield the only part of a message."""
    yield part


def not_modified(request: Request, etag: str) -> Response | None:
    """Return 304 when the client holds this very answer (If-None-Match), None when it must be sent."""
    header = request.headers.get("if-none-match")
    tag = etags.held_tag(header, etag) if header else None
    return Response(None, 304, {"etag": tag, "vary": "Accept, Accept-Encoding"}) if tag else None


def error_response(error: DicomwebError) -> Response:
    """Return the error as JSON: its status, name, message, and what could be had instead."""
    body: dict[str, object] = {
        "status": error.status,
        "error": type(error).__name__,
        "message": error.message,
    }
    headers = {"content-type": "application/json"}
    match error:
        case NotAcceptable():
            body["available"] = error.available
        case ChangesForgotten():
            body["oldest"] = error.oldest
        case IrregularVolume():
            body["disagreements"] = error.disagreements
            if error.groups:
                body["groups"] = error.groups
        case UnsupportedMediaType():
            body["supported"] = error.supported
        case Unauthorized():
            headers["www-authenticate"] = CHALLENGE
        case RangeNotSatisfiable():
            headers["content-range"] = f"bytes */{error.size}"
        case DicomwebError(status=503):
            headers["retry-after"] = RETRY_AFTER
    return Response(orjson.dumps(body), error.status, headers)


def _headers(content_type: str, etag: str | None) -> dict[str, str]:
    headers = {"content-type": content_type, "vary": "Accept"}
    return headers | {"etag": etag} if etag else headers


async def _message(parts: AsyncIterable[Part], boundary: str) -> AsyncIterator[Chunk]:
    async for part in parts:
        yield multipart.part_head(boundary, part.content_type, part.length, part.location)
        if isinstance(part.body, bytes):
            yield part.body
        else:
            async for chunk in part.body:
                yield chunk
    yield multipart.closing(boundary)
