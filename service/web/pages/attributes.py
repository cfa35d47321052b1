"""All attributes of an instance, as a table to search in: with those of its file that metadata leave out."""

from functools import partial

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from service.archive import Archive
from service.archive.files.reading.file_head import read_head
from service.archive.instance import Instance
from service.dicom.json.head import SPECIFIC_CHARACTER_SET
from service.dicom.text.outline import outline
from service.dicom_json import DicomJson
from service.errors import Unavailable
from service.web.http.requests.request import target_of, uids_of
from service.web.pages.page import page
from service.web.pages.rows import all_attributes
from service.web.state import scope_of, service_of


async def attributes_page(request: Request) -> Response:
    """GET /browse/{study}/{series}/{instance}/attributes."""
    archive = service_of(request).archive
    located = await archive.recent.find(scope_of(request), uids_of(request))
    attributes = await all_attributes(archive, located.instance)
    shown = await _with_head(archive, located.instance, attributes)
    text = request.query_params.get("find", "")
    return await page(
        request,
        "attributes.html",
        uids=target_of(request),
        attributes=attributes,
        find=text,
        outline=await anyio.to_thread.run_sync(partial(outline, shown, text)),
    )


async def _with_head(archive: Archive, instance: Instance, attributes: DicomJson) -> DicomJson:
    """Return the attributes with those of the file's encoding; as they are where the file cannot be read."""
    try:
        head = await anyio.to_thread.run_sync(
            read_head, archive.blobs, instance, limiter=archive.blobs.limiter
        )
    except Unavailable:
        return attributes
    others = {tag: element for tag, element in attributes.items() if tag != SPECIFIC_CHARACTER_SET}
    return dict(sorted((head | others).items()))
