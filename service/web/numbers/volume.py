"""A series, or a multi-frame instance, as one volume of modality values. Not of the Standard.

Slices are put in order and checked with what the index knows: no file is opened before the answer begins.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import anyio.to_thread
import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import Response

from service.archive.files.content import InMemory
from service.archive.index.metadata import first_metadata
from service.errors import InstanceGone, IrregularVolume
from service.imaging.arrays import NumericFrame, check_number_of_frames
from service.imaging.forms import Form
from service.imaging.volumes import planned
from service.pixels.numbers.along import gradients_of
from service.pixels.numbers.array_files import NPY, nifti_head, npy_head
from service.pixels.numbers.making import STORED, Making
from service.pixels.numbers.modality import REVISION
from service.pixels.numbers.traits import told
from service.pixels.numbers.volume import Volume
from service.web.http.accept import Offer
from service.web.http.etags import etag_of
from service.web.http.request import located_instances, negotiated, target_of
from service.web.http.responses import not_modified
from service.web.http.stream import Stream, joined
from service.web.http.text import TextResponse, gzip_chunks
from service.web.http.zip_format import zip_length
from service.web.http.zipping import Zipped, zip_chunks
from service.web.numbers.array_answer import ArrayFile, array_answer, kept_form
from service.web.numbers.quantities import quantified, revision_for
from service.web.numbers.wishes import making_of, wish_of, with_values
from service.web.state import scope_of, service_of

_JSON, _GZIP, _ZIP = "application/json", "application/gzip", "application/zip"
_HEADS: dict[str, Callable[[Volume, np.dtype[Any]], bytes]] = {
    NPY: lambda volume, kind: npy_head(volume.shape, kind),
    "application/vnd.unknown.nifti-1": nifti_head,  # as ITK and VolView name it; none is registered
    "application/x-nifti": nifti_head,
    "image/x.nifti": nifti_head,  # as `file` names it
    _GZIP: nifti_head,  # .nii.gz
    _ZIP: nifti_head,  # with its description, and what FSL reads beside it
}
_VOLUME_OFFERS = tuple(map(Offer, (*_HEADS, _JSON)))


@dataclass(frozen=True, slots=True)
class _Plan:
    """A volume, the frames it is made of in its order, and in which form they come."""

    volume: Volume
    frames: list[NumericFrame]
    form: Form

    @property
    def kind(self) -> np.dtype[Any]:
        """The type of the values."""
        return self.form.kind


async def retrieve_volume(request: Request) -> Response:
    """GET .../series/{series}[/instances/{instance}]/volume."""
    archive = service_of(request).archive
    wish, making = wish_of(request), making_of(request)
    instances = await located_instances(request)
    offer = negotiated(request, *_VOLUME_OFFERS)
    etag = etag_of(
        *(located.instance.digest for located in instances),
        *(str(offer), REVISION, request.state.base_url, str(wish), str(making)),
        await revision_for(request, making),
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
    try:
        volume, frames = await anyio.to_thread.run_sync(planned, instances, metadata, wish)
    except IrregularVolume as error:
        error.groups = [
            {**group, "url": with_values(request, _url(request), cast(dict[str, object], group["values"]))}
            for group in error.groups
        ]
        raise
    frames = list(await quantified(request, frames, making))
    form = await kept_form(request, frames, making, etag)
    plan = _Plan(_as_made(volume, making), frames, form)
    if offer.media_type == _JSON:
        return TextResponse(orjson.dumps(_description(plan)), request, _JSON, etag=etag)
    return _answer(request, plan, offer.media_type, etag)


def _as_made(volume: Volume, making: Making) -> Volume:
    """Return a volume with its slices in the part and size that are made of them."""
    rows, columns = volume.shape[-2:]
    affine = volume.affine @ making.matrix(rows, columns)
    return replace(volume, affine=affine, size=making.shape(rows, columns))


def _answer(request: Request, plan: _Plan, media_type: str, etag: str) -> Response:
    head = _HEADS[media_type](plan.volume, plan.kind)
    file = ArrayFile(service_of(request).decoder, head, plan.frames, plan.form)
    headers = _headers(request, plan) | {"content-disposition": _disposition(request, media_type)}
    if media_type not in (_GZIP, _ZIP):
        return array_answer(request, file, content_type=media_type, etag=etag, headers=headers)
    headers |= {"content-type": media_type, "etag": etag, "vary": "Accept"}
    if media_type == _GZIP:
        return Stream(joined(gzip_chunks(file.read(0, file.size))), headers)
    files = _files(request, plan, file)
    headers["content-length"] = str(zip_length((name, content.size) for name, content in files))
    return Stream(joined(zip_chunks(_each(files))), headers)


def _files(request: Request, plan: _Plan, file: ArrayFile) -> list[tuple[str, Zipped]]:
    """Return the volume as NIfTI, its description, and what FSL reads beside it."""
    name, gradients = request.path_params["series"], gradients_of(plan.volume)
    texts = {"json": orjson.dumps(_description(plan))} | (gradients.as_files() if gradients else {})
    return [(f"{name}.nii", file), *((f"{name}.{ending}", InMemory(text)) for ending, text in texts.items())]


async def _each(files: Sequence[tuple[str, Zipped]]) -> AsyncIterator[tuple[str, Zipped]]:
    for file in files:
        yield file


def _disposition(request: Request, media_type: str) -> str:
    ending = {NPY: "npy", _GZIP: "nii.gz", _ZIP: "zip"}.get(media_type, "nii")
    return f'attachment; filename="{request.path_params["series"]}.{ending}"'


def _headers(request: Request, plan: _Plan) -> dict[str, str]:
    """Return what there is to know about a volume but its slices, which are in its description alone."""
    volume = plan.volume
    fields = {
        "x-volume-regular": volume.is_regular,
        "x-volume-made": plan.form.making.as_json(),
        "x-volume-shape": volume.shape,
        "x-volume-spacing": volume.spacing,
        "x-volume-affine": volume.affine.tolist(),
        "x-volume-photometric-interpretation": _interpretation(plan),
    }
    if volume.along:
        axis = volume.along.as_json()
        fields["x-volume-along"] = {name: axis[name] for name in ("attributes", "units")}
    texts = {name: orjson.dumps(value).decode() for name, value in fields.items()}
    url = with_values(request, _url(request), {"accept": _JSON})
    return {**texts, "link": f'<{url}>; rel="describedby"; type="{_JSON}"'}


def _url(request: Request) -> str:
    """Return the URL of the volume, without its query."""
    path = request.path_params
    instance = f"/instances/{path['instance']}" if "instance" in path else ""
    return f"{request.state.base_url}/studies/{path['study']}/series/{path['series']}{instance}/volume"


def _description(plan: _Plan) -> dict[str, object]:
    return {
        "shape": plan.volume.shape,
        "type": plan.kind.name,
        "regular": plan.volume.is_regular,
        "made": plan.form.making.as_json(),
        "spacing": plan.volume.spacing,
        "affine": plan.volume.affine.tolist(),
        **_fourth_axis(plan.volume),
        "PhotometricInterpretation": _interpretation(plan),
        "padding": _padding(plan),
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


def _fourth_axis(volume: Volume) -> dict[str, object]:
    gradients = gradients_of(volume)
    along = {"along": volume.along.as_json()} if volume.along else {}
    return along | ({"fsl": gradients.as_json()} if gradients else {})


def _interpretation(plan: _Plan) -> str:
    """Return MONOCHROME1 where low values are white in what people see: the values stay as they are."""
    return plan.volume.slices[0].plane.photometric_interpretation


def _padding(plan: _Plan) -> list[list[float]] | None:
    """Return the ranges of values of the array that stand for no pixel; None where none can be told."""
    making = plan.form.making
    if making.window or making.size:
        return None
    ranges = {
        (frame.description.padding, frame.description.modality, frame.factor)
        for frame in plan.frames
        if frame.description.padding
    }
    if making.values == STORED:
        return [list(padding) for padding in dict.fromkeys(padding for padding, _, _ in ranges if padding)]
    return [
        sorted((modality.modality(np.array(padding, float)) * factor).tolist())
        for padding, modality, factor in ranges
    ]
