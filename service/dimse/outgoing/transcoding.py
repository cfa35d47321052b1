"""Transcoded data sets for associations: what WADO-RS makes in an event loop, made for threads that wait.

The loop runs in a thread of its own, which begins when it is first needed; so do the processes that decode.
"""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import ExitStack
from threading import Lock

from anyio.from_thread import BlockingPortal, start_blocking_portal

from service.archive import Archive
from service.archive.index.lookups.lookup import locate
from service.archive.instance import Instance, Located
from service.dicom.encoding.explicit import file_head
from service.imaging.decoder import Decoder
from service.imaging.transcoder import transcodable_syntaxes, transcoded_file, transcoded_pixels


class Transcoding:
    """Makes data sets in other transfer syntaxes.

    Args:
        archive: where the instances are.
        make_decoder: of their frames.
    """

    def __init__(self, archive: Archive, make_decoder: Callable[[], Decoder]) -> None:
        self._archive = archive
        self._make_decoder = make_decoder
        self._stack = ExitStack()
        self._lock = Lock()
        self._running: tuple[BlockingPortal, Decoder] | None = None

    def located(self, instance: Instance) -> Located:
        """Return where the frames of an instance lie.

        Raises:
            InstanceNotFound: it was deleted or replaced meanwhile.
        """
        return self._archive.index.read_now(locate, instance.uids)[0]

    def syntaxes(self, located: Located) -> tuple[str, ...]:
        """Return the transfer syntaxes that can be made of its pixels."""
        return transcodable_syntaxes(located)

    def chunks(self, located: Located, transfer_syntax: str) -> Iterator[bytes]:
        """Return the chunks of its data set; that all frames can be decoded is known when this returns.

        Raises:
            NotAcceptable: they cannot.
            InstanceGone, Unavailable: it cannot be read.
        """
        portal, decoder = self._begun()
        pixels = portal.call(transcoded_pixels, decoder, located, transfer_syntax)
        instance = located.instance
        head = file_head(instance.sop_class_uid, instance.uids.instance, transfer_syntax)
        file = transcoded_file(self._archive.blobs, pixels)
        return _behind(_from_loop(portal, file), len(head))

    def close(self) -> None:
        """End the thread and the processes."""
        with self._lock:
            if self._running is not None:
                portal, decoder = self._running
                portal.call(decoder.close)
                self._stack.close()
                self._running = None

    def _begun(self) -> tuple[BlockingPortal, Decoder]:
        with self._lock:
            if self._running is None:
                portal = self._stack.enter_context(start_blocking_portal())
                self._running = portal, portal.call(self._make_decoder)
            return self._running


def _from_loop(portal: BlockingPortal, chunks: AsyncGenerator[bytes, None]) -> Iterator[bytes]:
    """Yield what is made in an event loop."""

    async def following() -> bytes | None:
        return await anext(chunks, None)

    try:
        while (chunk := portal.call(following)) is not None:
            yield chunk
    finally:
        portal.call(chunks.aclose)


def _behind(chunks: Iterator[bytes], length: int) -> Iterator[bytes]:
    """Yield what comes after so many bytes."""
    for chunk in chunks:
        rest = chunk[length:]
        length = max(0, length - len(chunk))
        if rest:
            yield rest
