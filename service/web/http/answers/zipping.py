"""A ZIP file while it is sent. Nothing is kept: a file is read once for its checksum, and once to be sent.

A small one is read only once.
"""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Protocol

from isal import isal_zlib

from service.archive.files.file_run import RUN_BYTES
from service.archive.files.reading.content import InMemory
from service.web.http.answers.stream import Chunks
from service.web.http.answers.zip_format import ZipEntry, central_directory, local_header


class Zipped(Protocol):
    """The content of a file, the same whenever it is read."""

    @property
    def size(self) -> int:
        """Return the number of its bytes."""

    def read(self, offset: int, length: int) -> AsyncIterator[bytes]:
        """Yield a run of the bytes, in chunks."""


async def zip_chunks(files: AsyncIterable[tuple[str, Zipped]]) -> AsyncIterator[bytes]:
    """Yield the ZIP file of files, given by their names and what is in them."""
    entries: list[ZipEntry] = []
    offset = 0
    async for name, content in files:
        crc, chunks = await _with_checksum(content)
        head = local_header(name, content.size, crc)
        entries.append(ZipEntry(name, content.size, crc, offset))
        offset += len(head) + content.size
        yield head
        async for chunk in chunks:
            yield chunk
    yield central_directory(entries, offset)


async def _with_checksum(content: Zipped) -> tuple[int, Chunks]:
    """Return the CRC-32 of a content, and its bytes to be read; a small one has been read already."""
    crc, chunks = 0, []
    async for chunk in content.read(0, content.size):
        crc = isal_zlib.crc32(chunk, crc)
        if content.size <= RUN_BYTES:
            chunks.append(chunk)
    source = InMemory(b"".join(chunks)) if content.size <= RUN_BYTES else content
    return crc, source.read(0, content.size)
