"""Which volume a request is about: its plan, which is made once for a revision of a series."""

from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import anyio.to_thread
from starlette.datastructures import QueryParams
from starlette.requests import Request

from service.errors import IrregularVolume
from service.imaging.numbers.described import described
from service.imaging.numbers.plans import Plan
from service.imaging.numbers.volumes import Wish, planned
from service.pixels.numbers.quantities.making import Making
from service.pixels.numbers.quantities.modality import REVISION
from service.web.http.answers.etags import etag_of
from service.web.http.requests.request import located_instance, located_instances, target_of
from service.web.numbers.array_answer import kept_form
from service.web.numbers.quantities import quantified, revision_for
from service.web.numbers.volume_answer import UrlOf
from service.web.numbers.wishes import making_of, wish_of, with_values
from service.web.state import scope_of, service_of


@dataclass(frozen=True, slots=True)
class Planning:
    """What decides on a volume.

    Attributes:
        wish: which volume of a series is meant.
        making: what is made of its values.
        key: of all that the volume depends on.
    """

    wish: Wish
    making: Making
    key: str

    def etag(self, *determinants: str) -> str:
        """Return the tag of an answer that depends on these beside the volume."""
        return etag_of(self.key, *determinants)


async def planning_of(request: Request, query: QueryParams) -> Planning:
    """Return what decides on the volume that a request is about. No instance but one by its UID is looked up.

    Raises:
        InvalidParameter, InvalidWindow: the query is not of its form.
        SeriesNotFound, InstanceNotFound: it is not here.
    """
    wish, making, text = _wished(tuple(query.multi_items()))
    target = target_of(request)
    if target.instance is None:
        revisions = service_of(request).archive.revisions
        version: int | bytes = await revisions.find(scope_of(request), target.study, target.series or "")
    else:
        version = (await located_instance(request)).instance.digest
    key = etag_of(
        *(target.study, target.series or "", target.instance or "", version, REVISION),
        *(text, await revision_for(request, making)),
    )
    return Planning(wish, making, key)


@lru_cache(maxsize=256)  # for each chunk of a store it is the same
def _wished(query: tuple[tuple[str, str], ...]) -> tuple[Wish, Making, str]:
    """Return what a query asks for, and the same as text."""
    parameters = QueryParams(list(query))
    wish, making = wish_of(parameters), making_of(parameters)
    return wish, making, f"{wish} {making}"


async def plan_of(request: Request, query: QueryParams, planning: Planning, url_of: UrlOf) -> Plan:
    """Return the plan of a volume.

    Args:
        request: which is answered.
        query: that says which volume is meant.
        planning: what decides on it.
        url_of: returns the URL of another volume.

    Raises:
        IrregularVolume: its slices make none; it names the volumes that could be had.
        NoSuchValues: they do not have the values asked for.
        DicomwebError: what making it raises.
    """
    try:
        return await service_of(request).plans.find(planning.key, lambda: _planned(request, planning))
    except IrregularVolume as error:
        groups = [
            {**group, "url": url_of(with_values(query, cast(dict[str, object], group["values"])))}
            for group in error.groups
        ]
        raise IrregularVolume(error.message, error.disagreements, groups) from error


async def _planned(request: Request, planning: Planning) -> Plan:
    instances = await located_instances(request)
    index = service_of(request).archive.index
    metadata = await described(index, scope_of(request), target_of(request), instances)
    volume, frames = await anyio.to_thread.run_sync(planned, instances, metadata, planning.wish)
    making = planning.making
    quantities = await quantified(request, frames, making)
    return Plan(volume, quantities, await kept_form(request, quantities, making, planning.key))
