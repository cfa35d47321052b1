"""Errors become answers: ours, and those that Starlette raises itself."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service.errors import DicomwebError
from service.web.http.answers.responses import error_response
from service.web.pages.missing import answer_unknown_address


async def answer_error(_: Request, error: Exception) -> Response:
    """Answer an error of ours: as its class says."""
    assert isinstance(error, DicomwebError)
    return error_response(error)


async def answer_http_error(request: Request, error: Exception) -> Response:
    """Answer what Starlette itself raises: no such path, no such method."""
    assert isinstance(error, HTTPException)
    if request.method == "OPTIONS" and error.status_code == 405:
        return Response(status_code=204, headers=error.headers)
    if error.status_code == 404:
        return await answer_unknown_address(request)
    is_method = error.status_code == 405
    body = {
        "status": error.status_code,
        "error": "MethodNotAllowed" if is_method else "HTTPError",
        "message": f"{request.method} is not possible here" if is_method else error.detail,
    }
    return JSONResponse(body, error.status_code, error.headers)
