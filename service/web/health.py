"""Whether the process lives, and whether it can work: for whatever starts, watches and balances it.

A process that lives but cannot work (the database is away, the disk is full) should get no requests, and
should not be restarted: that would not help.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service.installed import version
from service.web.state import service_of

NOT_STORED = {"cache-control": "no-store"}


async def health(request: Request) -> Response:
    """GET /health: 200 and the version of this service when it is ready, 503 otherwise."""
    await service_of(request).archive.check()
    return JSONResponse({"status": "ready", "version": version()}, headers=NOT_STORED)


async def live(_: Request) -> Response:
    """GET /health/live: 200 as long as the process answers."""
    return JSONResponse({"status": "live"}, headers=NOT_STORED)


async def ready(request: Request) -> Response:
    """GET /health/ready: 200 when the index answers and files can be written, 503 otherwise, in a second."""
    await service_of(request).archive.check()
    return JSONResponse({"status": "ready"}, headers=NOT_STORED)
