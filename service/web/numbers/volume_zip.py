"""A volume as a ZIP file: NIfTI, its description, and of a diffusion series what FSL wants beside it.

Nothing is kept: the array is made once for its checksum, and once to be sent.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import NamedTuple

from isal import isal_zlib
from starlette.responses import Response

from service.web.http.responses import streamed
from service.web.http.stream import Chunks, joined
from service.web.http.zip_format import ZipEntry, central_directory, local_header, zip_length


class ZippedFile(NamedTuple):
    """A file that is to be in a ZIP file.

    Attributes:
        name: of it, ASCII.
        size: in bytes.
        chunks: makes its bytes, the same each time.
    """

    name: str
    size: int
    chunks: Callable[[], Chunks]


def small_file(name: str, content: bytes) -> ZippedFile:
    """Return a file whose bytes are in memory."""

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    return ZippedFile(name, len(content), chunks)


def answer_zipped(files: Sequence[ZippedFile], *, etag: str, headers: Mapping[str, str]) -> Response:
    """Answer with files as application/zip."""
    length = zip_length((file.name, file.size) for file in files)
    response = streamed(joined(_zip(files)), content_type="application/zip", etag=etag, length=length)
    response.headers.update(headers)
    return response


async def _zip(files: Sequence[ZippedFile]) -> AsyncIterator[bytes]:
    entries: list[ZipEntry] = []
    offset = 0
    for file in files:
        crc = 0
        async for chunk in file.chunks():
            crc = isal_zlib.crc32(chunk, crc)
        head = local_header(file.name, file.size, crc)
        entries.append(ZipEntry(file.name, file.size, crc, offset))
        offset += len(head) + file.size
        yield head
        async for chunk in file.chunks():
            yield chunk
    yield central_directory(entries, offset)
