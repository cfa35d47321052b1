"""A study as a folder to train on, as nnU-Net wants it: a ZIP file of images, labels and what they are."""

from collections.abc import AsyncIterator
from typing import Any, cast

import anyio.to_thread
import orjson
from starlette.requests import Request
from starlette.responses import Response

from service.archive.files.blobs import Blobs
from service.archive.files.reading.content import InMemory
from service.archive.files.spool import Spool
from service.archive.index.lookups.metadata import revision_of
from service.archive.instance import Target
from service.errors import InvalidParameter, IrregularVolume
from service.imaging.masks.cases import Dataset, names_of, told_of
from service.imaging.masks.datasets import DatasetWish, dataset_of
from service.pixels.numbers.files.array_files import nifti_head
from service.pixels.numbers.quantities.modality import REVISION
from service.web.http.answers.etags import etag_of
from service.web.http.answers.responses import not_modified, streamed
from service.web.http.answers.stream import joined
from service.web.http.answers.text import gzip_chunks
from service.web.http.answers.zipping import Zipped, zip_chunks
from service.web.http.requests.accept import Offer
from service.web.http.requests.request import check_uid, negotiated, target_of
from service.web.numbers.array_answer import ArrayFile
from service.web.numbers.masks import MaskFile
from service.web.numbers.wishes import with_values
from service.web.state import scope_of, service_of

PARAMETERS = ("masks", "channels", "labels")

_ZIP = Offer("application/zip")
_READ_BYTES = 2**20


async def retrieve_dataset(request: Request) -> Response:
    """GET /studies/{study}/volume."""
    wish, offer = _wish_of(request), negotiated(request, _ZIP)
    service, scope, study = service_of(request), scope_of(request), target_of(request).study
    revision, _ = await service.archive.index.read(revision_of, scope, Target(study))
    etag = etag_of(study, revision, REVISION, str(wish), str(offer))
    if unchanged := not_modified(request, etag):
        return unchanged
    try:
        dataset = await dataset_of(service.archive, service.decoder, scope, study, wish)
    except IrregularVolume as error:
        url = f"{request.state.base_url}/studies/{study}/volume"
        groups = [
            {
                **group,
                "url": f"{url}?{with_values(request.query_params, cast(dict[str, Any], group['values']))}",
            }
            for group in error.groups
        ]
        raise IrregularVolume(error.message, error.disagreements, groups) from error
    chunks = joined(zip_chunks(_files(request, study, dataset)))
    response = streamed(chunks, content_type=offer.media_type, etag=etag)
    response.headers["content-disposition"] = f'attachment; filename="{study}.zip"'
    return response


def _wish_of(request: Request) -> DatasetWish:
    query = request.query_params
    lists = {
        name: tuple(part for text in query.getlist(name) for part in text.split(",")) for name in PARAMETERS
    }
    for name in ("masks", "channels"):
        for uid in lists[name]:
            check_uid(name, uid)
    if "" in lists["labels"]:
        raise InvalidParameter("labels", ",".join(lists["labels"]), "names with commas between them")
    return DatasetWish(**lists)


async def _files(request: Request, study: str, dataset: Dataset) -> AsyncIterator[tuple[str, Zipped]]:
    """Yield the files with their names; each is compressed before it is sent: its size comes first."""
    decoder, blobs = service_of(request).decoder, service_of(request).archive.blobs
    yield "dataset.json", InMemory(orjson.dumps(told_of(dataset), option=orjson.OPT_INDENT_2))
    yield "dicom.json", InMemory(orjson.dumps(_sources(study, dataset), option=orjson.OPT_INDENT_2))
    for case in dataset.cases:
        for index, channel in enumerate(case.channels):
            head = nifti_head(channel.volume, channel.images.dtype)
            image = ArrayFile(decoder, head, channel.images.frames, channel.images.form)
            async for content in _compressed(blobs, image):
                yield f"imagesTr/{case.name}_{index:04}.nii.gz", content
        head = nifti_head(case.mask.volume, case.mask.images.dtype)
        async for content in _compressed(blobs, MaskFile(decoder, head, case.mask)):
            yield f"labelsTr/{case.name}.nii.gz", content


async def _compressed(blobs: Blobs, file: Zipped) -> AsyncIterator[Zipped]:
    """Yield a file compressed by gzip, once; it is gone when the next one is asked for."""
    spool = blobs.spool()
    try:
        async for chunk in gzip_chunks(joined(file.read(0, file.size))):
            spool.write(chunk)
            if spool.wants_flush:
                await anyio.to_thread.run_sync(spool.flush)
        yield _Spooled(spool)
    finally:
        spool.discard()


class _Spooled:
    """Bytes of a spool."""

    def __init__(self, spool: Spool) -> None:
        self.size = spool.size
        self._spool = spool

    async def read(self, offset: int, length: int) -> AsyncIterator[bytes]:
        """Yield a run of the bytes."""
        with self._spool.buffer() as content:
            for start in range(offset, offset + length, _READ_BYTES):
                yield bytes(content[start : min(start + _READ_BYTES, offset + length)])


def _sources(study: str, dataset: Dataset) -> dict[str, Any]:
    """Return where cases come from, and what their labels are; nnU-Net does not look at it."""
    names = {case.name: names_of(case.mask) for case in dataset.cases}
    return {
        "StudyInstanceUID": study,
        "cases": {
            case.name: {
                "images": [channel.series for channel in case.channels],
                "mask": {
                    "SeriesInstanceUID": case.located.instance.uids.series,
                    "SOPInstanceUID": case.located.instance.uids.instance,
                },
                "grid": case.mask.told["grid"],
                "labels": [
                    {**segment, "name": names[case.name][segment["number"]]}
                    for segment in case.mask.told["segments"]
                    if segment["number"] in names[case.name]
                ],
            }
            for case in dataset.cases
        },
    }
