"""Deleting studies, series and instances: not in the Standard, and the same everywhere it is found."""

from starlette.requests import Request
from starlette.responses import Response

from service.archive import Archive
from service.web.http.request import target_of


async def delete(request: Request) -> Response:
    """DELETE /studies/{study}[/series/{series}[/instances/{instance}]]: 204, and 404 from then on."""
    archive: Archive = request.app.state.archive
    await archive.delete(*target_of(request))
    return Response(status_code=204)
