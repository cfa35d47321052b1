"""A body that is read while it is sent.

Starlette's own streaming response watches for a disconnect in a second task and sends every small piece by
itself. This one writes to ASGI directly. The head goes out when the first chunk is there, so that what
fails before it is still answered as an error; a stream nobody listens to any more is given up.
"""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping

import anyio
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

CHUNK_BYTES = 64 * 1024  # smaller chunks are joined to about this size before they are sent
LISTEN_EVERY = 8 * 2**20  # bytes sent between two looks whether the client is still there

Chunks = AsyncIterable[bytes]
Source = Callable[[int, int], Chunks]  # offset and length in bytes → those bytes


class Stream(Response):
    """A body in chunks; without a length it is sent with chunked encoding."""

    def __init__(
        self, chunks: Chunks, headers: Mapping[str, str], length: int | None = None, status_code: int = 200
    ) -> None:
        self._chunks = chunks
        self.status_code = status_code
        self.background = None
        self.init_headers(headers if length is None else {**headers, "content-length": str(length)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head and, unless the request was HEAD, the chunks."""
        head = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        if scope["method"] == "HEAD":
            await send(head)
        else:
            chunks = aiter(self._chunks)
            first = await anext(chunks, b"")
            await send(head)
            await send(_body(first))
            async for chunk in _while_heard(chunks, receive):
                await send(_body(chunk))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def in_memory(content: bytes) -> Source:
    """Return bytes that are here already as a source."""

    async def read(offset: int, length: int) -> AsyncIterator[bytes]:
        yield content[offset : offset + length]

    return read


def between(before: bytes, source: Source, size: int, after: bytes) -> Source:
    """Return `size` bytes of a source with some before and some after them as a source."""

    async def read(offset: int, length: int) -> AsyncIterator[bytes]:
        start, end = offset - len(before), offset + length - len(before)
        yield before[offset : offset + length]
        if (first := max(start, 0)) < (last := min(end, size)):
            async for chunk in source(first, last - first):
                yield chunk
        yield after[max(start - size, 0) : max(end - size, 0)]

    return lambda offset, length: joined(read(offset, length))


async def joined(chunks: Chunks) -> AsyncIterator[bytes]:
    """Yield the same bytes: small chunks together, large ones as they are."""
    small = bytearray()
    async for chunk in chunks:
        is_large = len(chunk) >= CHUNK_BYTES
        if not is_large:
            small += chunk
        if small and (is_large or len(small) >= CHUNK_BYTES):
            yield bytes(small)
            small.clear()
        if is_large:
            yield chunk
    if small:
        yield bytes(small)


def _body(chunk: bytes) -> Message:
    return {"type": "http.response.body", "body": chunk, "more_body": True}


async def _while_heard(chunks: AsyncIterator[bytes], receive: Receive) -> AsyncIterator[bytes]:
    unheard = 0
    async for chunk in chunks:
        yield chunk
        unheard += len(chunk)
        if unheard >= LISTEN_EVERY:
            if await _has_left(receive):
                return
            unheard = 0


async def _has_left(receive: Receive) -> bool:
    """Tell, without waiting, whether the client has closed the connection."""
    kind = ""
    with anyio.CancelScope() as scope:
        scope.cancel()
        kind = (await receive())["type"]
    return kind == "http.disconnect"
