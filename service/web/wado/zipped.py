"""WADO-RS: a study, a series or an instance as a ZIP file, for those who want files. Not of the Standard.

The files have the names of a File-set, which any file system takes (PS3.10 8.2), numbered in the order of
series and instances; `?dicomdir=true` adds the DICOMDIR that makes it one. Nothing is compressed and nothing
kept on the disk: a file is read once for its checksum and once to be sent, a small one only once.
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterator, Sequence
from itertools import groupby

from isal import isal_zlib
from starlette.requests import Request
from starlette.responses import Response

from service.archive.files.content import Content, InMemory, instance_content
from service.archive.files.runs import CHUNK_BYTES
from service.archive.index.metadata import attributes_of
from service.archive.instance import Instance
from service.dicom.fileset.dicomdir import Directory
from service.errors import InvalidParameter
from service.web.http.accept import ANY, Offer
from service.web.http.etags import etag_of
from service.web.http.request import negotiated, target_of
from service.web.http.responses import not_modified, streamed
from service.web.http.stream import Chunks, joined
from service.web.http.zip_format import Entry, central_directory, local_header, zip_length
from service.web.state import service_of
from service.web.wado.instances import instances_of

ZIP = Offer("application/zip", ANY)

_FOLDER, _DIRECTORY = "DICOM", "DICOMDIR"
_CHOICES = {"": False, "false": False, "true": True}


async def retrieve_zip(request: Request) -> Response:
    """GET a study, a series or an instance as application/zip."""
    offer = negotiated(request, ZIP)
    asked = request.query_params.get("dicomdir", "")
    if asked not in _CHOICES:
        raise InvalidParameter("dicomdir", asked, "true or false")
    with_directory = _CHOICES[asked]
    found = await instances_of(request)
    etag = etag_of(str(offer), with_directory, *(one.digest for one in found))
    if unchanged := not_modified(request, etag):
        return unchanged
    chunks = joined(_zip(_files(request, found, with_directory=with_directory)))
    length = None if with_directory else _length(found)
    response = streamed(chunks, content_type=offer.media_type, etag=etag, length=length)
    uid = [one for one in target_of(request) if one][-1]
    response.headers["content-disposition"] = f'attachment; filename="{uid}.zip"'
    return response


def _length(found: Sequence[Instance]) -> int | None:
    """Return the length of the ZIP file, None where files have to be converted on their way."""
    if not all(one.goes_as_stored for one in found):
        return None
    return zip_length(("/".join(name), one.size) for name, one in _named(found))


def _named(found: Sequence[Instance]) -> Iterator[tuple[Sequence[str], Instance]]:
    """Yield each instance with the name of its file, a folder for each series."""
    for number, (_, of_series) in enumerate(groupby(found, lambda one: one.uids.series), 1):
        for position, one in enumerate(of_series, 1):
            yield (_FOLDER, f"S{number:07}", f"I{position:07}"), one


async def _files(
    request: Request, found: Sequence[Instance], *, with_directory: bool
) -> AsyncIterator[tuple[str, Content]]:
    """Yield the name and the content of each file; the DICOMDIR comes last, when all have been seen."""
    archive = service_of(request).archive
    directory = Directory()
    for name, one in _named(found):
        yield "/".join(name), await instance_content(archive.blobs, one)
        if with_directory:
            attributes = await archive.index.read(attributes_of, one)
            directory.add(attributes, name, one.outgoing_syntax)
    if with_directory:
        yield _DIRECTORY, InMemory(directory.file())


async def _zip(files: AsyncIterable[tuple[str, Content]]) -> AsyncIterator[bytes]:
    entries: list[Entry] = []
    offset = 0
    async for name, content in files:
        crc, chunks = await _with_checksum(content)
        head = local_header(name, content.size, crc)
        entries.append(Entry(name, content.size, crc, offset))
        offset += len(head) + content.size
        yield head
        async for chunk in chunks:
            yield chunk
    yield central_directory(entries, offset)


async def _with_checksum(content: Content) -> tuple[int, Chunks]:
    """Return the CRC-32 of a content, and its bytes to be read; a small one has been read already."""
    crc, small = 0, []
    async for chunk in content.read(0, content.size):
        crc = isal_zlib.crc32(chunk, crc)
        if content.size <= CHUNK_BYTES:
            small.append(chunk)
    again = InMemory(b"".join(small)) if content.size <= CHUNK_BYTES else content
    return crc, again.read(0, content.size)
