"""Answers that are text, DICOM JSON above all: with gzip where the client takes it and it is worth it."""

from collections.abc import AsyncIterator, Callable, Mapping
from functools import lru_cache

import anyio.to_thread
from isal import isal_zlib
from starlette.requests import Request
from starlette.responses import Response

from service.web.http.answers import etags
from service.web.http.answers.stream import Chunks, Stream, joined
from service.web.http.requests import header_fields
from service.web.http.requests.media_ranges import weight

GZIP_FROM = 1024  # bytes of JSON from which gzip pays
GZIP_LEVEL, GZIP_WINDOW = 1, 31
GZIP_IN_LOOP = 2**18  # bytes of a chunk; longer ones are compressed in a thread
HELD_BYTES = 2**22  # of a long answer, to keep it


class TextResponse(Response):
    """Text, DICOM JSON unless told otherwise, with gzip where the client takes it and it is worth it."""

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
        fields = {"content-type": media_type, "vary": "Accept, Accept-Encoding"}
        if len(body) >= GZIP_FROM and takes_gzip(request.headers.get("accept-encoding", "")):
            body = isal_zlib.compress(body, GZIP_LEVEL, GZIP_WINDOW)
            fields["content-encoding"] = "gzip"
            etag = etags.gzipped(etag) if etag else None
        if etag:
            fields["etag"] = etag
        super().__init__(body, status_code, fields | dict(headers or {}))


class TextStream(Stream):
    """Text in chunks, with gzip where the client takes it.

    Args:
        chunks: of UTF-8.
        request: which is answered.
        content_type: of the answer.
        etag: of the answer.
        headers: besides these.
        keep: is given the same answer in one piece once it has been sent, if it is not too long to be held.
    """

    def __init__(
        self,
        chunks: Chunks,
        request: Request,
        content_type: str,
        *,
        etag: str | None = None,
        headers: Mapping[str, str] | None = None,
        keep: Callable[[Response], None] | None = None,
    ) -> None:
        fields = {"content-type": content_type, "vary": "Accept, Accept-Encoding"}
        body = joined(chunks)
        if takes_gzip(request.headers.get("accept-encoding", "")):
            body = gzip_chunks(body)
            fields["content-encoding"] = "gzip"
            etag = etags.gzipped(etag) if etag else None
        if etag:
            fields["etag"] = etag
        fields |= headers or {}
        if keep is not None:
            body = _with_copy(body, lambda content: keep(Response(content, headers=fields)))
        super().__init__(body, fields)


class DicomJsonArray(TextStream):
    """A long DICOM JSON array, made of its items one after the other."""

    def __init__(
        self,
        items: Chunks,
        request: Request,
        media_type: str = "application/dicom+json",
        *,
        etag: str | None = None,
        keep: Callable[[Response], None] | None = None,
    ) -> None:
        super().__init__(_array(items), request, media_type, etag=etag, keep=keep)


@lru_cache(maxsize=256)
def takes_gzip(accept_encoding: str) -> bool:
    """Tell whether an Accept-Encoding field allows gzip."""
    codings = (header_fields.media_type(coding) for coding in header_fields.split(accept_encoding, ","))
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


async def _with_copy(chunks: Chunks, keep: Callable[[bytes], None]) -> AsyncIterator[bytes]:
    """Yield the same chunks, and hand over all of them in one piece after the last."""
    parts: list[bytes] = []
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size <= HELD_BYTES:
            parts.append(chunk)
        else:
            parts.clear()
        yield chunk
    if size <= HELD_BYTES:
        keep(b"".join(parts))


async def _array(items: Chunks) -> AsyncIterator[bytes]:
    separator = b"["
    async for item in items:
        yield separator + item
        separator = b","
    yield b"]" if separator == b"," else b"[]"
