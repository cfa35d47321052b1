"""One series: its instances in the order of their numbers, and the same as a stack to scroll through."""

import orjson
from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.browse import stack_of
from service.dicom.query.levels import Level
from service.web.http.etags import etag_of
from service.web.http.request import target_of
from service.web.http.responses import not_modified
from service.web.http.text import TextResponse
from service.web.pages.page import page
from service.web.pages.rows import PER_PAGE, row_of, rows_below
from service.web.state import scope_of, service_of


async def series_page(request: Request) -> Response:
    """GET /browse/{study}/{series}."""
    return await page(
        request,
        "series.html",
        uids=target_of(request),
        series=await row_of(request),
        listing=await rows_below(request, Level.INSTANCE, PER_PAGE),
        per_page=PER_PAGE,
    )


async def retrieve_stack(request: Request) -> Response:
    """GET /browse/{study}/{series}/stack: of each instance its UID and the number of its pictures."""
    archive = service_of(request).archive
    study, series, _ = target_of(request)
    stack = await archive.index.read(stack_of, scope_of(request), study, series or "")
    body = orjson.dumps([tuple(instance) for instance in stack])
    etag = etag_of(body)
    headers = {"cache-control": "private, no-cache"}
    return not_modified(request, etag) or TextResponse(
        body, request, "application/json", etag=etag, headers=headers
    )
