"""WADO-RS: a study, a series or an instance in the shape that the request likes best. PS3.18 10.4.4.

As DICOM files, as all of its bulk data, or as a ZIP file. Where the shape liked best cannot be had in the
transfer syntax asked for, the next best is tried.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from service.errors import NoBulkdata, NotAcceptable
from service.transfer_syntaxes import FRAME_MEDIA_TYPES, OCTET_STREAM
from service.web.http.accept import Offer
from service.web.http.request import negotiated
from service.web.http.resource import Handler
from service.web.wado.all_bulkdata import retrieve_all_bulkdata
from service.web.wado.instances import retrieve_instance, retrieve_instances
from service.web.wado.zipped import ZIP, retrieve_zip


class Shape(NamedTuple):
    """One shape of what is retrieved: the media types that ask for it, and who answers."""

    offers: tuple[Offer, ...]
    answer: Handler


_DICOM = tuple(Offer("application/dicom", multipart=form) for form in (True, False))
_BULKDATA = tuple(Offer(kind, multipart=True) for kind in (OCTET_STREAM, *FRAME_MEDIA_TYPES))
_OTHERS = (Shape(_BULKDATA, retrieve_all_bulkdata), Shape((ZIP,), retrieve_zip))
_OF_MANY = (Shape(_DICOM[:1], retrieve_instances), *_OTHERS)
_OF_ONE = (Shape(_DICOM, retrieve_instance), *_OTHERS)


async def retrieve(request: Request) -> Response:
    """GET a study, a series or an instance. Standard: PS3.18 10.4.1.1.1 to 10.4.1.1.3."""
    refusals: list[NotAcceptable] = []
    for shape in _best_first(request, _OF_ONE if "instance" in request.path_params else _OF_MANY):
        try:
            return await shape.answer(request)
        except NotAcceptable as error:
            refusals.append(error)
        except NoBulkdata:
            if not refusals:
                raise
    raise _joined(refusals)


def _best_first(request: Request, shapes: Sequence[Shape]) -> Iterator[Shape]:
    """Yield the shapes as the request likes them; those it likes no better than others in their order."""
    remaining = list(shapes)
    while remaining:
        shape = _liked_best(request, remaining)
        remaining.remove(shape)
        yield shape


def _joined(refusals: Sequence[NotAcceptable]) -> NotAcceptable:
    """Return the first refusal, which lists what is on offer in all shapes."""
    first = refusals[0]
    first.available = [offer for refusal in refusals for offer in refusal.available]
    return first


def _liked_best(request: Request, shapes: Sequence[Shape]) -> Shape:
    """Return the shape that the request likes best; the first if it likes none, to say what it could have."""
    try:
        offer = negotiated(request, *(offer for shape in shapes for offer in shape.offers))
    except NotAcceptable:
        return shapes[0]
    return next(shape for shape in shapes if offer in shape.offers)
