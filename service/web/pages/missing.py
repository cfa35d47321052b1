"""A page that there is not."""

from starlette.requests import Request
from starlette.responses import Response

from service.errors import NotFound


async def missing_page(_: Request) -> Response:
    """GET of a page that there is not.

    Raises:
        NotFound: always.
    """
    raise NotFound("there is no such page")
