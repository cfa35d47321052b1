"""The bulk data of one store request, and which of it answers a Bulkdata URI. PS3.18 8.6.1.2, 10.5.1.4.

All parts lie in one spool, one after the other, so that a hundred thousand frames take one file and no more.
A URI is answered by the parts of the same message that have it as their Content-Location, and by nothing
else: nothing is ever fetched.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple
from urllib.parse import urljoin

import anyio.to_thread

from service.archive.files.blobs import Blobs
from service.dicom.encoding.elements import Buffer, Malformed
from service.dicom.encoding.explicit import Value
from service.transfer_syntaxes import OCTET_STREAM, frame_media_type
from service.web.http.requests import header_fields
from service.web.http.requests.media_ranges import ANY, SYNONYMS

_FRAME_LOCATION = re.compile(r"(.*)/frames/([1-9][0-9]{0,8})", re.DOTALL)
_PIXEL_DATA_PATH = "/bulkdata/7FE00010"  # what the service's own URI of Pixel Data ends with


class BulkdataPart(NamedTuple):
    """One part.

    Attributes:
        media_type: in lower case.
        transfer_syntax: as its parameter says; empty where it does not.
        value: where its bytes lie.
    """

    media_type: str
    transfer_syntax: str
    value: Value

    @property
    def is_compressed(self) -> bool:
        """Whether it is a picture or frames of one, which Pixel Data alone can hold."""
        picture = self.media_type.startswith(("image/", "video/"))
        return picture or frame_media_type(self.transfer_syntax) != OCTET_STREAM


class BulkdataParts:
    """The bulk data of one request.

    Args:
        blobs: which have room for it.
        url: of the request, which relative URIs refer to.
        max_bytes: of a part; what it has beyond them is counted and not kept.
    """

    def __init__(self, blobs: Blobs, url: str, max_bytes: int) -> None:
        self._spool = blobs.spool()
        self._url = url
        self._max_bytes = max_bytes
        self._headers: Mapping[str, str] = {}
        self._offset = self._length = 0
        self._by_location: dict[str, list[BulkdataPart]] = defaultdict(list)
        self._frames: dict[str, dict[int, BulkdataPart]] = defaultdict(dict)
        self._waiting: set[int] = set()  # offsets of parts that have answered nothing so far

    @property
    def size(self) -> int:
        """The bytes of all parts together."""
        return self._spool.size

    @property
    def unanswering(self) -> int:
        """How many parts have not been asked for."""
        return len(self._waiting)

    def begin(self, headers: Mapping[str, str]) -> None:
        """A part begins."""
        self._headers, self._offset, self._length = headers, self._spool.size, 0

    async def take(self, chunk: bytes) -> None:
        """Add bytes to the part.

        Raises:
            Unavailable: the disk is full.
        """
        self._length += len(chunk)
        if self._length <= self._max_bytes:
            await self._write(chunk)

    def end(self) -> None:
        """The part has come whole."""
        name, parameters = header_fields.media_type(self._headers.get("content-type", ""))
        syntax = dict(reversed(parameters)).get("transfer-syntax", "")
        value = Value(self._offset, self._length, 1)
        part = BulkdataPart(SYNONYMS.get(name, name) or OCTET_STREAM, "" if syntax == ANY else syntax, value)
        location = self._resolved(self._headers.get("content-location", ""))
        self._waiting.add(part.value.offset)
        self._by_location[location].append(part)
        if frame := _FRAME_LOCATION.fullmatch(location):
            self._frames[frame[1]][int(frame[2])] = part

    async def close(self) -> None:
        """All parts have come; from now on they can be read.

        Raises:
            Unavailable: the disk is full.
        """
        if self._spool.size:
            await anyio.to_thread.run_sync(self._spool.flush)

    async def add(self, content: bytes) -> Value:
        """Keep bytes that were made of parts.

        Raises:
            Unavailable: the disk is full.
        """
        offset = self._spool.size
        await self._write(content)
        await self.close()
        return Value(offset, len(content), 1)

    def answering(self, uri: str) -> list[BulkdataPart]:
        """Return the parts that answer a Bulkdata URI, frames in their order; none if there are none.

        Raises:
            Malformed: frames are missing among them.
        """
        location = self._resolved(uri)
        parts = self._by_location.get(location) or self._frames_of(location)
        self._waiting.difference_update(part.value.offset for part in parts)
        return parts

    def value(self, uri: str) -> Value:
        """Return where the value of an attribute lies.

        Raises:
            Malformed: no part answers its Bulkdata URI, or not one that is a value.
        """
        parts = self.answering(uri)
        if not parts:
            raise Malformed("has a BulkDataURI that no part of this message answers; none is fetched")
        if len(parts) > 1:
            raise Malformed(f"has {len(parts)} parts as its value: expected one")
        if parts[0].is_compressed:
            raise Malformed(f"has {parts[0].media_type} as its value, which only Pixel Data can have")
        return parts[0].value

    def buffer(self) -> AbstractContextManager[Buffer]:
        """Lend the bytes of all parts, mapped."""
        return self._spool.buffer()

    def read(self, offset: int, length: int) -> bytes:
        """Return a run of the bytes. Blocking."""
        with self._spool.buffer() as buffer:
            return bytes(buffer[offset : offset + length])

    def discard(self) -> None:
        """Forget them all."""
        self._spool.discard()

    async def _write(self, chunk: bytes) -> None:
        self._spool.write(chunk)
        if self._spool.wants_flush:
            await anyio.to_thread.run_sync(self._spool.flush)

    def _frames_of(self, location: str) -> list[BulkdataPart]:
        frames = self._frames.get(location) or self._frames.get(location.removesuffix(_PIXEL_DATA_PATH)) or {}
        if sorted(frames) != list(range(1, len(frames) + 1)):
            raise Malformed(f"has {len(frames)} frames up to number {max(frames)}: expected all from 1 on")
        return [frames[number] for number in sorted(frames)]

    def _resolved(self, uri: str) -> str:
        """Return a URI, which may be relative, such that equal ones are equal texts."""
        try:
            return urljoin(self._url, uri)
        except ValueError:  # as of an IPv6 address that is none
            return uri
