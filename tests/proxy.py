"""A proxy before another server, for networks that do what networks do: delay, freeze, cut, refuse.

It passes bytes on without understanding more of them than the first line of a request.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from urllib.parse import urlsplit

_CHUNK_BYTES = 64 * 1024
_LOOK_AGAIN = 0.02  # seconds
_CUT_AFTER = 100_000  # bytes, of a request or an answer


class Proxy:
    """The proxy. What it does is set by its attributes, at any time, for connections that are open too.

    Attributes:
        url: where it listens.
        is_frozen: whether nothing is passed on.
        delay: seconds that each request waits first.
        status: answered to every request in place of what the server would; 0 for none.
        cuts: of requests of this method, as "PUT", in the middle: of what is sent, or of what is answered.
        has_cut: set once a connection has been cut.
    """

    def __init__(self, endpoint: str) -> None:
        self._target = urlsplit(endpoint)
        self._listening = Event()
        self.url = ""
        self.delay = 0.0
        self.status = 0
        self.cuts = ""
        self.has_cut = Event()
        self.is_frozen = False
        self._is_ended = False
        self._open: set[asyncio.StreamWriter] = set()

    async def _listen(self) -> None:
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            self._listening.set()
            while not self._is_ended:  # noqa: ASYNC110 (another thread says so)
                await asyncio.sleep(_LOOK_AGAIN)
        for writer in list(self._open):
            writer.transport.abort()
        while self._open:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_AGAIN)

    async def _thawed(self) -> None:
        while self.is_frozen:  # noqa: ASYNC110 (another thread says so)
            await asyncio.sleep(_LOOK_AGAIN)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target_reader, target_writer = await self._connected()
        self._open |= {writer, target_writer}
        methods = [""]
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_requests(reader, target_writer, writer, methods))
                group.create_task(self._pass_answers(target_reader, writer, methods))
        except* (OSError, _Ended):
            pass
        finally:
            for each in (writer, target_writer):
                each.close()
                with suppress(OSError):
                    await each.wait_closed()
                self._open.discard(each)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._target.scheme == "unix":
            return await asyncio.open_unix_connection(self._target.path)
        return await asyncio.open_connection(self._target.hostname, self._target.port)

    async def _pass_requests(
        self,
        reader: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
        methods: list[str],
    ) -> None:
        passed = 0
        while chunk := await reader.read(_CHUNK_BYTES):
            method = chunk[:7].partition(b" ")[0].decode("latin-1")
            if method in ("GET", "PUT", "POST", "DELETE", "HEAD"):
                methods[0], passed = method, 0
                await asyncio.sleep(self.delay)
                if self.status:
                    await self._refuse(back)
            await self._thawed()
            passed += len(chunk)
            self._cut_if(methods[0], "PUT", passed)
            target.write(chunk)
            await target.drain()
        raise _Ended

    async def _pass_answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, methods: list[str]
    ) -> None:
        passed = 0
        while chunk := await reader.read(_CHUNK_BYTES):
            if chunk.startswith(b"HTTP/"):
                passed = 0
            await self._thawed()
            passed += len(chunk)
            self._cut_if(methods[0], "GET", passed)
            writer.write(chunk)
            await writer.drain()
        raise _Ended

    def _cut_if(self, method: str, cut_method: str, passed: int) -> None:
        if method == cut_method == self.cuts and passed > _CUT_AFTER:
            self.has_cut.set()
            raise _Ended

    async def _refuse(self, writer: asyncio.StreamWriter) -> None:
        body = b"<Error><Code>Refused</Code></Error>"
        head = f"HTTP/1.1 {self.status} Refused\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        raise _Ended


class _Ended(Exception):
    """One of both sides has ended the connection, or it is cut."""


@contextmanager
def proxy(endpoint: str) -> Iterator[Proxy]:
    """Run a proxy before a server: http://host:port, or unix:path."""
    proxy = Proxy(endpoint)
    thread = Thread(target=lambda: asyncio.run(proxy._listen()), name="proxy", daemon=True)
    thread.start()
    proxy._listening.wait()
    try:
        yield proxy
    finally:
        proxy._is_ended = True
        thread.join()
