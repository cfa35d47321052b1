"""One study: its series."""

from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.queries.sizes import bytes_of
from service.dicom.query.levels import Level
from service.web.pages.page import page
from service.web.pages.rows import PER_PAGE, row_of, rows_below
from service.web.pages.text import size
from service.web.state import scope_of, service_of


async def study_page(request: Request) -> Response:
    """GET /browse/{study}."""
    study, uid = await row_of(request), request.path_params["study"]
    return await page(
        request,
        "study.html",
        uid=uid,
        study=study,
        size=size(await service_of(request).archive.index.read(bytes_of, scope_of(request), uid)),
        listing=await rows_below(request, Level.SERIES, PER_PAGE),
        per_page=PER_PAGE,
    )
