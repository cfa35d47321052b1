"""STOW-RS of metadata and bulk data: instances that become files here. Standard: PS3.18 10.5.1.4, 8.6.1.2.

The metadata are in memory, and bounded; the bulk data are in a spool. When all has come, one instance after
the other is made a Part 10 file, which goes the way of any file that is stored. One that cannot be made is an
item of the receipt, as a file is that cannot be read.
"""

from collections.abc import Callable, Mapping
from typing import Any

import anyio.to_thread
import orjson
from starlette.requests import Request

from service.dicom.instance import CANNOT_UNDERSTAND
from service.dicom.xml.reader import read_xml
from service.errors import BadRequest, ContentTooLarge, InvalidXml, Refusal
from service.web.http.requests import header_fields
from service.web.state import StoreLimits, service_of
from service.web.stow.batch import Batch
from service.web.stow.bulkdata import BulkdataParts
from service.web.stow.instance import posted_file

MAX_REQUEST_METADATA_BYTES = 2**25  # of one request
MAX_JSON_VALUES = 2**22  # of three bytes one value can be, and takes some hundred in memory

DICOM_JSON, DICOM_XML = "application/dicom+json", "application/dicom+xml"


class MetadataIntake:
    """One request's metadata and bulk data on their way into the archive."""

    def __init__(self, request: Request, batch: Batch, media_type: str) -> None:
        archive = service_of(request).archive
        study = request.path_params.get("study")
        url = f"{request.state.base_url}/studies" + (f"/{study}" if study else "")
        self._request = request
        self._batch = batch
        self._media_type = media_type
        self._limits: StoreLimits = service_of(request).store_limits
        self._documents: list[bytearray] = []
        self._in_document = False
        self._parts = BulkdataParts(archive.blobs, url, self._limits.instance_bytes)
        self._document_bytes = self._made_bytes = 0

    def begin(self, headers: Mapping[str, str]) -> None:
        """A part begins: metadata, as the first one always is, or bulk data."""
        name, _ = header_fields.media_type(headers.get("content-type", ""))
        self._in_document = not self._documents or name == self._media_type
        if self._in_document:
            self._documents.append(bytearray())
        else:
            self._parts.begin(headers)

    async def take(self, chunk: bytes) -> None:
        """Add bytes to the part.

        Raises:
            ContentTooLarge: the metadata are more than this server takes.
            Unavailable: the disk is full.
        """
        if not self._in_document:
            await self._parts.take(chunk)
            return
        self._documents[-1] += chunk
        self._document_bytes += len(chunk)
        if self._document_bytes > MAX_REQUEST_METADATA_BYTES:
            raise ContentTooLarge(
                f"the metadata have more than the {MAX_REQUEST_METADATA_BYTES} bytes that are taken"
            )

    async def end(self) -> None:
        """The part has come whole."""
        if not self._in_document:
            self._parts.end()

    async def finish(self) -> None:
        """Store the instances, now that the body has come whole.

        Raises:
            BadRequest: the metadata are no array of JSON.
            ContentTooLarge: they are more values, or more instances, than this server takes.
        """
        await self._parts.close()
        successes = [
            await self._add(instance)
            for document in self._documents
            for instance in await self._read(document)
        ]
        await self._batch.store()
        if all(successes) and self._parts.unanswering:
            message = f"{self._parts.unanswering} parts are the BulkDataURI of no attribute"
            await self._batch.refuse(Refusal(message, CANNOT_UNDERSTAND))

    def discard(self) -> None:
        """Forget what has come."""
        self._parts.discard()

    async def _read(self, document: bytearray) -> list[Any]:
        """Return the instances of one part; XML that is broken stands for an instance."""
        try:
            instances = await anyio.to_thread.run_sync(_READERS[self._media_type], bytes(document))
        except InvalidXml as error:
            return [Refusal(error.message, CANNOT_UNDERSTAND)]
        if len(instances) > self._limits.parts:
            limit = self._limits.parts
            raise ContentTooLarge(
                f"the metadata are of {len(instances)} instances: this server takes {limit}"
            )
        return instances

    async def _add(self, instance: object) -> bool:
        """Add an instance to the batch, and tell whether it could be made."""
        max_bytes = min(self._limits.instance_bytes, self._limits.request_bytes - self._made_bytes)
        try:
            if isinstance(instance, Refusal):
                raise instance
            spool = await posted_file(self._request, instance, self._parts, max_bytes)
        except Refusal as refusal:
            await self._batch.refuse(refusal)
            return False
        self._made_bytes += spool.size
        await self._batch.add(spool)
        return True


def read_json(content: bytes) -> list[Any]:
    """Return the instances of DICOM JSON metadata, which are not looked at.

    Raises:
        BadRequest: this is no array of JSON.
        ContentTooLarge: it has more than `MAX_JSON_VALUES` values.
    """
    if sum(map(content.count, (b"{", b"[", b","))) > MAX_JSON_VALUES:
        raise ContentTooLarge(f"the metadata have more than the {MAX_JSON_VALUES} values that are taken")
    try:
        instances = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the metadata are no JSON: {error}") from error
    if not isinstance(instances, list):
        raise BadRequest("the metadata are no array: expected one object for each instance, in an array")
    return instances


def _read_xml(content: bytes) -> list[Any]:
    return [read_xml(content)]


_READERS: dict[str, Callable[[bytes], list[Any]]] = {DICOM_JSON: read_json, DICOM_XML: _read_xml}
