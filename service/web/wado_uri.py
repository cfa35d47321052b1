"""WADO-URI: one instance, named and described by query parameters alone. PS3.18 9.

Older than the other retrieves, and answered by what answers them. `contentType=application/dicom` asks for
the file; everything else for a picture, document or text, by default a JPEG of the first frame (PS3.18 9.3).
Old viewers send names of parameters in any case, and parameters without a value: those count as absent.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from service.archive.instance import Located
from service.dicom.instance import Uids
from service.errors import FrameNotFound, InvalidParameter
from service.imaging.description import description_of
from service.imaging.display.rendering import DEFAULT_QUALITY
from service.pixels.display.viewport import MAX_SIDE, Region, Viewport
from service.pixels.window import Window
from service.web.http.requests.accept import Accept
from service.web.http.requests.media_ranges import DICOM, check_kinds, parse_accept
from service.web.http.requests.request import accept_of, check_uid
from service.web.rendered.answers import answer_frames
from service.web.rendered.answers import answer_instance as answer_rendered
from service.web.rendered.parameters import rendering_of
from service.web.state import scope_of, service_of
from service.web.wado.instances import answer_instance

Parameters = Mapping[str, str]

_MAXIMA = {"rows": MAX_SIDE, "columns": MAX_SIDE, "imageQuality": 100, "frameNumber": 2**31 - 1}
_UID_PARAMETERS = ("studyUID", "seriesUID", "objectUID")
_NOT_DONE = {
    "anonymize": "none, as instances are sent as they were stored",
    "presentationUID": "none, as presentation states are not applied here",
    "presentationSeriesUID": "none, as presentation states are not applied here",
}
_SYNTAX_OR_ANY = re.compile(r"[0-9.]{1,64}|\*", re.ASCII)
_SHORT_DECIMAL = re.compile(r"[+-]?([0-9]{1,20}\.?[0-9]{0,20}|\.[0-9]{1,20})([eE][+-]?[0-9]{1,2})?", re.ASCII)
_POSITIVE_WHOLE = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)


async def retrieve_by_uri(request: Request) -> Response:
    """GET /wado?requestType=WADO&studyUID=...&seriesUID=...&objectUID=... Standard: PS3.18 9.4, 9.5."""
    parameters = _parameters(request)
    if _value(parameters, "requestType").upper() != "WADO":
        raise InvalidParameter("requestType", _value(parameters, "requestType"), "WADO")
    for name, expected in _NOT_DONE.items():
        if _value(parameters, name).lower() not in ("", "no"):
            raise InvalidParameter(name, _value(parameters, name), expected)
    uids = Uids(*(_uid(parameters, name) for name in _UID_PARAMETERS))
    header = accept_of(request).header
    content_type = _value(parameters, "contentType") or _value(parameters, "accept") or None
    check_kinds(content_type or "")
    if _asks_for_dicom(content_type or header):
        accept = Accept(header, _dicom_type(parameters))
        located = await service_of(request).archive.recent.find(scope_of(request), uids)
        return await answer_instance(request, located.instance, accept)
    return await _answer_rendered(request, parameters, uids, Accept(header, content_type))


def _parameters(request: Request) -> Parameters:
    """Return the parameters that have a value, their names in lower case."""
    pairs = request.query_params.items()
    return {name.lower(): value.strip() for name, value in pairs if value.strip()}


def _value(parameters: Parameters, name: str) -> str:
    return parameters.get(name.lower(), "")


def _uid(parameters: Parameters, name: str) -> str:
    """Return one of the UIDs, all of which have to be there. PS3.18 9.1.2.1."""
    check_uid(name, _value(parameters, name))
    return _value(parameters, name)


def _asks_for_dicom(accept: str) -> bool:
    return any(media_range.name == DICOM for media_range in parse_accept(accept))


def _dicom_type(parameters: Parameters) -> str:
    """Return the media type of the file, with the transfer syntax that is asked for. PS3.18 9.4.1.2.3."""
    syntax = _value(parameters, "transferSyntax")
    if not syntax:
        return DICOM
    if not _SYNTAX_OR_ANY.fullmatch(syntax):
        raise InvalidParameter("transferSyntax", syntax, "a UID of digits and dots, or *")
    return f"{DICOM}; transfer-syntax={syntax}"


async def _answer_rendered(request: Request, parameters: Parameters, uids: Uids, accept: Accept) -> Response:
    """Answer with a rendered instance, or with one of its frames. PS3.18 9.5."""
    located = await service_of(request).archive.recent.find(scope_of(request), uids)
    number, annotation = _whole_number(parameters, "frameNumber"), _annotation(parameters)
    rendering = replace(
        rendering_of({"annotation": annotation} if annotation else {}),
        window=_window(parameters),
        viewport=await _viewport(parameters, located),
        quality=_whole_number(parameters, "imageQuality") or DEFAULT_QUALITY,
    )
    if not number:
        return await answer_rendered(request, located, rendering, accept)
    try:
        return await answer_frames(request, located, [number], rendering, accept)
    except FrameNotFound as error:
        raise InvalidParameter("frameNumber", str(number), "the number of a frame that is there") from error


def _annotation(parameters: Parameters) -> str:
    return _value(parameters, "annotation") or _value(parameters, "imageAnnotation")


def _window(parameters: Parameters) -> Window | None:
    """Return Window Center and Width; one of them alone means nothing. PS3.18 9.5.1.2.6."""
    names = ("windowCenter", "windowWidth")
    center, width = (_value(parameters, name) for name in names)
    for name, value, partner in ((names[0], center, names[1]), (names[1], width, names[0])):
        if (center or width) and not _SHORT_DECIMAL.fullmatch(value):
            raise InvalidParameter(name, value, f"a decimal number, as {partner} needs one too")
    return Window(float(center), float(width)) if center else None


async def _viewport(parameters: Parameters, located: Located) -> Viewport | None:
    """Return the size and the region asked for, in pixels. PS3.18 9.5.1.2.4, 9.5.1.2.5.

    Rows or columns may stand alone, as in earlier editions; each is a maximum. A region is given in fractions
    of the image's sides, and becomes one of whole pixels.
    """
    rows, columns = _whole_number(parameters, "rows"), _whole_number(parameters, "columns")
    size = (columns or MAX_SIDE, rows or MAX_SIDE) if rows or columns else None
    edges = _region(parameters)
    if not edges or located.frames is None:
        return Viewport(*size) if size else None
    description = await anyio.to_thread.run_sync(description_of, located, 1)
    x, width = _pixel_run(edges[0], edges[2], description.columns)
    y, height = _pixel_run(edges[1], edges[3], description.rows)
    return Viewport(*(size or (width, height)), Region(x, y, width, height))


def _region(parameters: Parameters) -> tuple[float, ...]:
    """Return left, top, right and bottom edge as fractions of the image's sides; nothing without a region."""
    value = _value(parameters, "region")
    parts = [part.strip() for part in value.split(",")] if value else []
    edges = tuple(map(float, parts)) if all(map(_SHORT_DECIMAL.fullmatch, parts)) else ()
    if value and not (len(edges) == 4 and 0 <= edges[0] < edges[2] <= 1 and 0 <= edges[1] < edges[3] <= 1):
        raise InvalidParameter(
            "region", value, "xmin,ymin,xmax,ymax from 0.0 to 1.0, each minimum the smaller"
        )
    return edges


def _pixel_run(start: float, end: float, size: int) -> tuple[int, int]:
    """Return the first pixel and the number of pixels of a part of a side, at least one."""
    offset = min(round(start * size), size - 1)
    return offset, max(round(end * size) - offset, 1)


def _whole_number(parameters: Parameters, name: str) -> int | None:
    """Return a whole number from 1 to its maximum; None where it is absent."""
    value, maximum = _value(parameters, name), _MAXIMA[name]
    if value and not (_POSITIVE_WHOLE.fullmatch(value) and int(value) <= maximum):
        raise InvalidParameter(name, value, f"a whole number from 1 to {maximum}")
    return int(value) if value else None
