"""Files the values of attributes that are asked for often, while the service runs: what has changed since."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import groupby

import anyio.to_thread

from service.archive import Archive
from service.archive.index.engine.stamps import stamp_of
from service.archive.index.engine.turns import turn
from service.archive.index.queries.filing import file_values, forget_others, unfiled, values_of
from service.dicom.query.filed import FiledAttribute
from service.dicom.query.levels import Level
from service.errors import DicomwebError

_PAUSE = 2.0  # seconds, between two looks whether anything has changed
_BREATH = 0.05  # seconds
_OWNERS_AT_ONCE = 20  # studies or series

_log = logging.getLogger(__name__)


async def file_regularly(
    archive: Archive, attributes: Sequence[FiledAttribute], pause: float = _PAUSE
) -> None:
    """File what has not been filed, again and again, until cancelled.

    Half of the time others have: it is done a little at a time, with pauses as long.
    """
    loop = asyncio.get_running_loop()
    stamp: object = None
    if attributes:
        await _tried(archive, forget_other_values, attributes)
    while attributes:
        begin, now = loop.time(), await stamp_of(archive.index)
        is_done = now is not None and now == stamp
        if not is_done:
            is_done = await _tried(archive, file_some, attributes)
            stamp = now if is_done else None
        await asyncio.sleep(pause if is_done else min(pause, loop.time() - begin + _BREATH))


async def _tried(
    archive: Archive,
    work: Callable[[Archive, Sequence[FiledAttribute]], bool],
    attributes: Sequence[FiledAttribute],
) -> bool:
    """Do some work in a thread, and tell what it tells; False where the index is away."""
    try:
        return await anyio.to_thread.run_sync(work, archive, attributes)
    except DicomwebError as error:
        _log.error("values are filed another time: %s", error.message)
        return False


def forget_other_values(archive: Archive, attributes: Sequence[FiledAttribute]) -> bool:
    """Forget what was filed of other attributes, and of what is gone.

    Raises:
        Unavailable: the index is away.
    """
    archive.index.write_now(forget_others, attributes)
    return True


def file_some(archive: Archive, attributes: Sequence[FiledAttribute]) -> bool:
    """File the values of some studies or series, unless somebody else does so; tell whether nothing is left.

    Raises:
        Unavailable: the index is away.
    """
    with turn(archive.index, archive.blobs.incoming, "filing") as is_ours:
        if not is_ours:
            return False
        is_done = True
        for _, group in groupby(sorted(attributes, key=_level), key=_level):
            of_level = list(group)
            owners = archive.index.read_now(unfiled, of_level, _OWNERS_AT_ONCE)
            if owners:
                is_done = False
                found = {owner: archive.index.read_now(values_of, of_level, owner) for owner in owners}
                archive.index.write_now(file_values, found)
        return is_done


def _level(attribute: FiledAttribute) -> Level:
    return attribute.level
