from collections.abc import AsyncIterator

import pytest
from starlette.types import Message

from service.web.http.answers.stream import CHUNK_BYTES, LISTEN_EVERY, Stream, between, in_memory, joined


async def chunks_of(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def failing() -> AsyncIterator[bytes]:
    raise FileNotFoundError
    yield b""


async def sent_by(stream: Stream, method: str = "GET", *, leaves: bool = False) -> list[Message]:
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect" if leaves else "http.request"}

    async def send(message: Message) -> None:
        messages.append(message)

    await stream({"type": "http", "method": method}, receive, send)
    return messages


async def test_chunks_are_sent_as_they_come() -> None:
    head, *bodies = await sent_by(Stream(chunks_of(b"a", b"b"), {"content-type": "x/y"}, length=2))

    assert head["status"] == 200
    assert head["headers"] == [(b"content-type", b"x/y"), (b"content-length", b"2")]
    assert [body["body"] for body in bodies] == [b"a", b"b"]
    assert [body["more_body"] for body in bodies] == [True, False]


async def test_a_stream_without_a_length_ends_with_an_empty_body() -> None:
    _, *bodies = await sent_by(Stream(chunks_of(b"a"), {}))

    assert [(body["body"], body["more_body"]) for body in bodies] == [(b"a", True), (b"", False)]


async def test_an_unknown_length_is_not_announced() -> None:
    head, *_ = await sent_by(Stream(chunks_of(), {}))

    assert head["headers"] == []


async def test_head_sends_the_headers_and_reads_nothing() -> None:
    head, body = await sent_by(Stream(failing(), {}, length=5), "HEAD")

    assert head["headers"] == [(b"content-length", b"5")]
    assert body["body"] == b""


async def test_what_fails_before_the_first_chunk_sends_no_head() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    with pytest.raises(FileNotFoundError):
        await Stream(failing(), {})({"type": "http", "method": "GET"}, lambda: None, send)  # type: ignore[arg-type,return-value]

    assert sent == []


async def test_nothing_more_is_read_for_a_client_that_has_left() -> None:
    chunks = chunks_of(*[bytes(LISTEN_EVERY)] * 9)

    messages = await sent_by(Stream(chunks, {}), leaves=True)

    assert sum(bool(message.get("body")) for message in messages) < 9
    assert await anext(chunks, None) is not None


async def test_small_chunks_are_joined_and_large_ones_left_alone() -> None:
    large = bytes(CHUNK_BYTES)
    small = bytes(CHUNK_BYTES // 2)

    chunks = [chunk async for chunk in joined(chunks_of(b"a", b"b", large, b"c", small, small, b"d"))]

    assert chunks == [b"ab", large, b"c" + small + small, b"d"]


async def test_bytes_in_memory_are_a_source() -> None:
    assert [chunk async for chunk in in_memory(b"0123456789")(2, 3)] == [b"234"]


async def test_any_run_can_be_read_of_bytes_between_others() -> None:
    whole = b"<<0123>>>"
    source = between(b"<<", in_memory(b"0123"), 4, b">>>")

    for start in range(len(whole)):
        for end in range(start + 1, len(whole) + 1):
            chunks = [chunk async for chunk in source(start, end - start)]
            assert b"".join(chunks) == whole[start:end]  # type: ignore[arg-type]
