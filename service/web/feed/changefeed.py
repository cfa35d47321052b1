"""The change feed, as JSON: what Microsoft's DICOM service answers to the same requests."""

from collections.abc import AsyncIterator, Sequence

from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.events.feed import (
    Change,
    changes_after,
    changes_within,
    latest_change,
    oldest_kept,
    seen,
)
from service.web.feed.entry import entry
from service.web.feed.events import retrieve_events
from service.web.feed.parameters import FeedRequest, feed_request
from service.web.http.answers.text import TextResponse, TextStream
from service.web.http.answers.warnings import about_ignored, warning
from service.web.http.requests.accept import Offer
from service.web.http.requests.request import negotiated
from service.web.state import scope_of, service_of

_JSON, _EVENTS = Offer("application/json"), Offer("text/event-stream")
_AT_ONCE = 16  # changes whose metadata are in memory together


async def retrieve_changes(request: Request) -> Response:
    """GET /changefeed: a page of it as JSON, or from there on as it happens.

    Raises:
        ChangesForgotten: the offset is older than what is kept.
    """
    wanted = feed_request(request)
    if negotiated(request, _JSON, _EVENTS) is _EVENTS:
        return await retrieve_events(request, wanted)
    await service_of(request).feed.settle()
    page = await _page(request, wanted)
    return TextStream(
        _array(request, page, with_metadata=wanted.with_metadata is not False),
        request,
        _JSON.media_type,
        headers=_warnings(request, wanted),
    )


async def retrieve_latest_change(request: Request) -> Response:
    """GET /changefeed/latest: the newest change, 204 if there is none."""
    wanted, index = feed_request(request), service_of(request).archive.index
    offer = negotiated(request, _JSON)
    await service_of(request).feed.settle()
    scope = scope_of(request)
    change = await index.read(latest_change, scope)
    if change is None:
        return Response(None, 204)
    with_metadata = wanted.with_metadata is not False
    [latest] = await index.read(seen, scope, [change], with_metadata=with_metadata)
    body = entry(latest, request.state.base_url)
    return TextResponse(body, request, offer.media_type, headers=_warnings(request, wanted))


async def _page(request: Request, wanted: FeedRequest) -> list[Change]:
    index, scope = service_of(request).archive.index, scope_of(request)
    if wanted.window is not None:
        return await index.read(changes_within, scope, wanted.window, wanted.offset or 0, wanted.limit)
    after = await index.read(oldest_kept) if wanted.offset is None else wanted.offset
    return (await index.read(changes_after, scope, after, wanted.limit)).changes


async def _array(request: Request, page: Sequence[Change], *, with_metadata: bool) -> AsyncIterator[bytes]:
    index, scope, base_url = service_of(request).archive.index, scope_of(request), request.state.base_url
    separator = b"["
    for start in range(0, len(page), _AT_ONCE):
        portion = page[start : start + _AT_ONCE]
        for change in await index.read(seen, scope, portion, with_metadata=with_metadata):
            yield separator + entry(change, base_url)
            separator = b","
    yield b"]" if page else b"[]"


def _warnings(request: Request, wanted: FeedRequest) -> dict[str, str]:
    if not wanted.ignored:
        return {}
    return {"warning": warning(request.state.base_url, [about_ignored(wanted.ignored)])}
