"""A study, a series or an instance as a ZIP file, for those who want files. Not of the Standard.

The files have the names of a File-set, which any file system takes (PS3.10 8.2), numbered in the order of
series and instances; `?dicomdir=true` adds the DICOMDIR that makes it one. Nothing is compressed and nothing
kept on the disk.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response

from service.archive import Archive
from service.archive.files.reading.content import Content, InMemory, instance_content
from service.archive.files.reading.opened import check_in_thread
from service.archive.files.reading.runs import bring_all_near
from service.archive.index.lookups.metadata import attributes_of
from service.archive.instance import Instance
from service.dicom.fileset.dicomdir import Directory
from service.errors import InvalidParameter
from service.web.http.answers.etags import etag_of
from service.web.http.answers.responses import not_modified, streamed
from service.web.http.answers.stream import joined
from service.web.http.answers.zip_format import zip_length
from service.web.http.answers.zipping import zip_chunks
from service.web.http.requests.accept import Accept, Offer
from service.web.http.requests.media_ranges import ANY
from service.web.http.requests.request import target_of
from service.web.state import service_of

ZIP = Offer("application/zip", ANY)

_FOLDER, _DIRECTORY = "DICOM", "DICOMDIR"
_CHOICES = {"": False, "false": False, "true": True}


def asks_for_dicomdir(request: Request) -> bool:
    """Tell whether a request wants a DICOMDIR.

    Raises:
        InvalidParameter: `dicomdir` is neither true nor false.
    """
    choice = request.query_params.get("dicomdir", "")
    if choice not in _CHOICES:
        raise InvalidParameter("dicomdir", choice, "true or false")
    return _CHOICES[choice]


async def answer_zip(request: Request, instances: Sequence[Instance], accept: Accept) -> Response:
    """Answer with instances as application/zip.

    Raises:
        NotAcceptable: the client does not accept that.
        InvalidParameter: `dicomdir` is neither true nor false.
        DamagedFile: the file of an instance is not as long as what was stored.
    """
    offer, with_directory = accept.choose(ZIP), asks_for_dicomdir(request)
    etag = etag_of(str(offer), with_directory, *(instance.digest for instance in instances))
    if answer := not_modified(request, etag):
        return answer
    blobs = service_of(request).archive.blobs
    await check_in_thread(blobs, instances)
    files = _files(service_of(request).archive, instances, with_directory=with_directory)
    length = None if with_directory else _length(instances)
    response = streamed(joined(zip_chunks(files)), content_type=offer.media_type, etag=etag, length=length)
    uid = [uid for uid in target_of(request) if uid][-1]
    response.headers["content-disposition"] = f'attachment; filename="{uid}.zip"'
    return response


def _length(instances: Sequence[Instance]) -> int | None:
    """Return the length of the ZIP file, None where files have to be made on their way."""
    if not all(instance.goes_as_stored for instance in instances):
        return None
    return zip_length(("/".join(name), instance.size) for name, instance in _named_instances(instances))


def _named_instances(instances: Sequence[Instance]) -> Iterator[tuple[Sequence[str], Instance]]:
    """Yield each instance with the name of its file, a folder for each series."""
    for number, (_, of_series) in enumerate(groupby(instances, lambda instance: instance.uids.series), 1):
        for position, instance in enumerate(of_series, 1):
            yield (_FOLDER, f"S{number:07}", f"I{position:07}"), instance


async def _files(
    archive: Archive, instances: Sequence[Instance], *, with_directory: bool
) -> AsyncIterator[tuple[str, Content]]:
    """Yield the name and the content of each file; the DICOMDIR comes last, when all have been seen."""
    directory = Directory()
    names = {instance: name for name, instance in _named_instances(instances)}
    async for instance in bring_all_near(archive.blobs, list(names)):
        name = names[instance]
        yield "/".join(name), await instance_content(archive.blobs, instance, archive.conversions)
        if with_directory:
            attributes = await archive.index.read(attributes_of, instance)
            directory.add(attributes, name, instance.outgoing_syntax)
    if with_directory:
        yield _DIRECTORY, InMemory(directory.file())
