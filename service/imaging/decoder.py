"""Decoded frames for whoever asks: rendered, transcoded, as numbers.

Native frames are read in threads, for they are only looked at. Compressed ones are decoded in worker
processes, and those used last are kept. Whoever asks for a frame that is being decoded waits for it.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TypeVar

import anyio.to_thread

from service.archive.files.blobs import Blobs
from service.archive.files.reading.content import frame_content
from service.archive.files.reading.runs import bring_near, read_run_now
from service.archive.instance import Located
from service.cache import Cache
from service.errors import FrameNotFound, UndecodableFrame, shorten
from service.imaging.description import description_of
from service.pixels.codecs.decode import (
    DECODABLE_SYNTAXES,
    NATIVE_SYNTAXES,
    DecodedFrame,
    check_stream,
    decoded,
)
from service.pixels.description import ImageDescription
from service.pixels.workers.pool import PixelWorkers
from service.threads import Threads

T = TypeVar("T")

_SOUND_BYTES, _KEY_BYTES = 2**22, 256  # of the memory of what could be decoded
_TRIED_TOGETHER = 8  # frames

_Key = tuple[bytes, int]  # of an instance's file, and the number of its frame


class Decoder:
    """How frames are decoded, and those that were decoded last. For the event loop's thread alone.

    Attributes:
        workers: processes for what could hang or crash.
        threads: which work on pixels; as many as that work at a time.
        blobs: the files that frames lie in.
        max_frame_bytes: of the stored values of a frame that is decoded.
    """

    def __init__(
        self,
        blobs: Blobs,
        workers: PixelWorkers,
        threads: Threads,
        max_bytes: int,
        max_frame_bytes: int = 2**28,
    ) -> None:
        self.workers = workers
        self.threads = threads
        self.blobs = blobs
        self.max_frame_bytes = max_frame_bytes
        self._cache: Cache[DecodedFrame] = Cache(max_bytes)
        self._sound: Cache[bool] = Cache(_SOUND_BYTES)
        self._decoding: dict[_Key, asyncio.Task[DecodedFrame]] = {}

    async def decode(self, located: Located, number: int) -> DecodedFrame:
        """Return the stored values of frame `number`, counted from 1.

        Raises:
            FrameNotFound: the instance lacks it, or has no pixels at all.
            InstanceNotFound: it was deleted meanwhile.
            NotRenderable: what describes its pixels is missing or makes no sense.
            UndecodableFrame: its transfer syntax is not decoded here, or its code stream is broken.
        """
        check_decodable(located, number)
        if located.instance.transfer_syntax in NATIVE_SYNTAXES:
            return await self.apply(located, number, lambda frame, _: frame)
        key = (located.instance.digest, number)
        if frame := self._cache.get(key):
            return frame
        task = self._decoding.get(key) or self._started(key, located, number)
        return await asyncio.shield(task)  # whoever goes away leaves it to those who wait

    async def apply(
        self, located: Located, number: int, work: Callable[[DecodedFrame, ImageDescription], T]
    ) -> T:
        """Return what some work in a thread makes of a frame and its description; native ones in one hop.

        Raises:
            DicomwebError: what `decode` raises, or the work.
        """
        check_decodable(located, number)
        if located.instance.transfer_syntax in NATIVE_SYNTAXES:
            await self._bring_near(located, number)
            run: Callable[[], T] = partial(self._applied_to_native, work, located, number)
        else:
            run = partial(_applied, work, await self.decode(located, number), located, number)
        return await self.threads.run(run)

    async def check(self, located: Located, numbers: Sequence[int]) -> None:
        """Make sure that compressed frames can be decoded, before an answer begins that is made of them.

        What their code streams announce is compared with their description first, which costs little; then
        they are decoded, and those that fit into the cache are not decoded again.

        Raises:
            DicomwebError: what `decode` raises.
        """
        if located.frames is None or located.instance.transfer_syntax in NATIVE_SYNTAXES:
            return
        digest = located.instance.digest
        key = digest, numbers if isinstance(numbers, range) else tuple(numbers)
        if len(numbers) < 2 or self._sound.get(key):
            return
        unknown = [number for number in numbers if not self._sound.get((digest, number))]
        await self.check_streams(located, unknown)
        await self.try_all((located, number) for number in unknown)
        self._sound.keep(key, True, _KEY_BYTES)

    async def try_all(self, frames: Iterable[tuple[Located, int]]) -> None:
        """Decode frames, given by instance and number, that are compressed and were not decoded before.

        Raises:
            DicomwebError: what `decode` raises.
        """
        unknown = (
            (located, number)
            for located, number in frames
            if located.instance.transfer_syntax not in NATIVE_SYNTAXES
            and not self._sound.get((located.instance.digest, number))
        )
        while some := list(islice(unknown, _TRIED_TOGETHER)):
            await asyncio.gather(*(self.decode(located, number) for located, number in some))

    async def check_streams(self, located: Located, numbers: Iterable[int]) -> None:
        """Compare what the code streams of frames announce with their description. Nothing is decoded.

        Raises:
            UndecodableFrame: one is of another picture, or of none.
        """
        if located.frames is None or located.instance.transfer_syntax in NATIVE_SYNTAXES:
            return
        for number in numbers:
            description = await anyio.to_thread.run_sync(description_of, located, number)
            self._check_size(description)
            frame = await self._read(located, number)
            check_stream(frame, located.instance.transfer_syntax, description)

    def close(self) -> None:
        """End the threads and the worker processes."""
        self.threads.close()
        self.workers.close()

    def _started(self, key: _Key, located: Located, number: int) -> asyncio.Task[DecodedFrame]:
        task = asyncio.create_task(self._compressed(located, number))
        self._decoding[key] = task
        task.add_done_callback(lambda done: self._finished(key, done))
        return task

    def _finished(self, key: _Key, task: asyncio.Task[DecodedFrame]) -> None:
        del self._decoding[key]
        if not task.cancelled() and task.exception() is None:
            frame = task.result()
            self._cache.keep(key, frame, frame.values.nbytes)
            self._sound.keep(key, True, _KEY_BYTES)

    async def _compressed(self, located: Located, number: int) -> DecodedFrame:
        description = await anyio.to_thread.run_sync(description_of, located, number)
        self._check_size(description)
        frame = await self._read(located, number)
        plain = replace(description, palette=None, overlays=())  # no decoder needs them
        return await self.workers.run(decoded, frame, located.instance.transfer_syntax, plain)

    def _applied_to_native(
        self, work: Callable[[DecodedFrame, ImageDescription], T], located: Located, number: int
    ) -> T:
        """Read and work in one thread: the frame's bytes are then where its core looks first."""
        instance, frames = located.instance, located.frames
        assert frames is not None
        description = description_of(located, number)
        self._check_size(description)
        frame = frames.frame(number, read_run_now(self.blobs, instance, frames.span(number)))
        return work(decoded(frame, instance.transfer_syntax, description), description)

    async def _bring_near(self, located: Located, number: int) -> None:
        """Fetch a frame that lies far away, so that none of the threads that work on pixels waits for it."""
        assert located.frames is not None
        await bring_near(self.blobs, located.instance, located.frames.span(number).offset)

    def _check_size(self, description: ImageDescription) -> None:
        """Refuse a frame that would take too much memory, before anything of it is in memory."""
        if description.value_bytes > self.max_frame_bytes:
            size, limit = description.value_bytes, self.max_frame_bytes
            raise UndecodableFrame(f"the frame would have {size} bytes: expected up to {limit}")

    async def _read(self, located: Located, number: int) -> bytes:
        assert located.frames is not None
        content = await frame_content(self.blobs, located.instance, located.frames, number)
        return b"".join([chunk async for chunk in content.read(0, content.size)])


def check_decodable(located: Located, number: int) -> None:
    """Raise what stands in the way of decoding a frame before anything is read.

    Raises:
        FrameNotFound: the instance lacks it, or has no pixels at all.
        UndecodableFrame: its transfer syntax is not decoded here.
    """
    if located.frames is None:
        raise FrameNotFound(number, 0)
    located.frames.span(number)
    syntax = located.instance.transfer_syntax
    if syntax not in DECODABLE_SYNTAXES:
        raise UndecodableFrame(f"pixels stored in transfer syntax {shorten(syntax)} are not decoded here")


def _applied(
    work: Callable[[DecodedFrame, ImageDescription], T], frame: DecodedFrame, located: Located, number: int
) -> T:
    return work(frame, description_of(located, number))
