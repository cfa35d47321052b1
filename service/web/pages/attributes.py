"""All attributes of an instance, as a table to search in."""

from functools import partial

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from service.dicom.text.outline import outline
from service.web.http.request import target_of, uids_of
from service.web.pages.page import page
from service.web.pages.rows import all_attributes
from service.web.state import service_of


async def attributes_page(request: Request) -> Response:
    """GET /browse/{study}/{series}/{instance}/attributes."""
    archive = service_of(request).archive
    located = await archive.recent.find(uids_of(request))
    attributes = await all_attributes(archive, located.instance)
    text = request.query_params.get("find", "")
    return await page(
        request,
        "attributes.html",
        uids=target_of(request),
        attributes=attributes,
        find=text,
        outline=await anyio.to_thread.run_sync(partial(outline, attributes, text)),
    )
