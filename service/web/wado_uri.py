"""WADO-URI: one instance, named and described by query parameters alone. PS3.18 9.

Older than the other retrieves, and answered by them: what such a request asks for is said again in the
parameters of WADO-RS. `contentType=application/dicom` asks for the file; everything else for a picture, a
document or text, by default a JPEG of the first frame (PS3.18 9.3). Old viewers send names of parameters in
any case, and parameters without a value: those count as absent.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from service.archive.instance import Located
from service.errors import FrameNotFound, InvalidParameter
from service.imaging.decoder import description_of
from service.pixels.display.viewport import MAX_SIDE
from service.web.http.accept import parse_accept
from service.web.http.request import uids_of
from service.web.rendered.rendered import retrieve_rendered, retrieve_rendered_frames
from service.web.state import service_of
from service.web.wado.instances import retrieve_instance

Parameters = Mapping[str, str]

_DICOM = "application/dicom"
_MAXIMA = {"rows": MAX_SIDE, "columns": MAX_SIDE, "imageQuality": 100, "frameNumber": 2**31 - 1}
_LEVELS = {"studyUID": "study", "seriesUID": "series", "objectUID": "instance"}
_NOT_DONE = {
    "anonymize": "none, as instances are sent as they were stored",
    "presentationUID": "none, as presentation states are not applied here",
    "presentationSeriesUID": "none, as presentation states are not applied here",
}
_SYNTAX = re.compile(r"[0-9.]{1,64}|\*", re.ASCII)
_DECIMAL = re.compile(r"[+-]?([0-9]{1,20}\.?[0-9]{0,20}|\.[0-9]{1,20})([eE][+-]?[0-9]{1,2})?", re.ASCII)
_WHOLE = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)


async def retrieve_by_uri(request: Request) -> Response:
    """GET /wado?requestType=WADO&studyUID=...&seriesUID=...&objectUID=... Standard: PS3.18 9.4, 9.5."""
    asked = {name.lower(): value.strip() for name, value in request.query_params.items() if value.strip()}
    if _of(asked, "requestType").upper() != "WADO":
        raise InvalidParameter("requestType", _of(asked, "requestType"), "WADO")
    for name, expected in _NOT_DONE.items():
        if _of(asked, name).lower() not in ("", "no"):
            raise InvalidParameter(name, _of(asked, name), expected)
    path = {level: _uid(asked, name) for name, level in _LEVELS.items()}
    content_type = _of(asked, "contentType") or _of(asked, "accept")
    if _asks_for_dicom(content_type or request.headers.get("accept", "")):
        return await retrieve_instance(_said_again(request, path, {"accept": _dicom_type(asked)}))
    return await _rendered(request, asked, path, {"accept": content_type} if content_type else {})


def _of(asked: Parameters, name: str) -> str:
    return asked.get(name.lower(), "")


def _uid(asked: Parameters, name: str) -> str:
    """Return one of the UIDs, all of which have to be there. PS3.18 9.1.2.1."""
    if uid := _of(asked, name):
        return uid
    raise InvalidParameter(name, "", "a UID of digits and dots, at most 64 characters")


def _asks_for_dicom(accept: str) -> bool:
    return any(one.name == _DICOM for one in parse_accept(accept))


def _dicom_type(asked: Parameters) -> str:
    """Return the media type of the file, with the transfer syntax that is asked for. PS3.18 9.4.1.2.3."""
    syntax = _of(asked, "transferSyntax")
    if not syntax:
        return _DICOM
    if not _SYNTAX.fullmatch(syntax):
        raise InvalidParameter("transferSyntax", syntax, "a UID of digits and dots, or *")
    return f"{_DICOM}; transfer-syntax={syntax}"


def _said_again(request: Request, path: Parameters, query: Parameters) -> Request:
    """Return the request of WADO-RS that means the same."""
    return Request({**request.scope, "path_params": dict(path), "query_string": urlencode(query).encode()})


async def _rendered(request: Request, asked: Parameters, path: Parameters, query: Parameters) -> Response:
    """Answer with a rendered instance, or with one of its frames. PS3.18 9.5."""
    archive = service_of(request).archive
    located = await archive.located.find(uids_of(_said_again(request, path, {})))
    number, quality = _whole(asked, "frameNumber"), _whole(asked, "imageQuality")
    again = {
        "quality": str(quality or ""),
        "annotation": _of(asked, "annotation") or _of(asked, "imageAnnotation"),
        **_window(asked),
        **await _viewport(asked, located),
    }
    query = {**query, **{name: value for name, value in again.items() if value}}
    if not number:
        return await retrieve_rendered(_said_again(request, path, query))
    try:
        return await retrieve_rendered_frames(_said_again(request, {**path, "frames": str(number)}, query))
    except FrameNotFound as error:
        raise InvalidParameter("frameNumber", str(number), "the number of a frame that is there") from error


def _window(asked: Parameters) -> dict[str, str]:
    """Return Window Center and Width; one of them alone means nothing. PS3.18 9.5.1.2.6."""
    names = ("windowCenter", "windowWidth")
    given = [_of(asked, name) for name in names]
    for name, value, other in zip(names, given, reversed(names), strict=True):
        if any(given) and not _DECIMAL.fullmatch(value):
            raise InvalidParameter(name, value, f"a decimal number, as {other} needs one too")
    return {"window": f"{','.join(given)},linear"} if any(given) else {}


async def _viewport(asked: Parameters, located: Located) -> dict[str, str]:
    """Return the size and the region asked for, in pixels. PS3.18 9.5.1.2.4, 9.5.1.2.5.

    Rows or columns may stand alone, as in earlier editions; each is a maximum. A region is given in fractions
    of the image's sides, and becomes one of whole pixels.
    """
    rows, columns = _whole(asked, "rows"), _whole(asked, "columns")
    edges = _region(asked)
    if not edges or located.frames is None:
        return {"viewport": f"{columns or MAX_SIDE},{rows or MAX_SIDE}"} if rows or columns else {}
    description = await anyio.to_thread.run_sync(description_of, located, 1)
    x, width = _run(edges[0], edges[2], description.columns)
    y, height = _run(edges[1], edges[3], description.rows)
    size = (columns or MAX_SIDE, rows or MAX_SIDE) if rows or columns else (width, height)
    return {"viewport": ",".join(map(str, (*size, x, y, width, height)))}


def _region(asked: Parameters) -> tuple[float, ...]:
    """Return left, top, right and bottom edge as fractions of the image's sides; nothing without a region."""
    value = _of(asked, "region")
    parts = [part.strip() for part in value.split(",")] if value else []
    edges = tuple(map(float, parts)) if all(map(_DECIMAL.fullmatch, parts)) else ()
    if value and not (len(edges) == 4 and 0 <= edges[0] < edges[2] <= 1 and 0 <= edges[1] < edges[3] <= 1):
        raise InvalidParameter(
            "region", value, "xmin,ymin,xmax,ymax from 0.0 to 1.0, each minimum the smaller"
        )
    return edges


def _run(start: float, end: float, size: int) -> tuple[int, int]:
    """Return the first pixel and the number of pixels of a part of a side, at least one."""
    first = min(round(start * size), size - 1)
    return first, max(round(end * size) - first, 1)


def _whole(asked: Parameters, name: str) -> int | None:
    """Return a whole number from 1 to its maximum; None where it is absent."""
    value, maximum = _of(asked, name), _MAXIMA[name]
    if value and not (_WHOLE.fullmatch(value) and int(value) <= maximum):
        raise InvalidParameter(name, value, f"a whole number from 1 to {maximum}")
    return int(value) if value else None
