"""Masks as volumes of labels, on the grid of the series that they refer to. Not of the Standard."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from service.archive import Archive
from service.archive.index.lookups.metadata import revision_of
from service.archive.instance import Located, Target
from service.errors import IrregularVolume
from service.imaging.decoder import Decoder
from service.imaging.masks.doses import dose_volume
from service.imaging.masks.mask_volume import ROI, SEGMENT, MaskVolume, MaskWish, mask_description
from service.imaging.masks.segmentations import segmentation_volume
from service.imaging.masks.structures import structure_volume
from service.imaging.numbers.numeric_frames import check_number_of_frames
from service.imaging.numbers.quantities import RT_DOSE
from service.pixels.masks.segments import SEGMENTATIONS
from service.pixels.masks.structures import STRUCTURE_SET
from service.pixels.numbers.quantities.making import Making
from service.pixels.numbers.quantities.modality import REVISION
from service.scope import Scope
from service.web.http.answers.etags import etag_of
from service.web.http.answers.responses import not_modified
from service.web.http.requests.request import located_instance, located_instances, negotiated, target_of
from service.web.numbers.volume_answer import VOLUME_OFFERS, UrlOf, VolumeFile, answer, url_with
from service.web.numbers.wishes import conditions_of, making_of, mask_wish_of, with_values
from service.web.state import scope_of, service_of

_Make = Callable[[Archive, Scope, Located, MaskWish, Making], Awaitable[MaskVolume]]

_CLASSES_BYTES = 500
_FRAMES_AS_THEY_ARE = ("along", "values", "irregular")
_SLICE_BYTES = 1000  # of what is remembered of each
_MASKS: dict[str, tuple[_Make, tuple[str, ...]]] = {
    **dict.fromkeys(SEGMENTATIONS, (segmentation_volume, (SEGMENT, "layers", "tolerance"))),
    STRUCTURE_SET: (structure_volume, (ROI, "layers", "tolerance")),
    RT_DOSE: (dose_volume, ("values",)),
}
"""By SOP class, how masks are made, and which parameters they have besides."""


@dataclass(frozen=True, slots=True)
class MaskPlanning:
    """What decides on a mask.

    Attributes:
        located: the instance that has it.
        make: makes it.
        wish: which part of it is meant, and on which grid.
        making: what is made of its slices.
        key: of all that it depends on.
    """

    located: Located
    make: _Make
    wish: MaskWish
    making: Making
    key: str


async def is_mask(request: Request, query: QueryParams) -> bool:
    """Tell whether a mask is asked for as such, and not its frames as any others."""
    classes = await _classes(request)
    if classes == {STRUCTURE_SET} or (classes == {RT_DOSE} and "on" in query):
        return True
    if not classes <= {*SEGMENTATIONS}:
        return False
    return not conditions_of(query) and not {*_FRAMES_AS_THEY_ARE} & {*query}


async def _classes(request: Request) -> frozenset[str]:
    """Return the SOP classes of what the path names; of a series that has not changed, they are known."""
    service, target = service_of(request), target_of(request)
    if target.instance is not None:
        return frozenset({(await located_instance(request)).instance.sop_class_uid})
    revision = await service.archive.revisions.find(scope_of(request), target.study, target.series or "")
    key = target.study, target.series, revision
    classes = service.sop_classes.get(key)
    if classes is None:
        instances = await located_instances(request)
        classes = frozenset(located.instance.sop_class_uid for located in instances)
        service.sop_classes.keep(key, classes, _CLASSES_BYTES)
    return classes


async def mask_answer(request: Request) -> Response:
    """Return the label volume of a mask in the form that the request likes best.

    Raises:
        IrregularVolume: there are several masks, or it makes no volume; it says how to ask for one.
    """
    query, offer = request.query_params, negotiated(request, *VOLUME_OFFERS)
    planning = await mask_planning_of(request, query, partial(url_with, request))
    etag = etag_of(planning.key, str(offer))
    if unchanged := not_modified(request, etag):
        return unchanged
    mask = await mask_of(request, query, planning, partial(url_with, request))
    file = VolumeFile(
        volume=mask.made,
        kind=mask.images.dtype,
        file=lambda head: MaskFile(service_of(request).decoder, head, mask),
        made=planning.making.as_json() | {"values": mask.values},
        description=partial(mask_description, mask),
    )
    return answer(request, file, offer.media_type, etag)


async def mask_planning_of(request: Request, query: QueryParams, url_of: UrlOf) -> MaskPlanning:
    """Return what decides on the mask that a request is about.

    Args:
        request: which is answered.
        query: that says which mask is meant.
        url_of: returns the URL of another volume.

    Raises:
        IrregularVolume: there are several masks; it names them.
        InvalidParameter: a parameter is not of its form, or is none of such masks.
    """
    making = making_of(query)
    located = _only(await located_instances(request), query, url_of)
    make, parameters = _MASKS[located.instance.sop_class_uid]
    wish = mask_wish_of(query, *parameters)
    check_number_of_frames(located.frames.number_of_frames if located.frames else 0)
    study, index = Target(located.instance.uids.study), service_of(request).archive.index
    revision, _ = await index.read(revision_of, scope_of(request), study)
    key = etag_of(located.instance.digest, REVISION, request.state.base_url, str(wish), str(making), revision)
    return MaskPlanning(located, make, wish, making, key)


def _only(instances: Sequence[Located], query: QueryParams, url_of: UrlOf) -> Located:
    if len(instances) == 1:
        return instances[0]
    groups = [
        {
            "values": {"SOPInstanceUID": uid},
            "slices": located.frames.number_of_frames if located.frames else 0,
            "volume": True,
            "url": url_of(with_values(query, {}), uid),
        }
        for located in instances
        for uid in [located.instance.uids.instance]
    ]
    raise IrregularVolume(f"{len(instances)} masks in the series: expected one", groups=groups)


async def mask_of(request: Request, query: QueryParams, planning: MaskPlanning, url_of: UrlOf) -> MaskVolume:
    """Return a mask that has been looked through, which is not done again for each range of it.

    Args:
        request: which is answered.
        query: that says which mask is meant.
        planning: what decides on it.
        url_of: returns the URL of another volume.

    Raises:
        IrregularVolume: it makes no volume; it says how to ask for one.
    """
    service = service_of(request)
    mask = service.masks.get(planning.key)
    if mask is None:
        wish, making = planning.wish, planning.making
        try:
            mask = await planning.make(service.archive, scope_of(request), planning.located, wish, making)
            await mask.images.check(service.decoder)
        except IrregularVolume as error:
            groups = [
                {**group, "url": url_of(with_values(query, cast(dict[str, object], group["values"])))}
                for group in error.groups
            ]
            raise IrregularVolume(error.message, error.disagreements, groups) from error
        size = _SLICE_BYTES * len(mask.volume.slices) + mask.images.kept_bytes
        service.masks.keep(planning.key, mask, size)
    return mask


@dataclass(frozen=True, slots=True)
class MaskFile:
    """The file of a mask, whose slices are made when they are read.

    Attributes:
        decoder: of frames.
        head: of the file.
        mask: the volume.
    """

    decoder: Decoder
    head: bytes
    mask: MaskVolume

    @property
    def size(self) -> int:
        """Return the number of bytes."""
        return len(self.head) + self.mask.images.image_bytes * self.mask.images.number_of_images

    async def read(self, offset: int, length: int) -> AsyncIterator[bytes]:
        """Yield a run of the bytes, for which no more slices are made than have any of it."""
        start, end = max(0, offset - len(self.head)), offset + length - len(self.head)
        images, image_bytes = self.mask.images, self.mask.images.image_bytes
        head = self.head[offset : offset + length]
        if start >= end:
            yield head
            return
        first = start // image_bytes
        before, left = start - first * image_bytes, end - start
        async for image in images.images(self.decoder, first, -(-end // image_bytes)):
            if head:
                yield head
                head = b""
            run = image.reshape(-1).view(np.uint8).data[before : before + left]
            before, left = 0, left - len(run)
            yield run
