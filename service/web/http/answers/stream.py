"""A body that is read while it is sent.

Starlette's own streaming response watches for a disconnect in a second task and sends every small piece by
itself. This one writes to ASGI directly. The head goes out when the first chunk is there, so that what
fails before it is still answered as an error; a stream nobody listens to any more is given up. A chunk that
is a run of a file goes from there to the client without being read, where the server can do that: an
extension of ASGI like Zero Copy Send, which takes many runs, and bytes between them, in one message.
"""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from typing import TypeVar

import anyio
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from service.archive.files.file_run import Chunk, ChunkGroup, FileRun

CHUNK_BYTES = 64 * 1024  # smaller chunks are joined to about this size before they are sent
LISTEN_EVERY = 8 * 2**20  # bytes sent between two looks whether the client is still there

_PIECES = "http.response.pieces"
_AS_LITTLE_WORK = 4  # bytes that go by themselves, as one of those that are made or read
_ZERO_COPY_BYTES = 2**20  # a client that waits for a shorter answer is served better by one write

C = TypeVar("C", bytes, Chunk)
Chunks = AsyncIterable[bytes]
Runs = AsyncIterable[Chunk]
Groups = AsyncIterable[Chunk | ChunkGroup]
Source = Callable[[int, int], Runs]  # offset and length in bytes → those bytes


class Stream(Response):
    """A body in chunks; without a length it is sent with chunked encoding."""

    def __init__(
        self, chunks: Groups, headers: Mapping[str, str], length: int | None = None, status_code: int = 200
    ) -> None:
        self._chunks = chunks
        self._length = length
        self.status_code = status_code
        self.background = None
        self.init_headers(headers if length is None else {**headers, "content-length": str(length)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head and, unless the request was HEAD, the chunks."""
        head = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        if scope["method"] == "HEAD":
            await send(head)
            await send(_body(b"", more=False))
            return
        messages = self._messages(zero_copy=_PIECES in scope.get("extensions", ()))
        first_message = await anext(messages)
        await send(head)
        await send(first_message)
        sent_bytes = 0
        async for message in messages:
            await send(message)
            sent_bytes += len(message.get("body", b"")) + message.get("count", 0) // _AS_LITTLE_WORK
            if sent_bytes >= LISTEN_EVERY:
                if await _has_left(receive):
                    return
                sent_bytes = 0

    async def _messages(self, *, zero_copy: bool) -> AsyncIterator[Message]:
        zero_copy = zero_copy and (self._length or 0) >= _ZERO_COPY_BYTES
        count, more = 0, True
        async for chunk in self._chunks:
            count += len(chunk)
            more = count != self._length
            chunks = chunk.chunks if isinstance(chunk, ChunkGroup) else (chunk,)
            pieces = [
                await part.read()
                if isinstance(part, FileRun) and not (zero_copy and _can_stay(part))
                else part
                for part in chunks
            ]
            yield _message(pieces, len(chunk), more=more)
        if more:
            yield _body(b"", more=False)


def in_memory(content: bytes | memoryview) -> Source:
    """Return bytes that are here already as a source."""

    async def read(offset: int, length: int) -> AsyncIterator[bytes]:
        yield content[offset : offset + length]

    return read


def between(before: bytes, source: Source, size: int, after: bytes) -> Source:
    """Return `size` bytes of a source with some before and some after them as a source."""

    async def read(offset: int, length: int) -> AsyncIterator[Chunk]:
        start, end = offset - len(before), offset + length - len(before)
        yield before[offset : offset + length]
        if (first_byte := max(start, 0)) < (end_byte := min(end, size)):
            async for chunk in source(first_byte, end_byte - first_byte):
                yield chunk
        yield after[max(start - size, 0) : max(end - size, 0)]

    return lambda offset, length: joined(read(offset, length))


async def joined(chunks: AsyncIterable[C]) -> AsyncIterator[C]:
    """Yield the same bytes: small chunks together, large ones as they are."""
    buffer = bytearray()
    async for chunk in chunks:
        is_large = len(chunk) >= CHUNK_BYTES
        if not is_large:
            buffer += await chunk.read() if isinstance(chunk, FileRun) else chunk
        if buffer and (is_large or len(buffer) >= CHUNK_BYTES):
            yield bytes(buffer)
            buffer.clear()
        if is_large:
            yield chunk
    if buffer:
        yield bytes(buffer)


def _body(content: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}


def _can_stay(run: FileRun) -> bool:
    """Tell whether a run is worth sending from where it lies, and can be without waiting for the disk."""
    return run.length >= CHUNK_BYTES and run.is_cached()


def _message(pieces: Sequence[Chunk], count: int, *, more: bool) -> Message:
    places: list[bytes | tuple[int, int, int]] = []
    contents: list[bytes] = []  # that have no run between them
    for piece in pieces:
        if not isinstance(piece, FileRun):
            contents.append(piece)
            continue
        places += (b"".join(contents), (piece.descriptor, piece.offset, piece.length))
        contents = []
    if not places:
        return _body(b"".join(contents) if len(contents) > 1 else contents[0], more=more)
    places.append(b"".join(contents))
    return {"type": _PIECES, "pieces": [p for p in places if p], "count": count, "more_body": more}


async def _has_left(receive: Receive) -> bool:
    """Tell, without waiting, whether the client has closed the connection."""
    kind = ""
    with anyio.CancelScope() as scope:
        scope.cancel()
        kind = (await receive())["type"]
    return kind == "http.disconnect"
