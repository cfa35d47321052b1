"""WADO-RS: a study, a series or an instance in the shape that the request likes best. PS3.18 10.4.4.

As DICOM files, as all of its bulk data, or as a ZIP file. Where the shape liked best cannot be had in the
transfer syntax asked for, the next best is tried.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.lookups.bulkdata import held_by
from service.errors import NoBulkdata, NotAcceptable
from service.transfer_syntaxes import FRAME_MEDIA_TYPES, OCTET_STREAM
from service.web.http.requests.accept import Accept, Offer
from service.web.http.requests.media_ranges import DICOM
from service.web.http.requests.request import accept_of, instances_of, located_instance, target_of
from service.web.state import scope_of, service_of
from service.web.wado.all_bulkdata import answer_all_bulkdata
from service.web.wado.instances import answer_instance, answer_instances
from service.web.wado.zipped import ZIP, answer_zip, asks_for_dicomdir


class Shape(NamedTuple):
    """One shape of what is retrieved: the media types that ask for it, and what answers."""

    offers: tuple[Offer, ...]
    answer: Callable[[Request, Accept], Awaitable[Response]]


async def retrieve(request: Request) -> Response:
    """GET a study, a series or an instance. Standard: PS3.18 10.4.1.1.1 to 10.4.1.1.3."""
    accept = accept_of(request)
    asks_for_dicomdir(request)  # or something that is neither yes nor no
    refusals: list[NotAcceptable] = []
    for shape in _best_first(accept, _OF_ONE if "instance" in request.path_params else _OF_MANY):
        try:
            return await shape.answer(request, accept)
        except NotAcceptable as error:
            refusals.append(error)
        except NoBulkdata:
            if not refusals:
                raise
    raise _joint_refusal(refusals)


def _best_first(accept: Accept, shapes: Sequence[Shape]) -> Iterator[Shape]:
    """Yield the shapes as the client likes them; those it likes no better than others in their order."""
    remaining = list(shapes)
    while remaining:
        shape = _liked_best(accept, remaining)
        remaining.remove(shape)
        yield shape


def _liked_best(accept: Accept, shapes: Sequence[Shape]) -> Shape:
    """Return the shape that the client likes best; the first if it likes none, to say what it could have."""
    try:
        offer = accept.choose(*(offer for shape in shapes for offer in shape.offers))
    except NotAcceptable:
        return shapes[0]
    return next(shape for shape in shapes if offer in shape.offers)


def _joint_refusal(refusals: Sequence[NotAcceptable]) -> NotAcceptable:
    """Return the first refusal, which lists what is on offer in all shapes."""
    first_refusal = refusals[0]
    first_refusal.available = [offer for refusal in refusals for offer in refusal.available]
    return first_refusal


async def _instance(request: Request, accept: Accept) -> Response:
    located = await located_instance(request)
    request.state.served_instances = 1
    return await answer_instance(request, located.instance, accept)


async def _instances(request: Request, accept: Accept) -> Response:
    instances = await instances_of(request)
    request.state.served_instances = len(instances)
    return await answer_instances(request, instances, accept)


async def _all_bulkdata(request: Request, accept: Accept) -> Response:
    holdings = await service_of(request).archive.index.read(held_by, scope_of(request), target_of(request))
    return await answer_all_bulkdata(request, await instances_of(request), holdings, accept)


async def _zip(request: Request, accept: Accept) -> Response:
    instances = await instances_of(request)
    request.state.served_instances = len(instances)
    return await answer_zip(request, instances, accept)


_FILE_OFFERS = tuple(Offer(DICOM, multipart=form) for form in (True, False))
_BULKDATA_OFFERS = tuple(Offer(kind, multipart=True) for kind in (OCTET_STREAM, *FRAME_MEDIA_TYPES))
_OTHERS = (Shape(_BULKDATA_OFFERS, _all_bulkdata), Shape((ZIP,), _zip))
_OF_MANY = (Shape(_FILE_OFFERS[:1], _instances), *_OTHERS)
_OF_ONE = (Shape(_FILE_OFFERS, _instance), *_OTHERS)
