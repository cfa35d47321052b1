"""A dose on the grid of another series: between the centers of its own voxels by straight lines."""

from collections.abc import Sequence

import anyio.to_thread
import numpy as np

from service.archive import Archive
from service.archive.index.lookups.metadata import first_metadata
from service.archive.instance import Located, Target
from service.dicom_json import Attributes, text
from service.errors import InstanceGone, IrregularVolume, NoSuchValues
from service.imaging.masks.grids import Grid, grid_of, references_of
from service.imaging.masks.mask_volume import MaskVolume, MaskWish, part_of
from service.imaging.masks.sampled import Sampled
from service.imaging.numbers.forms import Form
from service.imaging.numbers.frame_images import FrameImages
from service.imaging.numbers.numeric_frames import NumericFrame
from service.imaging.numbers.quantities import check_dose
from service.imaging.numbers.volumes import Wish, planned
from service.pixels.masks.sampling import trilinear
from service.pixels.numbers.geometry.volume import Volume
from service.pixels.numbers.quantities.making import DOSE, MODALITY, Making
from service.pixels.numbers.quantities.modality import FLOAT32, value_type
from service.scope import Scope


async def dose_volume(
    archive: Archive, scope: Scope, located: Located, wish: MaskWish, making: Making
) -> MaskVolume:
    """Return a dose on the grid of another series.

    Args:
        archive: where both are.
        scope: of who asks.
        located: the dose.
        wish: on which grid, and which slices of it.
        making: a region, a type.

    Raises:
        IrregularVolume: the dose or the other series makes no volume, or they lie in different spaces.
        NoSuchValues: it is no dose in Gy where that is asked for, or a type without fractions is.
    """
    uids = located.instance.uids
    target = Target(uids.study, uids.series, uids.instance)
    [(digest, stored)] = await archive.index.read(first_metadata, scope, target, 1)
    if digest != located.instance.digest:
        raise InstanceGone(located.instance.uids.instance)
    metadata = await anyio.to_thread.run_sync(stored.parsed)
    _check(metadata, making)
    volume, frames = await anyio.to_thread.run_sync(planned, [located], {digest: stored}, Wish())
    references, space = list(references_of(metadata)), text(metadata, "00200052")
    grid = await grid_of(archive, scope, uids.study, references, space, wish.on)
    if grid.volume is None:
        raise IrregularVolume("on=frames: a dose is on the grid of its frames without on=; expected a series")
    return _sampled(metadata, volume, frames, grid, grid.volume, wish, making)


def _check(metadata: Attributes, making: Making) -> None:
    if making.values == DOSE:
        check_dose(metadata)
    elif making.values != MODALITY:
        raise NoSuchValues(f"values={making.values} on another grid: expected dose")
    if making.dtype is not None and making.dtype.kind != "f":
        raise NoSuchValues(f"dtype={making.dtype.name}: values between those of the dose, expected float32")


def _sampled(
    metadata: Attributes,
    volume: Volume,
    frames: Sequence[NumericFrame],
    grid: Grid,
    target: Volume,
    wish: MaskWish,
    making: Making,
) -> MaskVolume:
    base = value_type({frame.description for frame in frames})
    kind = making.dtype or (base if base.kind == "f" else FLOAT32)
    part = part_of(target, wish)
    images = Sampled(
        source=FrameImages(frames, Form(Making(dtype=kind), base, kind)),
        source_shape=(volume.shape[0], volume.shape[1], volume.shape[2]),
        matrix=np.linalg.inv(volume.affine) @ target.affine,
        size=(target.shape[-2], target.shape[-1]),
        slices=range(part.start, part.stop),
        making=making,
        interpolation=trilinear,
    )
    told = {
        "mask": "RTDOSE",
        "units": text(metadata, "30040002") or None,
        "grid": grid.as_json() | {"sampling": "trilinear", "outside": 0},
    }
    is_gray = text(metadata, "30040002").upper() == "GY"
    return MaskVolume(target.part(part.start, part.stop), images, told, making, DOSE if is_gray else MODALITY)
