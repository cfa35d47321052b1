"""One study: its series."""

from starlette.requests import Request
from starlette.responses import Response

from service.dicom.query.levels import Level
from service.web.pages.page import page
from service.web.pages.rows import PER_PAGE, row_of, rows_below


async def study_page(request: Request) -> Response:
    """GET /browse/{study}."""
    study = await row_of(request)
    return await page(
        request,
        "study.html",
        uid=request.path_params["study"],
        study=study,
        listing=await rows_below(request, Level.SERIES, PER_PAGE),
        per_page=PER_PAGE,
    )
