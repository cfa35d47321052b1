"""STOW-RS: receive parts, store each, write the receipt. PS3.18 10.5.

The body is taken as it comes: a part goes into a spool, a few spools make a batch, and a batch is stored
while nothing else of the request is in memory.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import anyio.to_thread
import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from service.archive import Archive
from service.archive.spool import Spool
from service.archive.store import Outcome
from service.dicom.instance import OUT_OF_RESOURCES, TOO_LARGE, is_uid
from service.errors import (
    BadRequest,
    ContentTooLarge,
    DicomwebError,
    InvalidMultipart,
    InvalidParameter,
    Refusal,
    Unavailable,
    UnsupportedMediaType,
)
from service.web import fields
from service.web.accept import Offer
from service.web.asked import negotiated
from service.web.multipart import PartBegins, PartEnds, Splitter, boundary_of
from service.web.receipt import receipt, status_of
from service.web.responses import RETRY_AFTER, DicomJson

SUPPORTED = ('multipart/related; type="application/dicom"', "application/dicom")
OFFERS = (Offer("application/dicom+json"), Offer("application/json"))
_LENGTH = re.compile(r"[0-9]{1,20}", re.ASCII)
_BATCH_BYTES = 4 * 2**20
_BATCH_PARTS = 64


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """The most this server takes.

    Attributes:
        instance_bytes: of one instance.
        request_bytes: of one request's body.
        parts: of one request.
    """

    instance_bytes: int
    request_bytes: int
    parts: int


async def store(request: Request) -> Response:
    """POST /studies and /studies/{study}. Standard: PS3.18 10.5."""
    offer = negotiated(request, *OFFERS)
    study = request.path_params.get("study")
    if study is not None and not is_uid(study):
        raise InvalidParameter("study", study, "a UID (PS3.5 9.1)")
    intake = Intake(request, study)
    try:
        await intake.receive()
    finally:
        intake.discard()
    if not intake.outcomes:
        raise BadRequest("the body is empty, expected at least one instance")
    body = receipt(intake.outcomes, study, request.state.base_url)
    status = status_of(intake.outcomes)
    headers = {"retry-after": RETRY_AFTER} if status == 503 else None
    return DicomJson(orjson.dumps(body), request, offer.media_type, status_code=status, headers=headers)


class Intake:
    """One request's instances on their way into the archive.

    Attributes:
        outcomes: what became of each, in the order of the parts.
    """

    def __init__(self, request: Request, study: str | None) -> None:
        self.outcomes: list[Outcome] = []
        self._request = request
        self._study = study
        self._archive: Archive = request.app.state.archive
        self._limits: StoreLimits = request.app.state.store_limits
        self._batch: list[Spool] = []
        self._open: Spool | None = None

    async def receive(self) -> None:
        """Take the whole body.

        Raises:
            UnsupportedMediaType: it is of another kind than those in `SUPPORTED`.
            InvalidMultipart: it is broken; what came whole before that is stored.
            ContentTooLarge: it is larger than the server takes.
        """
        content_type = self._request.headers.get("content-type", "")
        name, _ = fields.media_type(content_type)
        encoding = self._request.headers.get("content-encoding", "identity").lower()
        if encoding not in ("", "identity"):
            raise UnsupportedMediaType(f"Content-Encoding {encoding}", ["identity"])
        if name == "application/dicom":
            await self._receive_one()
        elif name == "multipart/related":
            await self._receive_parts(content_type)
        else:
            raise UnsupportedMediaType(content_type, SUPPORTED)

    def discard(self) -> None:
        """Forget what has not been stored, after an error."""
        for spool in (*self._batch, *([self._open] if self._open else [])):
            spool.discard()

    async def _receive_one(self) -> None:
        self._open = self._archive.blobs.spool()
        async for chunk in self._body():
            await self._take(chunk)
        if self._open is not None and self._open.size:
            await self._close_part()
        await self._store_batch()

    async def _receive_parts(self, content_type: str) -> None:
        kind, boundary = boundary_of(content_type)
        if kind not in ("", "application/dicom"):
            raise UnsupportedMediaType(content_type, SUPPORTED)
        splitter = Splitter(boundary, self._limits.parts)
        try:
            async for chunk in self._body():
                for event in splitter.feed(chunk):
                    if isinstance(event, bytes):
                        await self._take(event)
                    elif isinstance(event, PartBegins):
                        self._open = self._archive.blobs.spool()
                    elif isinstance(event, PartEnds):
                        await self._close_part()
            splitter.finish()
        except InvalidMultipart as error:
            await self._store_batch()
            before = f"{len(self.outcomes)} instances before it were read"
            raise InvalidMultipart(f"{error.message}; {before}") from error
        await self._store_batch()

    async def _body(self) -> AsyncIterator[bytes]:
        received = 0
        stated = self._request.headers.get("content-length", "")
        if _LENGTH.fullmatch(stated) and int(stated) > self._limits.request_bytes:
            raise self._too_large()
        try:
            async for chunk in self._request.stream():
                received += len(chunk)
                if received > self._limits.request_bytes:
                    raise self._too_large()
                if chunk:
                    yield chunk
        except ClientDisconnect as error:
            raise InvalidMultipart("the connection was closed before the end of the body") from error

    def _too_large(self) -> DicomwebError:
        limit = self._limits.request_bytes
        return ContentTooLarge(f"the body is larger than the {limit} bytes this server takes")

    async def _take(self, chunk: bytes) -> None:
        """Add bytes to the open part; one that grows too large for the server or its disk is refused."""
        spool = self._open
        if spool is None:
            return
        if spool.size + len(chunk) > self._limits.instance_bytes:
            message = f"the instance is larger than the {self._limits.instance_bytes} bytes this server takes"
            await self._refuse(spool, message, TOO_LARGE)
            return
        spool.write(chunk)
        if spool.wants_flush:
            try:
                await anyio.to_thread.run_sync(spool.flush)
            except Unavailable as error:
                await self._refuse(spool, error.message, OUT_OF_RESOURCES)

    async def _refuse(self, spool: Spool, message: str, reason: int) -> None:
        """Refuse the open part; the bytes of it that are still to come are dropped."""
        await self._store_batch()
        spool.discard()
        self._open = None
        self.outcomes.append(Refusal(message, reason))

    async def _close_part(self) -> None:
        if self._open is None:
            return
        self._batch.append(self._open)
        self._open = None
        if len(self._batch) >= _BATCH_PARTS or sum(spool.size for spool in self._batch) >= _BATCH_BYTES:
            await self._store_batch()

    async def _store_batch(self) -> None:
        """Store what has come whole, in order."""
        batch, self._batch = self._batch, []
        if batch:
            store_batch = self._archive.store.batch
            self.outcomes += await anyio.to_thread.run_sync(store_batch, batch, self._study)
