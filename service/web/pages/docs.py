"""The description of the service, openapi/openapi.yaml, as a page to read and search in."""

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from service.web.description import description
from service.web.pages.operations import html_of, operations
from service.web.pages.page import page
from service.web.state import service_of


async def docs_page(request: Request) -> Response:
    """GET /docs."""
    document = await anyio.to_thread.run_sync(description)
    text = request.query_params.get("find", "")
    words = text.lower().split()
    matches = [operation for operation in operations() if operation.has(words)]
    groups = [
        (tag, [operation for operation in matches if operation.group == tag["name"]])
        for tag in document["tags"]
    ]
    return await page(
        request,
        "docs.html",
        info=document["info"],
        origin=request.state.base_url.removesuffix(service_of(request).root),
        introduction=html_of(document["info"].get("description", "")),
        find=text,
        groups=[(tag, of_tag) for tag, of_tag in groups if of_tag],
    )
