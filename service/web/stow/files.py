"""STOW-RS of Part 10 files: each part is one. Standard: PS3.18 10.5.

The body is taken as it comes: a part goes into a spool, a few spools make a batch, and a batch is stored
while nothing else of the request is in memory.
"""

from collections.abc import Mapping

import anyio.to_thread
from starlette.requests import Request

from service.archive.files.spool import Spool
from service.dicom.instance import TOO_LARGE, reason_of
from service.errors import Refusal, Unavailable
from service.web.state import service_of
from service.web.stow.batch import Batch


class FileIntake:
    """One request's files on their way into the archive."""

    def __init__(self, request: Request, batch: Batch) -> None:
        self._archive = service_of(request).archive
        self._max_bytes: int = service_of(request).store_limits.instance_bytes
        self._batch = batch
        self._open: Spool | None = None

    def begin(self, headers: Mapping[str, str]) -> None:  # noqa: ARG002 (a file says itself what it is)
        """A part begins."""
        self._open = self._archive.blobs.spool()

    async def take(self, chunk: bytes) -> None:
        """Add bytes to the part; one that grows too large for the server or its disk is refused."""
        spool = self._open
        if spool is None:
            return
        if spool.size + len(chunk) > self._max_bytes:
            message = f"the instance is larger than the {self._max_bytes} bytes this server takes"
            await self._refuse(spool, message, TOO_LARGE)
            return
        spool.write(chunk)
        if spool.wants_flush:
            try:
                await anyio.to_thread.run_sync(spool.flush)
            except Unavailable as error:
                await self._refuse(spool, error.message, reason_of(error))

    async def end(self) -> None:
        """The part has come whole."""
        spool, self._open = self._open, None
        if spool is not None:
            await self._batch.add(spool)

    async def finish(self) -> None:
        """The body has come whole."""
        await self._batch.store()

    def discard(self) -> None:
        """Forget what has not come whole."""
        if self._open is not None:
            self._open.discard()

    async def _refuse(self, spool: Spool, message: str, reason: int) -> None:
        """Refuse the part; the bytes of it that are still to come are dropped."""
        spool.discard()
        self._open = None
        await self._batch.refuse(Refusal(message, reason))
