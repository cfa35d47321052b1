"""WADO-RS: metadata, written when the instances arrived. No file is opened here. PS3.18 10.4.1.1.4.

Those of a study or series that is read again and again are kept as they were sent. Its revision tells whether
they still hold, so that a kept answer costs one look at one row.
"""

from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from functools import partial

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from service.archive import Archive
from service.archive.index.lookups.lookup import find_all
from service.archive.index.lookups.metadata import first_metadata, metadata_of, revision_of
from service.archive.index.schema.stored_json import StoredJson, to_row
from service.archive.instance import Instance, Target
from service.cache import Cache
from service.dicom.query.fields import fields_of
from service.dicom.query.levels import selected
from service.dicom_json import DicomJson
from service.web.http.answers.etags import etag_of
from service.web.http.answers.multipart import boundary_for
from service.web.http.answers.responses import not_modified
from service.web.http.answers.text import DicomJsonArray, TextResponse, takes_gzip
from service.web.http.answers.xml_message import DATA_SET_OFFERS, XML_MESSAGE, xml_message
from service.web.http.requests.accept import Offer
from service.web.http.requests.request import instances_of, negotiated, target_of
from service.web.state import scope_of, service_of

_EDITION = 2  # another number whenever the same file has other metadata
_INSTANCES_AT_ONCE = 64  # instances whose metadata are in memory together
_STUDY_UID, _SERIES_UID, _SOP_INSTANCE_UID, _SOP_CLASS_UID = "0020000D", "0020000E", "00080018", "00080016"
_UIDS = (_STUDY_UID, _SERIES_UID, _SOP_INSTANCE_UID, _SOP_CLASS_UID)

Tags = frozenset[str] | None
"""The attributes that a request wants to see; None for all."""


async def retrieve_metadata(request: Request) -> Response:
    """GET .../metadata of a study, a series or an instance. Standard: PS3.18 10.4.1.1.4."""
    target, offer = target_of(request), negotiated(request, *DATA_SET_OFFERS)
    tags = _wanted(request)
    if offer is XML_MESSAGE:
        return await _answer_xml(request, tags)
    if tags is not None:
        return await _answer_some(request, offer, tags)
    if target.instance is not None:
        return await _answer_instance(request, target, offer)
    return await _answer_many(request, target, offer)


def _wanted(request: Request) -> Tags:
    """Return the attributes that a request wants to see, with the UIDs of whose they are; None for all.

    Raises:
        InvalidParameter: it names what is no attribute.
    """
    values = [value for value in request.query_params.getlist("includefield") if value.strip(" ,")]
    fields = fields_of(values, _UIDS)
    return fields.tags if values and not fields.all else None


async def _answer_instance(request: Request, target: Target, offer: Offer) -> Response:
    archive = service_of(request).archive
    [(digest, metadata)] = await archive.index.read(first_metadata, scope_of(request), target, 1)
    etag = etag_of(_EDITION, request.state.base_url, digest, offer.media_type)
    return not_modified(request, etag) or _short_array(request, offer, [metadata], etag)


async def _answer_many(request: Request, target: Target, offer: Offer) -> Response:
    """Answer with the metadata of a study or series: the answer that is kept, or one that is kept now."""
    archive, cache = service_of(request).archive, service_of(request).metadata
    revision, number_of_instances = await archive.index.read(revision_of, scope_of(request), target)
    etag = etag_of(request.state.base_url, target.study, target.series or "", revision, offer.media_type)
    if answer := not_modified(request, etag):
        return answer
    key = etag, takes_gzip(request.headers.get("accept-encoding", ""))
    if answer := cache.get(key):
        return answer
    if number_of_instances > _INSTANCES_AT_ONCE:
        keep = partial(_keep, cache, key)
        return await _long_array(request, target, offer, etag, keep)
    page = await archive.index.read(first_metadata, scope_of(request), target, number_of_instances)
    answer = _short_array(request, offer, [metadata for _, metadata in page], etag)
    _keep(cache, key, answer)
    return answer


def _keep(cache: Cache[Response], key: Hashable, answer: Response) -> None:
    cache.keep(key, answer, len(answer.body))


def _short_array(request: Request, offer: Offer, objects: Sequence[StoredJson], etag: str) -> Response:
    """Return the answer with the metadata of a few instances."""
    body = StoredJson.served_array(objects, request.state.base_url)
    return TextResponse(body, request, offer.media_type, etag=etag)


async def _long_array(
    request: Request, target: Target, offer: Offer, etag: str, keep: Callable[[Response], None]
) -> Response:
    """Return the answer with the metadata of many instances, a few of them in memory at a time."""
    archive = service_of(request).archive
    instances = await archive.index.read(find_all, scope_of(request), target.study, target.series)
    items = _items(archive, instances, request.state.base_url)
    return DicomJsonArray(items, request, offer.media_type, etag=etag, keep=keep)


async def _answer_some(request: Request, offer: Offer, tags: Tags) -> Response:
    """Answer with some attributes of each instance."""
    instances = await instances_of(request)
    etag = _etag_of_each(request, offer, instances, tags)
    items = _items(service_of(request).archive, instances, request.state.base_url, tags)
    return not_modified(request, etag) or DicomJsonArray(items, request, offer.media_type, etag=etag)


def _etag_of_each(request: Request, offer: Offer, instances: Sequence[Instance], tags: Tags) -> str:
    names = "all" if tags is None else " ".join(sorted(tags))
    digests = (instance.digest for instance in instances)
    return etag_of(_EDITION, str(offer), request.state.base_url, names, *digests)


async def _answer_xml(request: Request, tags: Tags) -> Response:
    """Answer with one part per instance."""
    base_url = request.state.base_url
    instances = await instances_of(request)
    etag = _etag_of_each(request, XML_MESSAGE, instances, tags)
    items = _items(service_of(request).archive, instances, base_url, tags)
    message = xml_message(
        request, items, boundary_for(etag), location=partial(_metadata_url, base_url), etag=etag
    )
    return not_modified(request, etag) or message


def _metadata_url(base_url: str, metadata: DicomJson) -> str:
    study, series, instance = (
        metadata[tag]["Value"][0] for tag in (_STUDY_UID, _SERIES_UID, _SOP_INSTANCE_UID)
    )
    return f"{base_url}/studies/{study}/series/{series}/instances/{instance}/metadata"


async def _items(
    archive: Archive, instances: Sequence[Instance], base_url: str, tags: Tags = None
) -> AsyncIterator[bytes]:
    keys = [instance.key for instance in instances]
    for start in range(0, len(keys), _INSTANCES_AT_ONCE):
        page = await archive.index.read(metadata_of, keys[start : start + _INSTANCES_AT_ONCE])
        if tags is not None:
            page = await anyio.to_thread.run_sync(_some_of_each, page, tags)
        for metadata in page:
            yield metadata.served(base_url)


def _some_of_each(page: Sequence[StoredJson], tags: frozenset[str]) -> list[StoredJson]:
    return [StoredJson(to_row(selected(metadata.parsed(), tags))) for metadata in page]
