"""A series, or a multi-frame instance, as one volume of modality values. Not of the Standard.

Slices are put in order and checked with what the index knows: no file is opened before the answer begins.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import Response

from service.archive.files.content import InMemory
from service.imaging.descriptions import description_of
from service.imaging.plans import Plan
from service.pixels.numbers.along import gradients_of
from service.pixels.numbers.array_files import NPY, nifti_head, npy_head
from service.pixels.numbers.volume import Volume
from service.web.http.accept import Offer
from service.web.http.request import negotiated
from service.web.http.responses import not_modified
from service.web.http.stream import Stream, joined
from service.web.http.text import TextResponse, gzip_chunks
from service.web.http.zip_format import zip_length
from service.web.http.zipping import Zipped, zip_chunks
from service.web.numbers.array_answer import ArrayFile, array_answer
from service.web.numbers.planning import plan_of, planning_of
from service.web.numbers.wishes import with_values
from service.web.state import service_of

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


async def retrieve_volume(request: Request) -> Response:
    """GET .../series/{series}[/instances/{instance}]/volume."""
    query = request.query_params
    planning = await planning_of(request, query)
    offer = negotiated(request, *_VOLUME_OFFERS)
    etag = planning.etag(str(offer), request.state.base_url)
    if answer := not_modified(request, etag):
        return answer
    plan = await plan_of(request, query, planning, partial(_url, request))
    if offer.media_type == _JSON:
        return TextResponse(orjson.dumps(description_of(plan)), request, _JSON, etag=etag)
    return _answer(request, plan, offer.media_type, etag)


def _answer(request: Request, plan: Plan, media_type: str, etag: str) -> Response:
    head = _HEADS[media_type](plan.made, plan.kind)
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


def _files(request: Request, plan: Plan, file: ArrayFile) -> list[tuple[str, Zipped]]:
    """Return the volume as NIfTI, its description, and what FSL reads beside it."""
    name, gradients = request.path_params["series"], gradients_of(plan.volume)
    texts = {"json": orjson.dumps(description_of(plan))} | (gradients.as_files() if gradients else {})
    return [(f"{name}.nii", file), *((f"{name}.{ending}", InMemory(text)) for ending, text in texts.items())]


async def _each(files: Sequence[tuple[str, Zipped]]) -> AsyncIterator[tuple[str, Zipped]]:
    for file in files:
        yield file


def _disposition(request: Request, media_type: str) -> str:
    ending = {NPY: "npy", _GZIP: "nii.gz", _ZIP: "zip"}.get(media_type, "nii")
    return f'attachment; filename="{request.path_params["series"]}.{ending}"'


def _headers(request: Request, plan: Plan) -> dict[str, str]:
    """Return what there is to know about a volume but its slices, which are in its description alone."""
    volume = plan.made
    fields = {
        "x-volume-regular": volume.is_regular,
        "x-volume-made": plan.form.making.as_json(),
        "x-volume-shape": volume.shape,
        "x-volume-spacing": volume.spacing,
        "x-volume-affine": volume.affine.tolist(),
        "x-volume-photometric-interpretation": plan.interpretation,
    }
    if volume.along:
        axis = volume.along.as_json()
        fields["x-volume-along"] = {name: axis[name] for name in ("attributes", "units")}
    texts = {name: orjson.dumps(value).decode() for name, value in fields.items()}
    url = _url(request, with_values(request.query_params, {"accept": _JSON}))
    return {**texts, "link": f'<{url}>; rel="describedby"; type="{_JSON}"'}


def _url(request: Request, query: str) -> str:
    """Return the URL of the volume with another query."""
    path = request.path_params
    instance = f"/instances/{path['instance']}" if "instance" in path else ""
    return (
        f"{request.state.base_url}/studies/{path['study']}/series/{path['series']}{instance}/volume?{query}"
    )
