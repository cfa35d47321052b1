"""Who may not see a page: they are led to where people sign in, or told why. Programs get JSON."""

from starlette.requests import Request
from starlette.responses import Response

from service.errors import DicomwebError, Unauthorized
from service.web.http.answers.responses import error_response
from service.web.pages.page import error_page
from service.web.pages.sign_in import lead_to_sign_in


async def refused(request: Request, error: DicomwebError) -> Response:
    """Answer who may not see a page."""
    if "text/html" not in request.headers.get("accept", ""):
        return error_response(error)
    try:
        if isinstance(error, Unauthorized) and _is_of_a_person(request):
            return await lead_to_sign_in(request) or await error_page(request, error)
    except DicomwebError as trouble:
        return await error_page(request, trouble)
    return await error_page(request, error)


def _is_of_a_person(request: Request) -> bool:
    """Tell whether a person waits for a page and can go elsewhere: a script cannot, nor who sends a key."""
    is_page = request.headers.get("sec-fetch-mode", "navigate") == "navigate"
    return is_page and "authorization" not in request.headers
