"""QIDO-RS: parameters → Query → a page of matches. PS3.18 10.6."""

from collections.abc import AsyncIterator, Iterable, Sequence
from secrets import token_hex
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.queries.search import MAX_COUNT, search
from service.archive.index.schema.stored_json import StoredJson
from service.dicom.query.levels import Level
from service.dicom.query.query import SearchedResource, parse_query
from service.errors import BadRequest
from service.web.http.answers.text import TextResponse
from service.web.http.answers.warnings import about_ignored, warning
from service.web.http.answers.xml_message import DATA_SET_OFFERS, XML_MESSAGE, xml_message
from service.web.http.requests.request import negotiated
from service.web.state import scope_of, service_of
from service.web.tables import NO_LIMIT, TABLE_OFFERS, answer_table

_MAX_PARAMETERS = 1000


async def search_studies(request: Request) -> Response:
    """GET /studies. Standard: PS3.18 10.6."""
    return await _search(request, Level.STUDY)


async def search_series(request: Request) -> Response:
    """GET /series and /studies/{study}/series. Standard: PS3.18 10.6."""
    return await _search(request, Level.SERIES)


async def search_instances(request: Request) -> Response:
    """GET /instances, of all studies, of one or of one of its series. Standard: PS3.18 10.6."""
    return await _search(request, Level.INSTANCE)


async def _search(request: Request, level: Level) -> Response:
    archive = service_of(request).archive
    offer = negotiated(request, *DATA_SET_OFFERS, *TABLE_OFFERS)
    resource = SearchedResource(level, request.path_params.get("study"), request.path_params.get("series"))
    parameters = _parameters(request)
    if offer in TABLE_OFFERS:
        query = parse_query(parameters, resource, NO_LIMIT)
        included = [value for name, value in parameters if name == "includefield"]
        headers = _warnings(request.state.base_url, 0, query.ignored)
        return await answer_table(request, query, included, offer, headers)
    query = parse_query(parameters, resource, service_of(request).max_results)
    page = await archive.index.read(search, scope_of(request), query)
    base_url = request.state.base_url
    headers = _warnings(base_url, page.remaining, query.ignored)
    if not page.rows:
        return Response(None, 204, headers)
    if offer is XML_MESSAGE:
        return xml_message(request, _matches(page.rows, base_url), token_hex(20), headers=headers)
    body = StoredJson.served_array(page.rows, base_url)
    return TextResponse(body, request, offer.media_type, headers=headers)


async def _matches(rows: Iterable[StoredJson], base_url: str) -> AsyncIterator[bytes]:
    for row in rows:
        yield row.served(base_url)


def _parameters(request: Request) -> list[tuple[str, str]]:
    """Return the query parameters, empty ones too.

    Raises:
        BadRequest: they are not UTF-8, or endless.
    """
    query: bytes = request.scope["query_string"]
    try:
        return parse_qsl(
            query.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS
        )
    except UnicodeDecodeError as error:
        raise BadRequest("the query is not percent-encoded UTF-8") from error
    except ValueError as error:
        raise BadRequest(f"the query has too many parameters, expected at most {_MAX_PARAMETERS}") from error


def _warnings(base_url: str, remaining: int, ignored: Sequence[str]) -> dict[str, str]:
    """Return the header that tells of matches beyond this page, and of parameters without a say.

    Standard: PS3.18 8.3.4, 8.3.4.4.
    """
    texts = []
    if remaining:
        number = f"more than {MAX_COUNT}" if remaining > MAX_COUNT else remaining
        texts.append(f"There are {number} additional results that can be requested")
    if ignored:
        texts.append(about_ignored(ignored))
    return {"warning": warning(base_url, texts)} if texts else {}
