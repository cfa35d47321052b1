"""One study: its series."""

from starlette.requests import Request
from starlette.responses import Response

from service.dicom.query.levels import Level
from service.web.pages.page import page
from service.web.pages.rows import row_of, rows_below

_PER_PAGE = 200


async def study_page(request: Request) -> Response:
    """GET /browse/{study}."""
    study = await row_of(request)
    return await page(
        request,
        "study.html",
        uid=request.path_params["study"],
        study=study,
        found=await rows_below(request, Level.SERIES, _PER_PAGE),
        per_page=_PER_PAGE,
    )
