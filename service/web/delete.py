"""Deleting studies, series and instances: not in the Standard, and the same everywhere it is found."""

from starlette.requests import Request
from starlette.responses import Response

from service.web.auditing import ledger_of
from service.web.http.requests.request import target_of
from service.web.state import scope_of, service_of


async def delete(request: Request) -> Response:
    """DELETE /studies/{study}[/series/{series}[/instances/{instance}]]: 204, and 404 from then on."""
    archive = service_of(request).archive
    await archive.delete(scope_of(request), *target_of(request), ledger_of(request))
    return Response(status_code=204)
