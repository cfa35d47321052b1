"""One series: its instances in the order of their numbers, and the same as a stack to scroll through."""

from collections.abc import Sequence

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from service.archive.index.queries.browse import StackedInstance, stack_of
from service.archive.index.queries.sizes import bytes_of
from service.dicom.query.levels import Level
from service.web.http.answers.etags import etag_of
from service.web.http.answers.responses import not_modified
from service.web.http.answers.text import TextResponse
from service.web.http.requests.request import target_of
from service.web.pages.page import page
from service.web.pages.rows import PER_PAGE, row_of, rows_below
from service.web.pages.text import size
from service.web.state import scope_of, service_of


async def series_page(request: Request) -> Response:
    """GET /browse/{study}/{series}."""
    archive = service_of(request).archive
    study, series, _ = target_of(request)
    return await page(
        request,
        "series.html",
        uids=target_of(request),
        series=await row_of(request),
        size=size(await archive.index.read(bytes_of, scope_of(request), study, series)),
        listing=await rows_below(request, Level.INSTANCE, PER_PAGE),
        per_page=PER_PAGE,
    )


async def first_picture(request: Request) -> Response:
    """GET /browse/{study}/{series}/picture: the way to the page of the one in the middle."""
    archive = service_of(request).archive
    study, series, _ = target_of(request)
    instance = _middle(await archive.index.read(stack_of, scope_of(request), study, series or ""))
    frame = f"?frame={(instance.frames + 1) // 2}" if instance.frames > 1 else ""
    return RedirectResponse(instance.instance + frame, 303, {"cache-control": "private, no-cache"})


def _middle(stack: Sequence[StackedInstance]) -> StackedInstance:
    """Return the instance in the middle of those with pictures, if any: the first often show little."""
    pictures = [instance for instance in stack if instance.frames] or stack
    return pictures[len(pictures) // 2]


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
