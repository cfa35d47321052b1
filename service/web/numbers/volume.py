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

from service.archive.files.blobs import LocalBlobs
from service.archive.index.metadata import first_metadata
from service.archive.index.stored_json import StoredJson
from service.archive.instance import Located
from service.errors import InstanceGone, IrregularVolume
from service.imaging.arrays import (
    NumericFrame,
    array_chunks,
    narrowest_type,
    numeric_frames,
)
from service.pixels.numbers.array_files import NPY, nifti_head, npy_head
from service.pixels.numbers.plane import Slice, slices_of
from service.pixels.numbers.volume import Volume, volume_of
from service.web.http.accept import Offer
from service.web.http.etags import etag_of
from service.web.http.request import located_instances, negotiated, target_of
from service.web.http.responses import not_modified
from service.web.http.stream import Stream, joined
from service.web.http.text import TextResponse, gzip_chunks
from service.web.state import service_of

_JSON, _GZIP = "application/json", "application/gzip"
_HEADS: dict[str, Callable[[Volume, np.dtype[Any]], bytes]] = {
    NPY: lambda volume, kind: npy_head(volume.shape, kind),
    "application/vnd.unknown.nifti-1": nifti_head,  # as ITK and VolView name it; none is registered
    "application/x-nifti": nifti_head,
    "image/x.nifti": nifti_head,  # as `file` names it
    _GZIP: nifti_head,  # .nii.gz
}
_OFFERS = tuple(map(Offer, (*_HEADS, _JSON)))
_MAX_HEADER_BYTES = 4096  # of one field: proxies and clients set limits to all of them together


@dataclass(frozen=True, slots=True)
class _Plan:
    """A volume, the frames it is made of in its order, and the type of their values."""

    volume: Volume
    frames: list[NumericFrame]
    kind: np.dtype[Any]


async def retrieve_volume(request: Request) -> Response:
    """GET .../series/{series}[/instances/{instance}]/volume."""
    archive = service_of(request).archive
    found = await located_instances(request)
    offer = negotiated(request, *_OFFERS)
    etag = etag_of(*(one.instance.digest for one in found), str(offer), request.state.base_url)
    if unchanged := not_modified(request, etag):
        return unchanged
    metadata = dict(await archive.index.read(first_metadata, target_of(request), len(found)))
    for one in found:
        if one.instance.digest not in metadata:
            raise InstanceGone(one.instance.uids.instance)
    plan = await anyio.to_thread.run_sync(_planned, archive.blobs, found, metadata)
    if offer.media_type == _JSON:
        return TextResponse(orjson.dumps(_description(plan)), request, _JSON, etag=etag)
    return _answer(request, plan, offer.media_type, etag)


def _planned(blobs: LocalBlobs, found: Sequence[Located], metadata: Mapping[bytes, StoredJson]) -> _Plan:
    slices: list[Slice] = []
    located: dict[str, Located] = {}
    for one in found:
        located[one.instance.uids.instance] = one
        number_of_frames = one.frames.number_of_frames if one.frames else 0
        attributes = metadata[one.instance.digest].parsed()
        slices += slices_of(attributes, number_of_frames)
    without = [uid for uid, one in located.items() if not one.frames or not one.frames.number_of_frames]
    if without:
        missing = {"attribute": "Pixel Data", "found": None, "expected": "a frame"}
        disagreements = [{"SOPInstanceUID": uid, **missing} for uid in without]
        raise IrregularVolume(f"{len(without)} of {len(found)} instances have no pixels", disagreements)
    volume = volume_of(slices)
    frames = numeric_frames((located[one.sop_instance_uid], one.frame_number) for one in volume.slices)
    return _Plan(volume, frames, narrowest_type(blobs, frames))


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
        "x-volume-instances": [one.sop_instance_uid for one in volume.slices],
        "x-volume-instance-numbers": [one.instance_number for one in volume.slices],
        "x-volume-frames": [one.frame_number for one in volume.slices],
    }
    texts = {name: orjson.dumps(value).decode() for name, value in fields.items()}
    fitting = {name: text for name, text in texts.items() if len(text) <= _MAX_HEADER_BYTES}
    return {**fitting, "link": f'<{url}?accept={_JSON}>; rel="describedby"; type="{_JSON}"'}


def _description(plan: _Plan) -> dict[str, object]:
    return {
        "shape": plan.volume.shape,
        "type": plan.kind.name,
        "spacing": plan.volume.spacing,
        "affine": plan.volume.affine.tolist(),
        "slices": [
            {
                "SOPInstanceUID": one.sop_instance_uid,
                "InstanceNumber": one.instance_number,
                "frame": one.frame_number,
                "position": one.plane.position,
            }
            for one in plan.volume.slices
        ],
    }
