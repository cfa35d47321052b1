"""What values depend on beside their own instance: an SUV on when the whole series was acquired."""

from collections.abc import Sequence

import anyio.to_thread
from starlette.requests import Request

from service.archive.index.lookups.metadata import first_metadata
from service.errors import ContentTooLarge
from service.imaging.numbers.numeric_frames import MAX_FRAMES, NumericFrame
from service.imaging.numbers.quantities import with_factors
from service.pixels.numbers.quantities.making import MODALITY, STORED, Making
from service.web.http.requests.request import target_of
from service.web.state import scope_of, service_of

_OF_THEIR_OWN = (MODALITY, STORED)


async def revision_for(request: Request, making: Making) -> int:
    """Return a number that is another one whenever what values depend on changes, beside their instances."""
    if making.values in _OF_THEIR_OWN:
        return 0
    study, series, _ = target_of(request)
    return await service_of(request).archive.revisions.find(scope_of(request), study, series or "")


async def quantified(
    request: Request, frames: Sequence[NumericFrame], making: Making
) -> Sequence[NumericFrame]:
    """Return frames with the factors that the values asked for need.

    Raises:
        NoSuchValues: these values cannot be known; it says why.
    """
    if making.values in _OF_THEIR_OWN:
        return frames
    index, series = service_of(request).archive.index, target_of(request)._replace(instance=None)
    metadata = await index.read(first_metadata, scope_of(request), series, MAX_FRAMES + 1)
    if len(metadata) > MAX_FRAMES:
        raise ContentTooLarge(f"a series of more than {MAX_FRAMES} instances: expected fewer for an SUV")
    return await anyio.to_thread.run_sync(with_factors, frames, metadata, making.values)
