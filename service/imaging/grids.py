"""The grids that masks and doses come onto: those of image series in the same study."""

from dataclasses import replace

import anyio.to_thread

from service.archive import Archive
from service.archive.index.lookup import locate_all
from service.archive.index.metadata import first_metadata
from service.archive.instance import Target
from service.errors import InstanceGone, IrregularVolume
from service.imaging.arrays import check_number_of_frames
from service.imaging.volumes import Wish, volume_alone
from service.pixels.masks.lattice import in_gray
from service.pixels.numbers.slices import Slice
from service.pixels.numbers.volume import Volume
from service.scope import Scope


async def grid_of_series(
    archive: Archive, scope: Scope, study: str, series: str, referenced: frozenset[str] = frozenset()
) -> Volume:
    """Return the volume that a series makes, or those of its instances that are referred to.

    Args:
        archive: where it is.
        scope: of who asks.
        study: its UID.
        series: its UID.
        referenced: SOP Instance UIDs; if the series makes no volume, these of it may make one.

    Raises:
        SeriesNotFound: it is not here.
        IrregularVolume: it makes no volume.
    """
    instances = await archive.index.read(locate_all, scope, study, series)
    check_number_of_frames(sum(located.frames.number_of_frames for located in instances if located.frames))
    metadata = dict(await archive.index.read(first_metadata, scope, Target(study, series), len(instances)))
    for located in instances:
        if located.instance.digest not in metadata:
            raise InstanceGone(located.instance.uids.instance)
    try:
        volume = await anyio.to_thread.run_sync(volume_alone, instances, metadata, Wish())
    except IrregularVolume:
        some = [located for located in instances if located.instance.uids.instance in referenced]
        if not 0 < len(some) < len(instances):
            raise
        volume = await anyio.to_thread.run_sync(volume_alone, some, metadata, Wish())
    return replace(volume, slices=tuple(map(_plain, volume.slices)))


def _plain(slice_: Slice) -> Slice:
    """Return where a slice lies, without what its values mean."""
    return Slice(slice_.sop_instance_uid, slice_.instance_number, slice_.frame_number, in_gray(slice_.plane))
