"""A series, or a multi-frame instance, as one volume of modality values. Not of the Standard.

Slices are put in order and checked with what the index knows: no file is opened before the answer begins.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.metadata import first_metadata
from service.archive.index.stored_json import StoredJson
from service.archive.instance import Located
from service.errors import InstanceGone, IrregularVolume
from service.imaging.arrays import (
    NumericFrame,
    array_chunks,
    array_type,
    check_number_of_frames,
    numeric_frames,
)
from service.pixels.numbers.array_files import NPY, nifti_head, npy_head
from service.pixels.numbers.modality import REVISION
from service.pixels.numbers.regularity import Disagreement
from service.pixels.numbers.slices import Slice, slices_of
from service.pixels.numbers.traits import told
from service.pixels.numbers.volume import Volume, refuse, volume_of
from service.pixels.rescale import Unreadable
from service.web.http.accept import Offer
from service.web.http.etags import etag_of
from service.web.http.request import located_instances, negotiated, target_of
from service.web.http.responses import not_modified
from service.web.http.stream import Stream, joined
from service.web.http.text import TextResponse, gzip_chunks
from service.web.state import scope_of, service_of

_JSON, _GZIP = "application/json", "application/gzip"
_HEADS: dict[str, Callable[[Volume, np.dtype[Any]], bytes]] = {
    NPY: lambda volume, kind: npy_head(volume.shape, kind),
    "application/vnd.unknown.nifti-1": nifti_head,  # as ITK and VolView name it; none is registered
    "application/x-nifti": nifti_head,
    "image/x.nifti": nifti_head,  # as `file` names it
    _GZIP: nifti_head,  # .nii.gz
}
_VOLUME_OFFERS = tuple(map(Offer, (*_HEADS, _JSON)))
_MAX_FIELD_BYTES = 4096  # of one field: proxies and clients set limits to all of them together


@dataclass(frozen=True, slots=True)
class _Plan:
    """A volume, the frames it is made of in its order, and the type of their values."""

    volume: Volume
    frames: list[NumericFrame]
    kind: np.dtype[Any]


async def retrieve_volume(request: Request) -> Response:
    """GET .../series/{series}[/instances/{instance}]/volume."""
    archive = service_of(request).archive
    instances = await located_instances(request)
    offer = negotiated(request, *_VOLUME_OFFERS)
    etag = etag_of(
        *(located.instance.digest for located in instances), str(offer), REVISION, request.state.base_url
    )
    if answer := not_modified(request, etag):
        return answer
    check_number_of_frames(sum(located.frames.number_of_frames for located in instances if located.frames))
    metadata = dict(
        await archive.index.read(first_metadata, scope_of(request), target_of(request), len(instances))
    )
    for located in instances:
        if located.instance.digest not in metadata:
            raise InstanceGone(located.instance.uids.instance)
    volume, frames = await anyio.to_thread.run_sync(_planned, instances, metadata)
    plan = _Plan(volume, frames, await array_type(service_of(request).decoder, frames))
    if offer.media_type == _JSON:
        return TextResponse(orjson.dumps(_description(plan)), request, _JSON, etag=etag)
    return _answer(request, plan, offer.media_type, etag)


def _planned(
    instances: Sequence[Located], metadata: Mapping[bytes, StoredJson]
) -> tuple[Volume, list[NumericFrame]]:
    """Return the volume that instances make, and its frames in its order."""
    slices: list[Slice] = []
    by_uid: dict[str, Located] = {}
    for located in instances:
        by_uid[located.instance.uids.instance] = located
        number_of_frames = located.frames.number_of_frames if located.frames else 0
        attributes = metadata[located.instance.digest].parsed()
        slices += slices_of(attributes, number_of_frames, located.instance.uids.instance)
    uids = [
        uid for uid, located in by_uid.items() if not located.frames or not located.frames.number_of_frames
    ]
    if uids:
        fault = {"attribute": "Pixel Data", "found": None, "expected": "a frame"}
        disagreements = [{"SOPInstanceUID": uid, **fault} for uid in uids]
        raise IrregularVolume(f"{len(uids)} of {len(instances)} instances have no pixels", disagreements)
    volume = volume_of(slices)
    frames = numeric_frames(
        (by_uid[slice_.sop_instance_uid], slice_.frame_number) for slice_ in volume.slices
    )
    refuse(_without_modality_values(volume, frames), len(frames))
    return volume, frames


def _without_modality_values(volume: Volume, frames: Sequence[NumericFrame]) -> list[Disagreement]:
    """Return the slices that do not say in a readable way what their stored values mean."""
    return [
        Disagreement(slice_, modality.attribute, modality.found, modality.expected)
        for slice_, frame in zip(volume.slices, frames, strict=True)
        if isinstance(modality := frame.description.modality, Unreadable)
    ]


def _answer(request: Request, plan: _Plan, media_type: str, etag: str) -> Response:
    head = _HEADS[media_type](plan.volume, plan.kind)
    body = array_chunks(service_of(request).decoder, head, plan.frames, plan.kind)
    headers = {"content-type": media_type, "etag": etag, "vary": "Accept", **_headers(request, plan.volume)}
    if media_type == _GZIP:
        return Stream(joined(gzip_chunks(body)), headers)
    return Stream(joined(body), headers, len(head) + math.prod(plan.volume.shape) * plan.kind.itemsize)


def _headers(request: Request, volume: Volume) -> dict[str, str]:
    """Return what there is to know about a volume; lists that are too long are in its description alone."""
    path = request.path_params
    instance = f"/instances/{path['instance']}" if "instance" in path else ""
    url = f"{request.state.base_url}/studies/{path['study']}/series/{path['series']}{instance}/volume"
    fields = {
        "x-volume-shape": volume.shape,
        "x-volume-spacing": volume.spacing,
        "x-volume-affine": volume.affine.tolist(),
        "x-volume-instances": [slice_.sop_instance_uid for slice_ in volume.slices],
        "x-volume-instance-numbers": [slice_.instance_number for slice_ in volume.slices],
        "x-volume-frames": [slice_.frame_number for slice_ in volume.slices],
    }
    texts = {name: orjson.dumps(value).decode() for name, value in fields.items()}
    short_texts = {name: text for name, text in texts.items() if len(text) <= _MAX_FIELD_BYTES}
    return {**short_texts, "link": f'<{url}?accept={_JSON}>; rel="describedby"; type="{_JSON}"'}


def _description(plan: _Plan) -> dict[str, object]:
    return {
        "shape": plan.volume.shape,
        "type": plan.kind.name,
        "spacing": plan.volume.spacing,
        "affine": plan.volume.affine.tolist(),
        "varying": told([slice_.traits for slice_ in plan.volume.slices]),
        "slices": [
            {
                "SOPInstanceUID": slice_.sop_instance_uid,
                "InstanceNumber": slice_.instance_number,
                "frame": slice_.frame_number,
                "position": slice_.plane.position,
            }
            for slice_ in plan.volume.slices
        ],
    }
