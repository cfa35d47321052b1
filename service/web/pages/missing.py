"""A page that there is not: an address of nothing, for people a page and for programs JSON."""

from starlette.requests import Request
from starlette.responses import Response

from service.errors import NotAcceptable, NotFound
from service.web.http.answers.responses import error_response
from service.web.http.requests.accept import Accept, Offer
from service.web.pages.page import answering_with_pages

_JSON, _PAGE = Offer("application/json"), Offer("text/html")


async def missing_page(_: Request) -> Response:
    """GET of a page that there is not.

    Raises:
        NotFound: always.
    """
    raise NotFound("there is no such page")


async def answer_unknown_address(request: Request) -> Response:
    """Answer a request for what is no address of this service: with a page where one is preferred to JSON."""
    if request.method in ("GET", "HEAD") and _prefers_page(request):
        answer = await answering_with_pages(missing_page)(request)
    else:
        answer = error_response(NotFound("no such resource"))
    answer.headers["vary"] = "Accept"
    return answer


def _prefers_page(request: Request) -> bool:
    try:
        return Accept(request.headers.get("accept", "")).choose(_JSON, _PAGE) is _PAGE
    except NotAcceptable:
        return False
