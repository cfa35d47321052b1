"""The answers of DICOMweb: DICOM JSON, multipart messages, single bodies with ranges, errors.

What cannot be answered is raised before a response is made; a response only writes. Tags (ETag) are given
with their quotes, as `etags.etag_of` makes them.
"""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import anyio.to_thread
import orjson
from isal import isal_zlib
from starlette.requests import Request
from starlette.responses import Response

from service.errors import (
    DicomwebError,
    IrregularVolume,
    NotAcceptable,
    RangeNotSatisfiable,
    UnsupportedMediaType,
)
from service.web import etags, fields, multipart
from service.web.accept import Offer, weight
from service.web.ranges import requested_range
from service.web.stream import Chunks, Source, Stream, joined

GZIP_FROM = 1024  # bytes of JSON from which gzip pays
GZIP_LEVEL, GZIP_WINDOW = 1, 31
GZIP_IN_LOOP = 2**18  # bytes of a chunk; longer ones are compressed in a thread
HELD_BYTES = 2**22  # of a long answer, to keep it
RETRY_AFTER = "5"  # seconds


class DicomJson(Response):
    """DICOM JSON, with gzip where the client takes it and the size is worth it."""

    def __init__(
        self,
        body: bytes,
        request: Request,
        media_type: str = "application/dicom+json",
        *,
        status_code: int = 200,
        etag: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        own = {"content-type": media_type, "vary": "Accept, Accept-Encoding"}
        if len(body) >= GZIP_FROM and takes_gzip(request.headers.get("accept-encoding", "")):
            body = isal_zlib.compress(body, GZIP_LEVEL, GZIP_WINDOW)
            own["content-encoding"] = "gzip"
            etag = etags.gzipped(etag) if etag else None
        if etag:
            own["etag"] = etag
        super().__init__(body, status_code, own | dict(headers or {}))


class DicomJsonArray(Stream):
    """A long DICOM JSON array, made of its items one after the other.

    Args:
        items: JSON objects.
        request: which is answered.
        media_type: of the answer.
        etag: of the answer.
        keep: is given the same answer in one piece once it has been sent, if it is not too long to be held.
    """

    def __init__(
        self,
        items: Chunks,
        request: Request,
        media_type: str = "application/dicom+json",
        *,
        etag: str | None = None,
        keep: Callable[[Response], None] | None = None,
    ) -> None:
        headers = {"content-type": media_type, "vary": "Accept, Accept-Encoding"}
        body = joined(_array(items))
        if takes_gzip(request.headers.get("accept-encoding", "")):
            body = gzip_chunks(body)
            headers["content-encoding"] = "gzip"
            etag = etags.gzipped(etag) if etag else None
        headers |= {"etag": etag} if etag else {}
        if keep is not None:
            body = _gathered(body, lambda whole: keep(Response(whole, headers=headers)))
        super().__init__(body, headers)


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
    body: bytes | Chunks
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
    request: Request, source: Source, size: int, *, content_type: str, etag: str, location: str | None = None
) -> Response:
    """Return the answer with one body: all of it, or with 206 the range that was asked for.

    Raises:
        RangeNotSatisfiable: the range asked for begins after the last byte.
    """
    headers = _headers(content_type, etag) | {"accept-ranges": "bytes"}
    if location:
        headers["content-location"] = location
    asked = request.headers.get("range") if request.method == "GET" else None
    found = requested_range(asked, request.headers.get("if-range"), etag, size) if asked else None
    if found is None:
        return Stream(source(0, size), headers, size)
    headers["content-range"] = found.content_range
    return Stream(source(found.offset, found.length), headers, found.length, 206)


def streamed(
    chunks: Chunks, *, content_type: str, etag: str, length: int | None = None, location: str | None = None
) -> Response:
    """Return the answer with one body that is made while it is sent, so that no range of it can be had."""
    headers = _headers(content_type, etag) | ({"content-location": location} if location else {})
    return Stream(chunks, headers, length)


async def one_part(part: Part) -> AsyncIterator[Part]:
    """Yield the only part of a message."""
    yield part


def not_modified(request: Request, etag: str) -> Response | None:
    """Return 304 when the client holds this very answer (If-None-Match), None when it must be sent."""
    asked = request.headers.get("if-none-match")
    held = etags.held(asked, etag) if asked else None
    return Response(None, 304, {"etag": held, "vary": "Accept, Accept-Encoding"}) if held else None


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
        case IrregularVolume():
            body["disagreements"] = error.disagreements
        case UnsupportedMediaType():
            body["supported"] = error.supported
        case RangeNotSatisfiable():
            headers["content-range"] = f"bytes */{error.size}"
        case DicomwebError(status=503):
            headers["retry-after"] = RETRY_AFTER
    return Response(orjson.dumps(body), error.status, headers)


@lru_cache(maxsize=256)
def takes_gzip(accept_encoding: str) -> bool:
    """Tell whether an Accept-Encoding field allows gzip."""
    codings = (fields.media_type(coding) for coding in fields.split(accept_encoding, ","))
    weights = {name: weight(dict(parameters).get("q", "1")) for name, parameters in codings}
    return weights.get("gzip", weights.get("*", 0)) > 0


async def gzip_chunks(chunks: Chunks) -> AsyncIterator[bytes]:
    """Yield the same bytes as a gzip stream."""
    deflater = isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, GZIP_WINDOW)
    async for chunk in chunks:
        if len(chunk) > GZIP_IN_LOOP:
            yield await anyio.to_thread.run_sync(deflater.compress, chunk)
        elif deflated := deflater.compress(chunk):
            yield deflated
    yield deflater.flush()


def _headers(content_type: str, etag: str | None) -> dict[str, str]:
    headers = {"content-type": content_type, "vary": "Accept"}
    return headers | {"etag": etag} if etag else headers


async def _message(parts: AsyncIterable[Part], boundary: str) -> AsyncIterator[bytes]:
    async for part in parts:
        yield multipart.part_head(boundary, part.content_type, part.length, part.location)
        if isinstance(part.body, bytes):
            yield part.body
        else:
            async for chunk in part.body:
                yield chunk
    yield multipart.closing(boundary)


async def _gathered(chunks: Chunks, whole: Callable[[bytes], None]) -> AsyncIterator[bytes]:
    """Yield the same chunks, and hand over all of them in one piece after the last."""
    held: list[bytes] = []
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size <= HELD_BYTES:
            held.append(chunk)
        else:
            held.clear()
        yield chunk
    if size <= HELD_BYTES:
        whole(b"".join(held))


async def _array(items: Chunks) -> AsyncIterator[bytes]:
    before = b"["
    async for item in items:
        yield before + item
        before = b","
    yield b"]" if before == b"," else b"[]"
